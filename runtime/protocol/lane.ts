import type { MessagePort } from 'node:worker_threads';
import type { WireError } from '../errors/wire-error.ts';
import type { LaneOutcome, LaneRequest, ProjectionSummary } from './projection.ts';

/** What a lane of projections is started with. */
export interface LaneData {
  readonly modules: readonly string[];
  /** Whether answers wait for the end of what handlers have begun: promises, timers. */
  readonly isTrial: boolean;
  /** {@link LaneQuestion}s come, {@link LaneAnswer}s go. */
  readonly requests: MessagePort;
  /** A request port of the reader. */
  readonly reads: MessagePort;
  /**
   * See `Pulse`: its index is the id of the question, its version the position after the beginning of the range, while
   * a handler runs; 0 before and after that.
   */
  readonly pulse: Int32Array<SharedArrayBuffer>;
}

/** A range of events to compute. */
export interface LaneQuestion {
  readonly id: number;
  readonly request: LaneRequest;
}

/** First what the modules export, or why they could not be loaded; then what became of each question. */
export type LaneAnswer =
  | { readonly loaded: readonly ProjectionSummary[] }
  | { readonly failed: WireError }
  | { readonly id: number; readonly result: LaneOutcome }
  | { readonly id: number; readonly error: WireError };
