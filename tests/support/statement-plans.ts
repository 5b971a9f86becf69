import type { SqliteDatabase } from '../../runtime/sqlite/driver.ts';

/** How SQLite carries out each statement that is prepared meanwhile, with its text in one line. */
export function plansOf(
  database: SqliteDatabase,
  prepare: (database: SqliteDatabase) => unknown,
): [string, string[]][] {
  const texts: string[] = [];
  prepare({
    ...database,
    prepare(sql: string) {
      texts.push(sql);
      return database.prepare(sql);
    },
  } as SqliteDatabase);
  return texts.map((sql) => {
    const steps = database
      .prepare<{ detail: string }>(`explain query plan ${sql.replaceAll('?', '1')}`)
      .all();
    return [sql.replaceAll(/\s+/g, ' '), steps.map(({ detail }) => detail)];
  });
}
