import { openSqlite } from '../../runtime/sqlite/driver.ts';

/** Gives a file another schema version, as the migration of a newer Holdfast does. */
export function setSchemaVersion(path: string, version: number): void {
  const beside = openSqlite(path, { readonly: false, busyTimeoutMs: 5_000 });
  beside.pragma(`user_version = ${version}`);
  beside.close();
}
