/** Closes one after the other, also what comes after one that fails. @throws what the first one has failed with. */
export async function closeEach(
  parts: readonly ({ close(): Promise<unknown> } | undefined)[],
): Promise<void> {
  const failures: unknown[] = [];
  for (const part of parts) await part?.close().catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw failures[0];
}
