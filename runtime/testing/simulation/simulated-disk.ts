import { openForWriting } from '../../sqlite/connection/open-database.ts';
import type { SqliteDatabase, SqliteStatement } from '../../sqlite/driver.ts';

/** What a disk does with a commit: nothing, or the code of SQLite that it fails with. */
export type BeforeCommit = () => 'SQLITE_FULL' | 'SQLITE_IOERR_WRITE' | 'SQLITE_IOERR_FSYNC' | undefined;

const messages = {
  SQLITE_FULL: 'database or disk is full',
  SQLITE_IOERR_WRITE: 'disk I/O error',
  SQLITE_IOERR_FSYNC: 'disk I/O error',
} as const;

/** A database that outlives the simulated processes: a real one of SQLite, in memory. */
export class SimulatedDisk {
  readonly database: SqliteDatabase;
  readonly #beforeCommit: BeforeCommit;
  readonly #onCommit: () => void;

  constructor(beforeCommit: BeforeCommit, onCommit: () => void) {
    this.database = openForWriting({ path: ':memory:', lockTimeoutMs: 0 });
    this.#beforeCommit = beforeCommit;
    this.#onCommit = onCommit;
  }

  /** The connection of one thread. All are the same one underneath: no thread is in the middle of a transaction. */
  connect(): SqliteDatabase {
    const { database } = this;
    const beforeCommit = this.#beforeCommit;
    const onCommit = this.#onCommit;
    let isOpen = true;
    return {
      get open() {
        return isOpen;
      },
      get inTransaction() {
        return database.inTransaction;
      },
      prepare<Row>(sql: string): SqliteStatement<Row> {
        const statement = database.prepare<Row>(sql);
        return sql === 'commit' ? committing(statement, beforeCommit, onCommit) : statement;
      },
      exec: (sql) => database.exec(sql),
      pragma: (source, options) => database.pragma(source, options),
      backup: (path, options) => database.backup(path, options),
      close() {
        isOpen = false;
      },
    };
  }

  close(): void {
    this.database.close();
  }
}

function committing<Row>(
  statement: SqliteStatement<Row>,
  beforeCommit: BeforeCommit,
  onCommit: () => void,
): SqliteStatement<Row> {
  return Object.assign(Object.create(statement) as SqliteStatement<Row>, {
    run() {
      const code = beforeCommit();
      if (code !== undefined) throw Object.assign(new Error(messages[code]), { code });
      const result = statement.run();
      onCommit();
      return result;
    },
  });
}
