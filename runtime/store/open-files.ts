/** How often backends of this thread have a file open, by the numbers of the file. */
const opened = new Map<string, number>();
/** Whoever opens a file now, by its path: the next one comes after that. */
const opening = new Map<string, Promise<unknown>>();

/** What is open, and how to say that it no longer is. */
export interface OpenedFile<Open> {
  readonly open: Open;
  readonly released: () => void;
}

/**
 * Opens a database, and tells whoever opens it whether this thread has it open already. Then it must not be read by other means
 * than SQLite: on all systems but Windows, a process that closes a file once loses all locks that it has on it, also those of
 * its other connections, and another process takes the log away from them (sqlite.org/howtocorrupt.html, section 2.2).
 */
export async function openFile<Open>(
  path: string,
  open: (isOpenHere: boolean) => Promise<Open>,
): Promise<OpenedFile<Open>> {
  const before = opening.get(path);
  const turn = (async () => {
    await before?.catch(() => undefined);
    const known = numbersOf(path);
    const result = await open(known !== undefined && opened.has(known));
    return { open: result, released: note(path) };
  })();
  opening.set(path, turn);
  try {
    return await turn;
  } finally {
    if (opening.get(path) === turn) opening.delete(path);
  }
}

function note(path: string): () => void {
  const numbers = numbersOf(path);
  if (numbers === undefined) return () => undefined;
  opened.set(numbers, (opened.get(numbers) ?? 0) + 1);
  return () => {
    const left = (opened.get(numbers) ?? 1) - 1;
    if (left === 0) opened.delete(numbers);
    else opened.set(numbers, left);
  };
}

function numbersOf(path: string): string | undefined {
  try {
    const { dev, ino } = process.getBuiltinModule('node:fs').statSync(path, { bigint: true });
    return `${dev} ${ino}`;
  } catch {
    return undefined;
  }
}
