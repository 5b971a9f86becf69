import { holdfastError } from '../errors/holdfast-error.ts';
import type { SqliteDatabase } from './driver.ts';
import { storageError } from './storage-error.ts';

/** Lets a read reject with coded errors: of the storage, and once the database is closed. */
export function codedReads(database: SqliteDatabase, path: string) {
  return <Args extends unknown[], Result>(read: (...args: Args) => Result) =>
    (...args: Args): Result => {
      if (!database.open) throw closed(path);
      try {
        return read(...args);
      } catch (error) {
        throw storageError(error, path);
      }
    };
}

function closed(path: string): Error {
  return holdfastError(
    'HOLDFAST_ERR_CLOSED',
    `The store on ${path} was closed meanwhile. Open it again to go on.`,
  );
}
