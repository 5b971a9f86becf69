import type { MessagePort } from 'node:worker_threads';
import type { HoldfastErrorCode } from '../errors/codes.ts';
import type { StreamSnapshot } from './append.ts';
import type { KeyedDeadLetter, NewDeadLetter } from './dead-letter.ts';
import type { HeldBack, MessageRange, PendingCounts, PendingDelivery } from './delivery.ts';
import type {
  ClaimResult,
  EnqueueResult,
  NewOperation,
  OperationClaim,
  OperationLimits,
  OperationMetrics,
  OperationOutcome,
  OperationQuery,
  OperationState,
  StoredOperation,
} from './operation.ts';
import type {
  ProjectionApplied,
  ProjectionBatch,
  ProjectionStanding,
  ProjectionSummary,
} from './projection.ts';
import type { FirstReads } from './reader-control.ts';

/** What the store thread is started with. */
export interface StoreThreadData {
  readonly path: string;
  /** See `open-files.ts`. */
  readonly isOpenHere?: boolean | undefined;
  readonly lockTimeoutMs: number;
  /** Appends of the main thread; host threads get ports of their own. */
  readonly appends: MessagePort;
  /** New positions of the log, while watched. */
  readonly heads: MessagePort;
  /** See `exit-guard.ts`. */
  readonly closed: Int32Array<SharedArrayBuffer>;
  /** The first is 1 when it is to wait no longer for the lock of another process; the second, while the thread migrates the file. */
  readonly hurried: Int32Array<SharedArrayBuffer>;
  /** {@link DeliverySignal}s, once a runtime has begun its run. */
  readonly signals: MessagePort;
  /** Identifies this run of a runtime. */
  readonly run: string;
}

/** Something waits to be delivered; `work` names actors whose work another run has left behind. */
export type DeliverySignal =
  | { readonly kind: 'timers' }
  | { readonly kind: 'messages' }
  | { readonly kind: 'work'; readonly streams: readonly string[] };

/** One call of enqueue; several share a transaction. */
export interface EnqueueCall {
  readonly operations: readonly NewOperation[];
  readonly limits: OperationLimits;
  readonly now: number;
}

/** How a file is that a runtime works on. */
export interface StoreStanding {
  readonly deadLetters: number;
  /** What actors wait for. */
  readonly pending: PendingCounts;
  /** What the storage failed with at the last write; `null` if it took that one. */
  readonly failure: HoldfastErrorCode | null;
}

/** The control plane of the store thread. */
export interface StoreControl extends FirstReads {
  /**
   * Accepts appends of a host on a port of its own, from now on of this generation only. Commands that ask for it are
   * answered on `answers`, in the words of the host, as soon as they are durable. On `reads` the host may load actors.
   */
  connectHost(
    host: number,
    generation: number,
    port: MessagePort,
    answers: MessagePort,
    reads: MessagePort,
  ): void;
  /** Refuses every append of the host below this generation, including those already sent. */
  fenceHost(host: number, generation: number): void;
  /** Saves snapshots in one transaction. */
  saveSnapshots(snapshots: readonly StreamSnapshot[]): void;
  /** Returns the ids they are kept under. */
  recordDeadLetters(letters: readonly NewDeadLetter[]): number[];
  /** Gives a letter an idempotency key if it has none, and returns it. */
  keyDeadLetter(id: number): KeyedDeadLetter | undefined;
  /** Removes one; false if there is none. */
  removeDeadLetter(id: number): boolean;
  /** Reports new positions on the `heads` port from now on, or no longer. Returns the last position. */
  watch(on: boolean): number;
  /** Begins the run of a runtime: from now on {@link DeliverySignal}s are given. */
  beginRun(): void;
  /** Timers that are due. */
  dueTimers(without: HeldBack): PendingDelivery[];
  /** Messages that wait. */
  messages(without: HeldBack, range: MessageRange): PendingDelivery[];
  /** How the file is; rejects if it is gone. */
  standing(): StoreStanding;
  /** Actors whose work this run has under way. */
  ownWork(): string[];
  /** Leaves the work of an actor to another run: this one does not know its kind. */
  releaseWork(stream: string): void;
  /** Gives a delivery up: its row is removed, and a dead letter is kept instead. */
  giveUpDelivery(given: Pick<PendingDelivery, 'from' | 'id'>, letter: NewDeadLetter): void;
  /** What there is of a projection; begins what is missing. See `ProjectionWriter`. */
  openProjection(summary: ProjectionSummary, again: boolean): ProjectionStanding;
  applyProjection(batch: ProjectionBatch): ProjectionApplied;
  /** Keeps operations. These and what follows are the methods of `OperationStore`. */
  enqueueOperations(calls: readonly EnqueueCall[]): EnqueueResult[][];
  claimOperations(claim: OperationClaim, now: number): Promise<ClaimResult>;
  settleOperations(run: string, outcomes: readonly OperationOutcome[], now: number): boolean[];
  cancelOperation(operationId: string, now: number): OperationState | undefined;
  networkIsBack(queue: string, spreadMs: number, now: number): Promise<void>;
  hurryOperations(queue: string, now: number): Promise<void>;
  requeueOperation(operationId: string, now: number): boolean;
  discardOperation(operationId: string): boolean;
  /** As many as a page has room for, and none only at the end. */
  operations(query: OperationQuery): StoredOperation[];
  operation(operationId: string): StoredOperation | undefined;
  operationMetrics(queue: string, now: number): OperationMetrics;
  checkpoint(): void;
  /** Commits what has arrived and closes the database, whose log SQLite copies back if no other connection is open. */
  close(): void;
}

/** A message on the `heads` port. */
export interface HeadMoved {
  readonly position: number;
  /** Whether others than the hosts of this runtime have appended: another process, or a caller of the store. */
  readonly beyondHosts: boolean;
  /** The generations of projections that are served, where another process may have changed that. */
  readonly served?: readonly number[];
}
