type Part = { close(): Promise<unknown> } | undefined;

/**
 * Closes one after the other, also what comes after one that fails. One that could not be opened is closed.
 *
 * @throws what the first one has failed with.
 */
export async function closeEach(parts: readonly (Part | Promise<Part>)[]): Promise<void> {
  let failure: unknown;
  for (const part of parts) {
    const opened = await Promise.resolve(part).catch(() => undefined);
    await opened?.close().catch((error: unknown) => {
      failure ??= error;
    });
  }
  if (failure !== undefined) throw failure;
}
