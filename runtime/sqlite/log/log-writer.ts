import type { HoldfastErrorCode } from '../../errors/codes.ts';
import { type HoldfastError, isHoldfastError } from '../../errors/holdfast-error.ts';
import type { Clock } from '../../ports/clock.ts';
import type { AppendReceipt, AppendRequest } from '../../protocol/append.ts';
import type { FilePresence } from '../connection/file-presence.ts';
import { unsyncedTransactionsMax } from '../connection/log-damage.ts';
import { applicationId, checkVersion } from '../connection/schema-version.ts';
import { beginImmediate, yieldLock } from '../connection/write-lock.ts';
import type { SqliteDatabase, SqliteStatement } from '../driver.ts';
import { isRefusal, isUnknownOutcome, outcomeUnknown, storageError } from '../storage-error.ts';
import { AppendTransaction } from './append-transaction.ts';

/** What became of one append of a group: a receipt, or the error for its caller. */
export type AppendOutcome = AppendReceipt | HoldfastError;

/** Receives every write of a group, commits once, and says what became of each. */
export class LogWriter {
  readonly #database: SqliteDatabase;
  readonly #path: string;
  readonly #lockTimeoutMs: number;
  readonly #presence: FilePresence | undefined;
  readonly #transaction: AppendTransaction;
  readonly #dataVersion: SqliteStatement<number>;
  readonly #schemaVersion: SqliteStatement<number>;
  readonly #changes: SqliteStatement<number>;
  readonly #begin: () => number;
  readonly #commit: SqliteStatement;
  #position = 0;
  #seenDataVersion = -1;
  #hasForeignNews = false;
  /**
   * Has grown since it was last looked at if another connection has written, whoever noticed it first. Also with the first
   * look, and after a rollback, when what is known of the file is read anew.
   */
  foreignCommits = 0;
  /** As of which of them the schema is known to be ours. */
  #schemaCheckedAt = -1;
  /** What the storage failed with at the last write; `null` if it took that one, or if there was none. */
  failure: HoldfastErrorCode | null = null;
  /** Transactions at the end of the log, at the most, that are not synced. */
  #unsynced = 0;
  #contended = false;
  /** How long it has waited for the lock of others so far, in milliseconds. */
  waitedMs = 0;
  #isCommitting = false;

  constructor(
    database: SqliteDatabase,
    options: {
      readonly path: string;
      readonly lockTimeoutMs: number;
      readonly clock: Clock;
      /** The run of the runtime that this writer works for; `''` for a store alone. */
      readonly run: string;
      /** Whether to wait no longer for the lock of another process. */
      readonly isHurried?: () => boolean;
      /** Where the database is a file that others could remove. */
      readonly presence?: FilePresence | undefined;
    },
  ) {
    this.#database = database;
    this.#path = options.path;
    this.#lockTimeoutMs = options.lockTimeoutMs;
    this.#presence = options.presence;
    this.#transaction = new AppendTransaction(database, options.clock, options.run);
    this.#dataVersion = database.prepare<number>('pragma data_version').pluck();
    this.#schemaVersion = database.prepare<number>('pragma user_version').pluck();
    this.#changes = database.prepare<number>('select total_changes()').pluck();
    this.#commit = database.prepare('commit');
    const { isHurried } = options;
    const onNap = (ms: number): void => {
      this.waitedMs += ms;
    };
    this.#begin = () => beginImmediate(database, this.#lockTimeoutMs, { isHurried, onNap });
  }

  /** The earliest moment that a timer was set for since this was last asked; infinite if there was none. */
  takeEarliestDueAt(): number {
    return this.#transaction.consequences.takeEarliestDueAt();
  }

  /** Whether a message to an actor was sent since this was last asked. */
  takeMessageNews(): boolean {
    return this.#transaction.consequences.takeMessageNews();
  }

  /** Has something done within each transaction in which this run takes work in hand. */
  onWork(listener: () => void): void {
    this.#transaction.consequences.onWork = listener;
  }

  /** Position of the last event that is committed, including those of other processes. */
  get position(): number {
    return this.#position;
  }

  /**
   * Appends a group in one transaction. A request that is refused (a version conflict, a reused key) does not disturb
   * the others; an error of the disk fails the whole group, of which then nothing was written.
   */
  appendGroup(requests: readonly AppendRequest[]): AppendOutcome[] {
    try {
      return this.#inTransaction(() => requests.map((request) => this.#transaction.append(request)));
    } catch (error) {
      // One request that the database itself refuses must not fail its neighbours.
      if (requests.length > 1 && isRefusal(error))
        return requests.flatMap((request) => this.appendGroup([request]));
      const failure = this.#failure(error);
      return requests.map(() => failure);
    }
  }

