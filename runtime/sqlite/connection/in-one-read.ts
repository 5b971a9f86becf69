import type { SqliteDatabase } from '../driver.ts';

/** All that the step reads is of one moment: other connections may write right now. */
export function inOneRead<Found>(database: SqliteDatabase, step: () => Found): Found {
  database.exec('begin');
  try {
    return step();
  } finally {
    // SQLite has rolled back by itself where the disk or the memory failed: the error of the step is the one to report.
    if (database.inTransaction) database.exec('rollback');
  }
}
