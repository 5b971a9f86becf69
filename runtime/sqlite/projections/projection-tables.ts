import type { SqliteDatabase } from '../driver.ts';
import { asciiLower, quoted, tokensOf, withFirstName, withNames } from './sql-tokens.ts';
import { projectionInvalid, readTableDefinitions } from './table-definitions.ts';

/** Makes, renames and drops the tables of projections, inside a transaction of their owner. */
export class ProjectionTables {
  readonly #database: SqliteDatabase;

  constructor(database: SqliteDatabase) {
    this.#database = database;
  }

  /** Makes empty tables for a generation, beside those that are served. Returns their names. */
  create(projection: string, generation: number, sql: string): string[] {
    const { statements, tables, indexes } = readTableDefinitions(projection, sql);
    for (const table of tables) {
      this.#refuseFunction(projection, table);
      this.#refuseTaken(projection, table);
    }
    const names = buildingNames(generation, tables);
    for (const statement of statements) {
      try {
        // The name of an index is renamed where it stands, since a column may have the same.
        const index = indexes.find((name) => isIndexStatement(statement, name));
        const own =
          index === undefined
            ? statement
            : withFirstName(statement, index, quoted(buildingName(generation, index)));
        this.#database.exec(withNames(own, names));
      } catch (error) {
        throw projectionInvalid(projection, `SQLite refuses ${statement}: ${saidOf(error)}.`, error);
      }
    }
    for (const table of tables) this.#refuseColumns(projection, generation, table);
    for (const shadow of this.#shadows(generation)) this.#refuseTaken(projection, shadow, true);
    return [...tables];
  }

  /** Gives the tables of a generation, and columns that share a name with one, the names that the application knows. */
  serve(generation: number, tables: readonly string[]): void {
    for (const table of tables) {
      const building = quoted(buildingName(generation, table));
      this.#database.exec(`alter table ${building} rename to ${quoted(table)}`);
    }
    for (const table of tables) {
      for (const column of this.#renamedColumns(generation, table)) {
        const name = column.slice(buildingName(generation, '').length);
        this.#database.exec(
          `alter table ${quoted(table)} rename column ${quoted(column)} to ${quoted(name)}`,
        );
      }
    }
  }

  drop(names: readonly string[]): void {
    for (const name of names) this.#database.exec(`drop table if exists ${quoted(name)}`);
  }

  /** While it is being built, a table has another name, which would take the place of that of the function. */
  #refuseFunction(projection: string, table: string): void {
    const isFunction = this.#database
      .prepare('select 1 from pragma_function_list where name = lower(?) limit 1')
      .get(table);
    if (isFunction !== undefined)
      throw projectionInvalid(projection, `"${table}" is a function of SQLite; give the table another name.`);
  }

  /**
   * A name that another has would be found taken only when the tables are to be served. So would that of a table in which a
   * virtual one keeps its content, which is made and renamed with it.
   */
  #refuseTaken(projection: string, table: string, isShadow = false): void {
    const what = isShadow ? `the table "${table}" behind a virtual one of its own` : `its table "${table}"`;
    const owner = this.#database
      .prepare<{ name: string }>(
        `select name from projections p where name <> ? and (
           exists (select 1 from json_each(p.table_names) where lower(value) = lower(?)) or exists (
             select 1 from sqlite_schema where type = 'table' and lower(name) = lower('holdfast_' || p.generation || '_' || ?)))
         limit 1`,
      )
      .get(projection, table, table)?.name;
    if (owner !== undefined)
      throw projectionInvalid(
        projection,
        `${what} is one of the projection "${owner}" already. A renamed projection is a new one: give its tables other names, or keep its name.`,
      );
    const isOwn = this.#database
      .prepare(
        `select 1 from projections p, json_each(p.table_names) t where p.name = ? and (lower(t.value) = lower(?)
           or ? and instr(lower(?), lower(t.value) || '_') = 1)`,
      )
      .get(projection, table, isShadow ? 1 : 0, table);
    if (isOwn !== undefined) return;
    const isTaken = this.#database
      .prepare('select 1 from sqlite_schema where lower(name) = lower(?)')
      .get(table);
    if (isTaken !== undefined)
      throw projectionInvalid(
        projection,
        `there is something else of the name "${table}" in the file${isShadow ? ', which a virtual table of its own brings with it' : ''}.`,
      );
  }

  /** The tables in which the virtual ones of a generation keep what is in them, by the names that they will have. */
  #shadows(generation: number): string[] {
    const prefix = buildingName(generation, '');
    return this.#database
      .prepare<{ name: string }>("select name from pragma_table_list where type = 'shadow'")
      .all()
      .flatMap(({ name }) => (name.startsWith(prefix) ? [name.slice(prefix.length)] : []));
  }

  /** The columns of a virtual table cannot be renamed. */
  #refuseColumns(projection: string, generation: number, table: string): void {
    const building = buildingName(generation, table);
    const isVirtual = this.#database
      .prepare("select 1 from sqlite_schema where name = ? and sql like 'create virtual%'")
      .get(building);
    const column = isVirtual === undefined ? undefined : this.#renamedColumns(generation, building)[0];
    if (column === undefined) return;
    const name = column.slice(buildingName(generation, '').length);
    throw projectionInvalid(
      projection,
      `"${name}" is a column of "${table}" and also the name of a table or an index.`,
    );
  }

  /** Columns that are called as if they were tables, since they have the name of one. */
  #renamedColumns(generation: number, table: string): string[] {
    const prefix = buildingName(generation, '');
    return this.#database
      .prepare<{ name: string }>('select name from pragma_table_info(?)')
      .all(table)
      .flatMap(({ name }) => (name.startsWith(prefix) ? [name] : []));
  }
}

/** What the tables of a generation are called while it is being built, by lower-case name. */
export function buildingNames(generation: number, names: readonly string[]): Map<string, string> {
  return new Map(names.map((name) => [asciiLower(name), quoted(buildingName(generation, name))]));
}

/** What one table of a generation is called while it is being built. */
export function buildingName(generation: number, name: string): string {
  return `holdfast_${generation}_${name}`;
}

/** What SQLite says of a statement, by the names that the application gave. */
export function saidOf(error: unknown): string {
  return (error as Error).message.replace(/\bholdfast_\d+_/g, '');
}

/** Whether a statement makes the index of a name. */
function isIndexStatement(statement: string, index: string): boolean {
  const words = tokensOf(statement).filter(({ kind }) => kind !== 'space');
  const at = words.findIndex(({ text }) => asciiLower(text) === 'index');
  const isIndex = asciiLower(words[1]?.text ?? '') !== 'table' && at >= 0 && at <= 2;
  return isIndex && words.slice(at + 1, at + 5).some(({ value }) => value === index);
}
