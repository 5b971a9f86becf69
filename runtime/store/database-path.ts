import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { invalidOption } from '../protocol/options.ts';

/** A scheme of at least two letters: one is a drive. */
const beginsLikeUrl = /^[a-z][\w+.-]+:\/\//i;

/**
 * The path of a database as all threads know it. Of a symbolic link it is that of the file, beside which SQLite keeps the
 * log: what is written last may be in there alone.
 */
export function databasePath(path: string | URL): string {
  const absolute = absolutePath(path);
  const { lstatSync, realpathSync } = process.getBuiltinModule('node:fs');
  try {
    return lstatSync(absolute).isSymbolicLink() ? realpathSync(absolute) : absolute;
  } catch {
    // What is not there, or cannot be looked at, is for the thread that opens it to say or to create.
    return absolute;
  }
}

/** A path or a URL of a file, as all threads know it. */
export function absolutePath(path: string | URL): string {
  if (path instanceof URL || (typeof path === 'string' && beginsLikeUrl.test(path))) {
    const url = new URL(path);
    if (url.protocol !== 'file:')
      throw invalidOption(`The database must be a file, got the URL ${url.href}.`);
    return fileURLToPath(url);
  }
  if (typeof path !== 'string' || path === '' || path.includes('\0') || path.startsWith('file:')) {
    throw invalidOption(
      `The path of the database must be the path or URL of a file, got ${JSON.stringify(path)}.`,
    );
  }
  if (path !== ':memory:') return resolve(path);
  throw invalidOption(
    'A database in memory is not shared by threads. Use InMemoryEventStoreBackend, or a temporary file.',
  );
}
