import type { AppendReceipt, AppendRequest, EncodedSnapshot } from '../protocol/append.ts';
import type { RecordedEvent } from '../protocol/recorded-event.ts';

/** Which part of a stream or of the log to read. */
export interface PageQuery {
  /**
   * Events beyond this version or position, in reading order: greater going forward, smaller going backward.
   * `Number.MAX_SAFE_INTEGER` starts backward from the end.
   */
  readonly after: number;
  /** At most so many. A page may be shorter although more follow; an empty page is the end. */
  readonly limit: number;
  readonly direction: 'forward' | 'backward';
}

/** Exact counts and sizes of a store. */
export interface StoreStats {
  readonly events: number;
  readonly streams: number;
  readonly snapshots: number;
  readonly deadLetters: number;
  /** Delayed events of actors that are still to come. */
  readonly timers: number;
  /** Messages between actors that are not delivered yet. */
  readonly messages: number;
  /** Position of the last event; 0 in an empty log. */
  readonly position: number;
  /** Bytes of the database file; 0 in memory. */
  readonly databaseBytes: number;
  /** Bytes of the write-ahead log beside it. */
  readonly walBytes: number;
  readonly journalMode: 'wal' | 'memory';
  /** SQLite's `synchronous` setting: 2 is FULL, which syncs every commit. */
  readonly synchronous: number;
  readonly schemaVersion: number;
}

/**
 * One thing that `verify` found wrong. `file`: SQLite, or its log, is damaged; events are then not looked at.
 * `position-gap`, `version-gap`: an event is missing in the log, or in its stream. `parent`: an event does not name the one
 * before it in its stream. `hash`: an event is not what was written. `payload`: something that is kept is not JSON.
 * `snapshot`: that of an actor is ahead of its stream. `counter`: the log's own count of its events is wrong.
 */
export interface IntegrityProblem {
  readonly kind:
    | 'file'
    | 'position-gap'
    | 'version-gap'
    | 'parent'
    | 'hash'
    | 'payload'
    | 'snapshot'
    | 'counter';
  readonly message: string;
}

/** What `verify` checked and found. */
export interface IntegrityReport {
  /** Whether nothing is wrong. */
  readonly ok: boolean;
  /** The first thousand, as they were found. */
  readonly problems: readonly IntegrityProblem[];
  /** Events that were checked: not all of them where the file itself is damaged, or after a thousand problems. */
  readonly events: number;
}

/** Progress of long work: `total` may grow while it runs. */
export interface Progress {
  readonly done: number;
  readonly total: number;
}

/** Options of long work. */
export interface LongWorkOptions {
  /**
   * Ends the work, which rejects with the reason of the signal. It is looked at between some events and the next ones, by
   * `backup` between megabytes. `verify` begins with a check of the file by SQLite, which takes seconds for a million
   * events and cannot be interrupted: it rejects without waiting for that, but an exit of the process does wait.
   */
  readonly signal?: AbortSignal;
  /** Called after some events, by `backup` for each megabyte. What it throws ends the work, which rejects with that. */
  readonly onProgress?: (progress: Progress) => void;
}

/**
 * The port behind `EventStore`. Payloads pass through it as text that the codec made: a backend never parses them. A
 * backend must keep this, which `eventStoreContract` in `holdfast/testing` checks:
 *
 * - `append` is atomic, resolves once durable, and appends to one stream in the order of the calls;
 * - repeated content under the same key or ids is not appended again (`already-appended`);
 * - positions are arrival order without gaps; versions of a stream start at 1 without gaps;
 * - a read that starts after an `append` resolved sees it.
 */
export interface EventStoreBackend {
  append(request: AppendRequest): Promise<AppendReceipt>;
  readStream(stream: string, query: PageQuery): Promise<readonly RecordedEvent[]>;
  readLog(query: PageQuery): Promise<readonly RecordedEvent[]>;
  saveSnapshot(stream: string, snapshot: EncodedSnapshot): Promise<void>;
  /** The newest that a caller saved; snapshots with a fingerprint belong to hosts and are none of theirs. */
  getLatestSnapshot(stream: string): Promise<EncodedSnapshot | undefined>;
  /**
   * Calls the listener with the last position now and whenever it has grown, by whomever; calls `failed` once if there
   * will be no more, since the backend was closed or has broken. Returns how to stop.
   */
  watch(listener: (position: number) => void, failed: (reason: Error) => void): () => void;
  flush(): Promise<void>;
  stats(): Promise<StoreStats>;
  backup(path: string, options?: LongWorkOptions): Promise<void>;
  verify(options?: LongWorkOptions): Promise<IntegrityReport>;
  /** Waits for appends under way, then frees everything. Later calls reject with `HOLDFAST_ERR_CLOSED`. */
  close(): Promise<void>;
}
