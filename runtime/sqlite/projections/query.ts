import { holdfastError } from '../../errors/holdfast-error.ts';
import type { QueryValues } from '../../protocol/reader-control.ts';
import { storeLimits } from '../../protocol/store-limits.ts';
import type { SqliteDatabase, SqliteStatement, SqliteValue } from '../driver.ts';
import { isRefusal } from '../storage-error.ts';
import { tokensOf } from './sql-tokens.ts';
import { toBound } from './to-bound.ts';

const statementsMax = 200;
/** Characters of the statements that are kept prepared: SQLite takes some twenty bytes for each, as of a long list of values. */
const statementsLengthMax = 1024 * 1024;
/** What SQLite says of a text, or of what it comes to, and not of the file. */
const faults = ['SQLITE_ERROR', 'SQLITE_MISMATCH', 'SQLITE_TOOBIG'];

/** Runs the queries of an application on a connection that cannot write. */
export class Queries {
  readonly #database: SqliteDatabase;
  readonly #statements = new Map<string, SqliteStatement<Record<string, unknown>>>();
  #statementsLength = 0;

  constructor(database: SqliteDatabase) {
    this.#database = database;
  }

  /**
   * The rows that a query finds. Integers are numbers where a number holds them exactly, and bigints elsewhere.
   *
   * The driver cannot interrupt a statement: what can be done is to ask between two rows whether it is to stop.
   *
   * @throws HOLDFAST_ERR_QUERY_INVALID, HOLDFAST_ERR_QUERY_TOO_LARGE, HOLDFAST_ERR_CLOSED if it was stopped, and the
   * errors of the storage.
   */
  run(sql: string, values: QueryValues, isStopped: () => boolean): Record<string, unknown>[] {
    try {
      const rows: Record<string, unknown>[] = [];
      let length = 0;
      if (isStopped()) throw stopped();
      for (const row of this.#prepare(sql).iterate(allBound(values))) {
        if (isStopped()) throw stopped();
        length += lengthOf(row);
        if (rows.length === storeLimits.queryRowsMax) throw tooLarge('rows', storeLimits.queryRowsMax);
        if (length > storeLimits.queryLengthMax)
          throw tooLarge('characters and bytes', storeLimits.queryLengthMax);
        rows.push(withNumbers(row));
      }
      return rows;
    } catch (error) {
      // Whatever is wrong with the text or its values is said with this code, or with that of a wrong use.
      const code = String((error as { code?: unknown } | null)?.code ?? '');
      if (faults.includes(code) || isWrongUse(error)) {
        throw invalid(sql, `SQLite says "${(error as Error).message}".`, error);
      }
      throw error;
    }
  }

  #prepare(sql: string): SqliteStatement<Record<string, unknown>> {
    let statement = this.#statements.get(sql);
    if (statement !== undefined) return statement;
    const first =
      tokensOf(sql)
        .find(({ kind }) => kind !== 'space')
        ?.text.toLowerCase() ?? '';
    if (!['select', 'with', 'values', 'explain'].includes(first))
      throw invalid(sql, 'A query begins with SELECT.');
    statement = this.#database.prepare<Record<string, unknown>>(sql).safeIntegers();
    if (!statement.reader) throw invalid(sql, 'It returns no rows.');
    if (!statement.readonly) throw invalid(sql, 'It would write, and queries only read.');
    this.#statementsLength += sql.length;
    if (this.#statements.size >= statementsMax || this.#statementsLength > statementsLengthMax) {
      this.#statements.clear();
      this.#statementsLength = sql.length;
    }
    this.#statements.set(sql, statement);
    return statement;
  }
}

/** As they are bound where events write them: `5` is not found as the text `5.0`. */
function allBound(values: QueryValues): readonly SqliteValue[] | Readonly<Record<string, SqliteValue>> {
  if (Array.isArray(values)) return values.map(toBound);
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, toBound(value)]));
}

function isWrongUse(error: unknown): boolean {
  return isRefusal(error) && (error instanceof TypeError || error instanceof RangeError);
}

function withNumbers(row: Record<string, unknown>): Record<string, unknown> {
  for (const name in row) {
    const value = row[name];
    if (typeof value !== 'bigint') continue;
    const number = Number(value);
    if (Number.isSafeInteger(number)) row[name] = number;
  }
  return row;
}

/** What of a row may take any space; the rest is bounded by the number of rows. */
function lengthOf(row: Record<string, unknown>): number {
  let length = 0;
  for (const name in row) length += (row[name] as { length?: number } | null)?.length ?? 0;
  return length;
}

function invalid(sql: string, why: string, cause?: unknown): Error {
  const shown = sql.length > 500 ? `${sql.slice(0, 500)}…` : sql;
  return holdfastError(
    'HOLDFAST_ERR_QUERY_INVALID',
    `The query ${JSON.stringify(shown)} cannot be run. ${why}`,
    undefined,
    cause,
  );
}

function stopped(): Error {
  return holdfastError(
    'HOLDFAST_ERR_CLOSED',
    'The query was stopped before its end: its signal was aborted, or the store was closed.',
  );
}

function tooLarge(of: string, limit: number): Error {
  return holdfastError(
    'HOLDFAST_ERR_QUERY_TOO_LARGE',
    `A query has found more than ${limit} ${of}. Ask for fewer, with LIMIT, page by page.`,
    { limit },
  );
}
