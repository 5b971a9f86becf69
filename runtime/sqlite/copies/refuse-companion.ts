import { realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { holdfastError } from '../../errors/holdfast-error.ts';

/**
 * Refuses a name that SQLite gives to a file of its own beside a database: it takes whatever has that name for its own, and
 * removes it when the database is opened next.
 *
 * @throws HOLDFAST_ERR_ARGUMENT_INVALID
 */
export function refuseCompanion(database: string, target: string): void {
  const name = basename(target);
  const kept = /^(.+)-(?:journal|wal|shm)$/.exec(name)?.[1];
  if (kept === undefined || join(folderOf(target), kept) !== join(folderOf(database), basename(database)))
    return;
  throw holdfastError(
    'HOLDFAST_ERR_ARGUMENT_INVALID',
    `${target} is the name of a file that SQLite keeps for ${database}, and removes: give another one.`,
  );
}

/** Wherever links to it are. One that is not there is somebody else's to tell of. */
function folderOf(path: string): string {
  const folder = dirname(path);
  try {
    return realpathSync(folder);
  } catch {
    return folder;
  }
}
