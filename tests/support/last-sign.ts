import { openSqlite } from '../../runtime/sqlite/driver.ts';

/** When a run last gave a sign of life. */
export function lastSign(path: string): number {
  const database = openSqlite(path, { readonly: true, busyTimeoutMs: 5_000 });
  try {
    return database.prepare<number>('select max(seen_at) from runs').pluck().get() ?? 0;
  } finally {
    database.close();
  }
}
