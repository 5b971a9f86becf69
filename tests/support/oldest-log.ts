import { applicationId } from '../../runtime/sqlite/connection/schema-version.ts';
import { openSqlite } from '../../runtime/sqlite/driver.ts';
import { migrations } from '../../runtime/sqlite/migrations/index.ts';

/** A log as the first Holdfast left it, with as many events, whose seals are none. */
export function createOldestLog(path: string, events = 0): void {
  const database = openSqlite(path, { readonly: false, busyTimeoutMs: 0 });
  database.exec(`pragma journal_mode = wal; ${migrations[0]}`);
  database.exec('insert into replica values (1, lower(hex(randomblob(8))), 0, 0, 0)');
  if (events > 0)
    database.exec(`
    insert into streams values (1, 'notes');
    with recursive versions (n) as (select 1 union all select n + 1 from versions where n < ${events})
    insert into events
    select n, 'event-' || n, 1, n, 'noted', 1, '{"n":' || n || '}', null, '', n, n, 0, '', '', n from versions`);
  database.exec(`pragma application_id = ${applicationId}; pragma user_version = 1`);
  database.close();
}
