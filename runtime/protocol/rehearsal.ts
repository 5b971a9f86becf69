import type { MessagePort } from 'node:worker_threads';
import type { WireError } from '../errors/wire-error.ts';

/**
 * What a rehearsal finds.
 *
 * - `throws`: the machine throws on a stored event; the actor could not be used.
 * - `not-accepted`: the state that the actor is in does not accept a stored event, which is passed over.
 * - `unknown-type`: no state of the machine knows the type of a stored event, which is passed over.
 * - `unknown-kind`: no module exports a definition of the kind; counted once for each stream, listed once. Also of a kind in
 *   `kinds` that nothing is of.
 * - `newer-schema`: a stored event has a newer schema version than the definition; the actor could not be used.
 * - `upcast-failed`: an upcaster failed on a stored event; the actor could not be used.
 * - `migrate-failed`: `migrate` threw, or the machine does not take what it returned; the stream would be replayed.
 * - `migrate-diverges`: `migrate` gives another state than a replay does.
 * - `snapshot-diverges`: a snapshot that would be used gives another state than a replay does.
 * - `unreadable`: what is stored cannot be read.
 * - `timed-out`: an event, or the import of a module, did not come to an end in time.
 * - `thread-died`: the thread ended or ran out of memory on an event, or on the import of a module, or of what it has
 *   replayed before.
 * - `kind-refused`: the machine of the kind cannot be hosted; its streams were not replayed. Counted once for a kind.
 * - `module-failed`: a module could not be imported. Nothing was replayed.
 */
export type RehearsalProblemName =
  | 'throws'
  | 'not-accepted'
  | 'unknown-type'
  | 'unknown-kind'
  | 'newer-schema'
  | 'upcast-failed'
  | 'migrate-failed'
  | 'migrate-diverges'
  | 'snapshot-diverges'
  | 'unreadable'
  | 'timed-out'
  | 'thread-died'
  | 'kind-refused'
  | 'module-failed';

/** One thing that would break, or change, with the definitions that were rehearsed. */
export interface RehearsalProblem {
  readonly problem: RehearsalProblemName;
  /** `''` for a problem of no stream, such as a module that does not load. */
  readonly kind: string;
  readonly stream: string;
  /** Version of the event in its stream, or of the snapshot; 0 for a problem before the first event. */
  readonly version: number;
  /** Position of the event in the log; 0 where there is none. */
  readonly position: number;
  /** Type of the event as it is stored; `''` where there is none. */
  readonly type: string;
  readonly message: string;
}

/** How many problems there are of each name. */
export type RehearsalCounts = Readonly<Partial<Record<RehearsalProblemName, number>>>;

/** What was replayed of one kind. */
export interface RehearsedKind {
  readonly kind: string;
  readonly streams: number;
  /** Stored events that were replayed. */
  readonly events: number;
  readonly counts: RehearsalCounts;
}

/** What a rehearsal replayed and found. Plain data. */
export interface RehearsalReport {
  /** Whether there is no problem of any name. */
  readonly ok: boolean;
  readonly streams: number;
  readonly events: number;
  /** Exact, also where not all problems are listed. */
  readonly counts: RehearsalCounts;
  readonly kinds: readonly RehearsedKind[];
  /** At most 20 of the same name, kind and type, and 1,000 in all. */
  readonly problems: readonly RehearsalProblem[];
}

/** Streams for one task of the pool to replay. */
export interface RehearsalBatch {
  readonly modules: readonly string[];
  readonly streams: readonly string[];
  /** A request port of the reader. */
  readonly reads: MessagePort;
  /** See `Pulse`. */
  readonly pulse: Int32Array<SharedArrayBuffer>;
}

/** What became of a batch: what was found, or why the definitions could not be loaded. */
export type RehearsedBatch =
  | (Omit<RehearsalReport, 'ok'> & { readonly refused: readonly RefusedKind[] })
  | { readonly failed: WireError };

/** A kind whose machine cannot be hosted, and why. */
export interface RefusedKind {
  readonly kind: string;
  readonly message: string;
}

/** What a rehearsal tells of where it is, for somebody who may have to end its thread. */
export interface RehearsalPulse {
  /** The application's code is about to run, on the stream at an index of the batch and on the event at a version. */
  computes(index: number, version: number): void;
  /** Nothing runs: a page is awaited. */
  waits(): void;
}
