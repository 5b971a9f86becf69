import type { MessagePort } from 'node:worker_threads';
import type { IntegrityProblem, PageQuery, StoreStats } from '../ports/event-store-backend.ts';
import type { EncodedSnapshot } from './append.ts';
import type { DeadLetter } from './dead-letter.ts';
import type { LoadedStream, LoadRequest } from './load.ts';
import type { RecordedEvent } from './recorded-event.ts';

/** What the reader thread is started with. */
export interface ReaderThreadData {
  readonly path: string;
  /** Requests of the main thread; host threads get ports of their own. */
  readonly requests: MessagePort;
  /** Any message on it closes the database at once. */
  readonly halt: MessagePort;
  /** See `exit-guard.ts`. */
  readonly closed: Int32Array<SharedArrayBuffer>;
  /** Ends every query. */
  readonly stop: StopFlag;
}

/** Set to 1 by another thread to end a query: before it begins, or between two of its rows. */
export type StopFlag = Int32Array<SharedArrayBuffer>;

/** What the store thread reads as well, while there is no reader thread. */
export interface FirstReads {
  readStream(stream: string, query: PageQuery): RecordedEvent[];
  readLog(query: PageQuery): RecordedEvent[];
  getLatestSnapshot(stream: string): EncodedSnapshot | undefined;
  /** Dead letters after one of them, oldest first, as far as a page goes. */
  deadLetters(after: number): DeadLetter[];
  /** Nothing where counting would take long. */
  stats(): StoreStats | undefined;
}

/** What can be asked over a request port of the reader. */
export interface ReaderRequests extends FirstReads {
  load(request: LoadRequest): LoadedStream;
  /** The snapshot that a host saved, whatever code folded it. */
  actorSnapshot(stream: string): EncodedSnapshot | undefined;
  /** Streams in the order in which they were created, after one of them. */
  streamsPage(after: number): StreamRow[];
  /**
   * SQLite's own check of the file and the sums that need no event content. Takes seconds for a million events, and cannot be
   * interrupted.
   */
  checkFile(): IntegrityProblem[];
  /** Events after a position with what their seal covers, for `verify`. */
  sealedPage(after: number): SealedRow[];
  projectionPage(query: ProjectionPageQuery): ProjectionPage;
  /** The state of a folded projection for a partition, encoded; `moved` if its checkpoint is not `at`. */
  projectionState(generation: number, partition: string, at: number): StateAt;
  query(sql: string, values: QueryValues): Record<string, unknown>[];
  /** The same, if this generation of the projection is the one that is served. */
  queryServed(
    name: string,
    generation: number,
    sql: string,
    values: QueryValues,
    stop: StopFlag | null,
  ): Record<string, unknown>[] | 'moved';
  servedState(name: string, generation: number, partition: string): string | undefined | 'moved';
  correlated(correlationId: string, after: number): RecordedEvent[];
  stats(): StoreStats;
  /** Position of the last event. */
  head(): number;
}

/** Values of a query: in order for `?`, by name for `:name`, `@name` and `$name`. */
export type QueryValues = readonly QueryValue[] | Readonly<Record<string, QueryValue>>;

/** One value of a query. */
export type QueryValue = string | number | bigint | null | Uint8Array;

/** An encoded state, if there is one, as it was at a checkpoint; `moved` if the checkpoint is another one. */
export type StateAt = { readonly state: string | null } | 'moved';

/** Which events a projection asks for. */
export interface ProjectionPageQuery {
  readonly after: number;
  readonly upTo: number;
  /** `null` for all types. */
  readonly types: readonly string[] | null;
}

/** Events for a projection. */
export interface ProjectionPage {
  /** Ten values for each event: see `projection-reader.ts`. */
  readonly events: readonly unknown[];
  /** All events up to here are in the page. */
  readonly reached: number;
}

/** A stream and the version of its last event. */
export type StreamRow = readonly [streamId: number, stream: string, version: number];

/** One event as `verify` sees it. */
export type SealedRow = readonly [
  position: number,
  id: string,
  stream: string,
  version: number,
  type: string,
  schemaVersion: number,
  data: string,
  metadata: string | null,
  parents: string,
  hash: string,
];

/** How far a backup is, in database pages. */
export interface BackupProgress {
  readonly copied: number;
  readonly total: number;
}

/** The control plane of the reader thread. */
export interface ReaderControl {
  connectHost(port: MessagePort): void;
  /** Posts {@link BackupProgress} on the port; any message from the other side cancels. */
  backup(target: string, progress: MessagePort): Promise<void>;
  close(): void;
}
