import { openSqlite } from '../../runtime/sqlite/driver.ts';

/** Changes a file as another tool would, by the same SQLite: a second one in this process would take its locks away. */
export function executeBeside(path: string, sql: string): void {
  const beside = openSqlite(path, { readonly: false, busyTimeoutMs: 5_000 });
  beside.exec(sql);
  beside.close();
}
