import { executeBeside } from './execute-beside.ts';

/** Takes away what the connections of others look at, as damage of the schema would. */
export function dropTables(path: string, tables: readonly string[]): void {
  for (const table of tables) executeBeside(path, `drop table ${table}`);
}
