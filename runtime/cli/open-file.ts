import { existsSync, mkdtempSync, realpathSync, rmSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { holdfastError, isHoldfastError } from '../errors/holdfast-error.ts';
import { ReadOnlySqliteBackend } from '../store/read-only-backend.ts';
import { SqliteEventStoreBackend } from '../store/sqlite-backend.ts';
import { UsageError } from './exit-codes.ts';

/** A file that is open for reading, and what has to be tidied up after it. */
export interface Opened extends AsyncDisposable {
  readonly backend: ReadOnlySqliteBackend;
}

/**
 * Opens a database for reading. One of an older version is copied first, and the copy is brought up to date: the file
 * itself is never changed.
 */
export async function openForLooking(given: string): Promise<Opened> {
  // The log is beside the file, wherever a link to it is.
  const path = existsSync(given) ? realpathSync(given) : given;
  try {
    const backend = await ReadOnlySqliteBackend.open(path);
    return { backend, [Symbol.asyncDispose]: () => backend.close() };
  } catch (error) {
    if (!isHoldfastError(error, 'HOLDFAST_ERR_SCHEMA_OLDER')) throw error;
    process.stderr.write(
      `holdfast: the file was written by an older Holdfast (schema version ${error.found}); a copy of it is looked at.\n`,
    );
  }
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-copy-'));
  const copy = join(folder, 'copy.db');
  // Whoever reads the output may have seen enough, which ends the process at once.
  const removeAtExit = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', removeAtExit);
  const remove = async (): Promise<void> => {
    process.off('exit', removeAtExit);
    await removeCopy(folder);
  };
  try {
    const { copyOlder } = await import('../sqlite/copies/copy-older.ts');
    await copyOlder(path, copy);
    await (await SqliteEventStoreBackend.open(copy)).close();
    const backend = await ReadOnlySqliteBackend.open(copy);
    const dispose = async (): Promise<void> => {
      try {
        await backend.close();
      } finally {
        await remove();
      }
    };
    return { backend, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Windows removes nothing that somebody has open, such as a scanner of viruses for a moment. */
async function removeCopy(folder: string): Promise<void> {
  try {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  } catch (error) {
    process.stderr.write(
      `holdfast: the copy could not be removed: ${(error as Error).message}. Remove ${folder} yourself.\n`,
    );
  }
}

/** Refuses a path where a verb that writes would create a database, since it was asked to change one. */
export function mustExist(path: string): void {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat?.isFile() === true && stat.size > 0) return;
  throw holdfastError('HOLDFAST_ERR_STORAGE_PATH', `There is no database ${path}. Nothing was created.`);
}

/** The modules of `--modules`, relative to where the user is. */
export function modulesOf(given: unknown): string[] {
  const paths = Array.isArray(given) ? (given as string[]) : [];
  if (paths.length === 0)
    throw new UsageError('--modules PATH is missing: the module that exports the definitions.');
  return paths.flatMap(pathsIn).map((path) => {
    const absolute = resolve(path);
    if (!existsSync(absolute)) throw new UsageError(`There is no module ${path}.`);
    return pathToFileURL(absolute).href;
  });
}

/** A comma may be a part of a path: home folders on Windows are often called `Doe, Ann`. */
function pathsIn(list: string): string[] {
  return existsSync(resolve(list)) ? [list] : list.split(',');
}
