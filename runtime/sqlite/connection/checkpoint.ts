import type { SqliteDatabase } from '../driver.ts';
import { storageError } from '../storage-error.ts';
import { retryWhileBusy, withoutBusyHandler } from './write-lock.ts';

/**
 * Copies the write-ahead log back into the database and empties it. Nothing depends on it for durability; a reader of
 * another process may keep a part of the log in use, which is then copied by a later checkpoint.
 */
export function checkpoint(database: SqliteDatabase, path: string): void {
  try {
    withoutBusyHandler(database, () =>
      retryWhileBusy(() => database.pragma('wal_checkpoint(truncate)'), 1_000),
    );
  } catch (error) {
    throw storageError(error, path);
  }
}
