import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { holdfastError } from '../errors/holdfast-error.ts';
import { describe } from '../protocol/names.ts';
import { invalidOption } from '../protocol/options.ts';

/** A scheme of at least two letters: one is a drive. */
const beginsLikeUrl = /^[a-z][\w+.-]+:\/\//i;

/** Links that lead to links; as many as Linux follows. */
const linksMax = 40;

/**
 * The path of a database as all threads know it. Of a symbolic link it is that of the file, also of one that is not there,
 * beside which SQLite keeps the log: what is written last may be in there alone.
 */
export function databasePath(path: string | URL): string {
  const absolute = absolutePath(path);
  const { lstatSync, readlinkSync, realpathSync } = process.getBuiltinModule('node:fs');
  let target = absolute;
  try {
    for (let links = 0; links < linksMax; links++) {
      if (lstatSync(target, { throwIfNoEntry: false })?.isSymbolicLink() !== true) return target;
      const link = readlinkSync(target);
      // Not `resolve`: a folder on the way may be a link too, and `..` is that of the folder it leads to.
      const path = isAbsolute(link) ? link : `${dirname(target)}/${link}`;
      target = join(realpathSync.native(dirname(path)), basename(path));
    }
  } catch {
    // What cannot be looked at is for the thread that opens it to say.
  }
  return absolute;
}

/** A path or a URL of a file, as all threads know it. */
export function absolutePath(given: string | URL): string {
  const isUrl = given instanceof URL || (typeof given === 'string' && beginsLikeUrl.test(given));
  const path = isUrl ? pathOf(given) : given;
  if (typeof path !== 'string' || path === '' || path.includes('\0') || path.startsWith('file:')) {
    throw invalidOption(
      `The path of the database must be the path or URL of a file, got ${describe(given)}.`,
    );
  }
  if (path !== ':memory:') return beginningHere(path);
  throw invalidOption(
    'A database in memory is not shared by threads. Use InMemoryEventStoreBackend, or a temporary file.',
  );
}

/** @throws HOLDFAST_ERR_STORAGE_PATH where the folder that the process works in was removed. */
function beginningHere(path: string): string {
  try {
    return resolve(path);
  } catch (error) {
    throw holdfastError(
      'HOLDFAST_ERR_STORAGE_PATH',
      `${path} begins in the working folder, which was removed: ${(error as Error).message}. Start in one that is there.`,
      undefined,
      error,
    );
  }
}

/** Which URLs are those of files, depends on the system: only Windows has drives, and computers of the network. */
function pathOf(url: string | URL): string {
  try {
    return fileURLToPath(url);
  } catch (error) {
    throw invalidOption(`The database must be a file, got the URL ${url}: ${(error as Error).message}.`);
  }
}
