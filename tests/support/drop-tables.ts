import { openSqlite } from '../../runtime/sqlite/driver.ts';

/** Takes away what the connections of others look at, as damage of the schema would. */
export function dropTables(path: string, tables: readonly string[]): void {
  const beside = openSqlite(path, { readonly: false, busyTimeoutMs: 5_000 });
  for (const table of tables) beside.exec(`drop table ${table}`);
  beside.close();
}
