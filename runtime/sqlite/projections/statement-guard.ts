import type { SqliteDatabase, SqliteStatement } from '../driver.ts';
import { asciiLower, rollsBack, tokensOf } from './sql-tokens.ts';
import { projectionInvalid } from './table-definitions.ts';
import { catalogueIn, unrepeatableIn } from './unrepeatable.ts';

type Opcode = {
  readonly opcode: string;
  readonly p1: number;
  readonly p2: number;
  readonly p4: string | null;
};

/**
 * Lets a projection do to its own tables what it likes, and nothing else: SQLite itself says which tables a statement
 * opens (https://www.sqlite.org/opcode.html). What time and chance decide would be decided differently when the
 * projection is built again.
 */
export class StatementGuard {
  readonly #projection: string;
  readonly #database: SqliteDatabase;
  readonly #own: ReadonlySet<string>;
  readonly #schemaVersion: SqliteStatement<number>;
  /** As of which schema the rest is known. */
  #readAt: number | undefined;
  #pages: ReadonlySet<number> = new Set();
  #foreignVirtual: ReadonlySet<string> = new Set();

  /** `tables` are the names that the tables have now. */
  constructor(projection: string, database: SqliteDatabase, tables: readonly string[]) {
    this.#projection = projection;
    this.#database = database;
    this.#own = new Set(tables.map(asciiLower));
    this.#schemaVersion = database.prepare<number>('pragma schema_version').pluck();
  }

  /** A VACUUM gives tables other pages, and other projections make tables. */
  #readSchema(): void {
    const version = this.#schemaVersion.get();
    if (version === this.#readAt) return;
    this.#readAt = version;
    const own = this.#own;
    const rows = this.#database
      .prepare<{ name: string; root: number; owner: string; sql: string | null }>(
        'select name, rootpage as root, lower(tbl_name) as owner, sql from sqlite_schema',
      )
      .all();
    this.#pages = new Set(
      rows.flatMap(({ root, owner }) => (own.has(owner) || owner === 'sqlite_sequence' ? [root] : [])),
    );
    this.#foreignVirtual = new Set(
      rows.flatMap(({ name, owner, sql }) =>
        /^create\s+virtual/i.test(sql ?? '') && !own.has(owner) ? [asciiLower(name)] : [],
      ),
    );
  }

  /**
   * Prepares a statement.
   *
   * @throws HOLDFAST_ERR_PROJECTION_INVALID, and what SQLite says of a text that is no statement.
   */
  prepare(text: string, values: number): SqliteStatement {
    this.#readSchema();
    const words = tokensOf(text).filter(({ kind }) => kind !== 'space');
    const verb = words[0]?.text.toLowerCase() ?? '';
    if (!['insert', 'replace', 'update', 'delete', 'with'].includes(verb))
      throw this.#refused(text, 'Events insert, update and delete rows.');
    if (catalogueIn(words) !== undefined) throw this.#notItsOwn(text);
    if (rollsBack(words))
      throw this.#refused(
        text,
        'OR ROLLBACK would undo what other events have done; use OR ABORT or OR IGNORE.',
      );
    const unrepeatable = unrepeatableIn(words);
    if (unrepeatable !== undefined)
      throw this.#refused(
        text,
        `With ${unrepeatable} it would give something else when it is built again; bind a value.`,
      );
    const statement = this.#database.prepare(text);
    if (statement.reader) throw this.#refused(text, 'It returns rows, and nobody would get them.');
    const given = Array.from({ length: values }, () => null);
    const opcodes = this.#database.prepare<Opcode>(`explain ${text}`).all(...given);
    for (const { opcode, p1, p2 } of opcodes) {
      if (/^(OpenRead|OpenWrite|ReopenIdx)$/.test(opcode)) this.#checkPage(text, p2);
      if (opcode === 'Clear' || opcode === 'Destroy') this.#checkPage(text, p1);
    }
    const foreign = words.find(
      ({ kind, value }) => kind === 'name' && this.#foreignVirtual.has(asciiLower(value)),
    );
    if (foreign !== undefined) throw this.#notItsOwn(text);
    return statement;
  }

  #checkPage(text: string, page: number): void {
    if (!this.#pages.has(page)) throw this.#notItsOwn(text);
  }

  #notItsOwn(text: string): Error {
    return this.#refused(text, 'It reads or writes a table that is not one of its own.');
  }

  #refused(text: string, why: string): Error {
    return projectionInvalid(this.#projection, `it may not run ${JSON.stringify(text)}. ${why}`);
  }
}
