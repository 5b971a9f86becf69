// The only importer of better-sqlite3. The rest depends on the part of its shape that is declared here, never on its
// types, so that another driver with the same shape can take its place.
// @ts-expect-error: the package ships no types, and the shape below is all that is used
import BetterSqlite3 from 'better-sqlite3';

/** A value that SQLite binds or returns. */
export type SqliteValue = string | number | bigint | null | Uint8Array;

/** A prepared statement; `run` for its effect, `get` for one row, `all` for every row. */
export interface SqliteStatement<Row = unknown> {
  run(...values: SqliteValue[] | [readonly SqliteValue[]]): { readonly changes: number };
  get(...values: SqliteValue[]): Row | undefined;
  all(...values: SqliteValue[]): Row[];
  /** Rows one by one, by values in order or by name. */
  iterate(values: readonly SqliteValue[] | Readonly<Record<string, SqliteValue>>): IterableIterator<Row>;
  /** Whether it returns rows. */
  readonly reader: boolean;
  /** Whether it changes nothing in the file. */
  readonly readonly: boolean;
  /** Returns integers as bigints, so that none is rounded. */
  safeIntegers(): SqliteStatement<Row>;
  /** Returns the first column instead of row objects. */
  pluck(): SqliteStatement<Row>;
  /** Returns rows as arrays instead of objects. */
  raw(): SqliteStatement<Row>;
}

/** One connection. Everything on it is synchronous but `backup`. */
export interface SqliteDatabase {
  readonly open: boolean;
  readonly inTransaction: boolean;
  prepare<Row = unknown>(sql: string): SqliteStatement<Row>;
  exec(sql: string): void;
  pragma(source: string, options?: { simple: boolean }): unknown;
  backup(
    path: string,
    options: { progress: (state: { totalPages: number; remainingPages: number }) => number },
  ): Promise<unknown>;
  close(): void;
}

/** Opens a connection. The busy time-out covers short waits inside SQLite; longer ones are ours, see `write-lock.ts`. */
export function openSqlite(
  path: string,
  options: { readonly: boolean; busyTimeoutMs: number },
): SqliteDatabase {
  const { readonly, busyTimeoutMs } = options;
  return new BetterSqlite3(path, {
    readonly,
    fileMustExist: readonly,
    timeout: busyTimeoutMs,
  }) as SqliteDatabase;
}