  /** Runs another write in a transaction of its own; returns what it returns. */
  write<Result>(work: (database: SqliteDatabase) => Result): Result {
    try {
      return this.#inTransaction(() => work(this.#database));
    } catch (error) {
      throw this.#failure(error);
    }
  }

  /**
   * The same for what can be made again from the log. It is not synced: a power cut may take it back as a whole, and
   * nothing that was committed before or is acknowledged later (https://www.sqlite.org/pragma.html#pragma_synchronous).
   * After a few of them one is, and after what another process may have left unsynced: more of them in a row that are not
   * would look, once a power cut has torn the first, like a damaged log.
   */
  writeDerived<Result>(work: () => Result): Result {
    const isSynced = this.#isSyncDue();
    const unsynced = isSynced ? 0 : this.#unsynced + 1;
    const changes = this.#changes.get();
    if (!isSynced) this.#database.exec('pragma synchronous = normal');
    try {
      return this.write(work);
    } finally {
      // What has changed nothing has synced nothing.
      if (this.#changes.get() !== changes) this.#unsynced = unsynced;
      if (!isSynced) this.#database.exec('pragma synchronous = full');
    }
  }

  #isSyncDue(): boolean {
    try {
      return this.noticeForeignCommits() || this.#unsynced >= unsyncedTransactionsMax;
    } catch {
      // What the file cannot be asked now, it says with the transaction.
      return true;
    }
  }

  /**
   * Whether another connection may have written since this was asked or since the last group: true if one has, at the first
   * time, and after a rollback. Refreshes `position`.
   */
  noticeForeignCommits(): boolean {
    const version = this.#dataVersion.get() ?? 0;
    if (version === this.#seenDataVersion) return false;
    this.#transaction.reload();
    this.#seenDataVersion = version;
    this.foreignCommits++;
    const known = this.#position;
    this.#position = this.#transaction.position;
    if (this.#position > known) this.#hasForeignNews = true;
    return true;
  }

  /** Whether another connection has appended since this was last asked, whoever noticed it first. */
  takeForeignNews(): boolean {
    const hasNews = this.#hasForeignNews;
    this.#hasForeignNews = false;
    return hasNews;
  }

  #inTransaction<Result>(work: () => Result): Result {
    // A process that has just waited for the lock is likely to meet the other one again: it leaves it a gap.
    if (this.#contended) yieldLock();
    this.#presence?.check();
    this.#contended = this.#begin() > 0;
    try {
      this.noticeForeignCommits();
      this.#refuseNewerSchema();
      const result = work();
      this.#transaction.finish();
      this.#isCommitting = true;
      this.#commit.run();
      this.#isCommitting = false;
      // An append has synced all that was committed before it.
      if (this.#transaction.position > this.#position) this.#unsynced = 0;
      this.#position = this.#transaction.position;
      this.failure = null;
      return result;
    } catch (error) {
      this.#rollback();
      throw error;
    }
  }

  /** A newer Holdfast may bring the file up to date while this one has it open: what it then means, only that one knows. */
  #refuseNewerSchema(): void {
    if (this.#schemaCheckedAt === this.foreignCommits) return;
    try {
      checkVersion(this.#path, this.#schemaVersion.get() ?? 0, applicationId);
    } catch (error) {
      this.failure = 'HOLDFAST_ERR_SCHEMA_NEWER';
      throw error;
    }
    this.#schemaCheckedAt = this.foreignCommits;
  }

  #rollback(): void {
    this.#seenDataVersion = -1;
    this.#transaction.forget();
    if (!this.#database.inTransaction) return;
    try {
      this.#database.exec('rollback');
    } catch {
      // SQLite has rolled back by itself; the error that led here is the one to report.
    }
  }

  #failure(error: unknown): HoldfastError {
    const wasCommitting = this.#isCommitting;
    this.#isCommitting = false;
    const failure =
      wasCommitting && isUnknownOutcome(error)
        ? outcomeUnknown(this.#path, error)
        : storageError(error, this.#path);
    // What was written is to blame for a refusal, and not the storage.
    if (!isHoldfastError(error) && !isRefusal(error)) this.failure = failure.code;
    return failure;
  }
}
