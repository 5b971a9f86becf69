import type { MessagePort } from 'node:worker_threads';
import type { StoreStats } from '../ports/event-store-backend.ts';
import type { StreamSnapshot } from './append.ts';
import type { DeadLetter, NewDeadLetter } from './dead-letter.ts';

/** What the store thread is started with. */
export interface StoreThreadData {
  readonly path: string;
  readonly lockTimeoutMs: number;
  /** Appends of the main thread; host threads get ports of their own. */
  readonly appends: MessagePort;
  /** New positions of the log, while watched. */
  readonly heads: MessagePort;
  /** See `exit-guard.ts`. */
  readonly closed: Int32Array<SharedArrayBuffer>;
}

/** The control plane of the store thread. */
export interface StoreControl {
  /** Accepts appends of a host on a port of its own, from now on of this generation only. */
  connectHost(host: number, generation: number, port: MessagePort): void;
  /** Refuses every append of the host below this generation, including those already sent. */
  fenceHost(host: number, generation: number): void;
  /** Saves snapshots in one transaction. */
  saveSnapshots(snapshots: readonly StreamSnapshot[]): void;
  /** Returns the ids they are kept under. */
  recordDeadLetters(letters: readonly NewDeadLetter[]): number[];
  deadLetters(): DeadLetter[];
  /** Gives a letter an idempotency key if it has none, and returns it. */
  keyDeadLetter(id: number): DeadLetter | undefined;
  /** Removes one; false if there is none. */
  removeDeadLetter(id: number): boolean;
  countDeadLetters(): number;
  /** Reports new positions on the `heads` port from now on, or no longer. Returns the last position. */
  watch(on: boolean): number;
  checkpoint(): void;
  stats(): StoreStats;
  /** Commits what has arrived, checkpoints, closes the database. */
  close(): void;
}

/** A message on the `heads` port. */
export interface HeadMoved {
  readonly position: number;
  /** Whether others than the hosts of this runtime have appended: another process, or a caller of the store. */
  readonly beyondHosts: boolean;
}
