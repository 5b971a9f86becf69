/**
 * Lets go of a `Response` that was thrown and that nobody reads any more: with a body that was not read, it holds its
 * connection, which keeps the process alive until the server ends it.
 */
export async function letGo(thrown: unknown): Promise<void> {
  try {
    await (thrown as Partial<Response> | undefined)?.body?.cancel();
  } catch {
    // It is being read, or is no body.
  }
}
