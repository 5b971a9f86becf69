import { copyFileSync, existsSync } from 'node:fs';
import { isHoldfastError } from '../../errors/holdfast-error.ts';
import { openForReading } from '../connection/open-database.ts';
import { logOf, refuseDamagedLog } from '../connection/preflight.ts';
import { storageError } from '../storage-error.ts';

/** Ten megabytes: between two steps, the process can be interrupted. */
const pagesPerStep = 2_560;

/**
 * Copies a database of an older version as it is at one moment, while those who wrote it may go on writing. Its files
 * themselves cannot be copied then: between the one and the other, the log may be copied back into the database and begin
 * anew, and the copy would be of two moments.
 */
export async function copyOlder(path: string, copy: string): Promise<void> {
  // SQLite copies what lies before the damage, and says nothing.
  refuseDamagedLog(path);
  try {
    await copyAtOneMoment(path, copy);
  } catch (error) {
    if (!isHoldfastError(error, 'HOLDFAST_ERR_STORAGE_READONLY')) throw error;
    // SQLite cannot read where it cannot make an index of the log. Where there is none, nobody has the file open.
    copyFileSync(path, copy);
    if (existsSync(logOf(path))) copyFileSync(logOf(path), logOf(copy));
  }
}

async function copyAtOneMoment(path: string, copy: string): Promise<void> {
  const database = openForReading(path, 'any');
  try {
    database.exec('begin');
    database.prepare('select count(*) from sqlite_schema').get();
    await database.backup(copy, { progress: () => pagesPerStep });
  } catch (error) {
    throw storageError(error, copy);
  } finally {
    database.close();
  }
}
