import { applicationId } from '../../runtime/sqlite/connection/schema-version.ts';
import { openSqlite } from '../../runtime/sqlite/driver.ts';
import { migrations } from '../../runtime/sqlite/migrations/index.ts';

/** A log without events, as the first Holdfast left it. */
export function createOldestLog(path: string): void {
  const database = openSqlite(path, { readonly: false, busyTimeoutMs: 0 });
  database.exec(`pragma journal_mode = wal; ${migrations[0]}`);
  database.exec('insert into replica values (1, lower(hex(randomblob(8))), 0, 0, 0)');
  database.exec(`pragma application_id = ${applicationId}; pragma user_version = 1`);
  database.close();
}
