/**
 * What an operation of a store-and-forward queue is doing. `waiting`: for its time, for its turn, or for a handler of its
 * name. `running`: in the hands of a run. The others are ends: `done`; `dead` after its last attempt or a permanent
 * error; `parked` because the process died each time it ran; `expired`; `cancelled`; `dropped` for want of room.
 */
export type OperationState =
  | 'waiting'
  | 'running'
  | 'done'
  | 'dead'
  | 'parked'
  | 'expired'
  | 'cancelled'
  | 'dropped';

/** The states that a kept operation can be in: one that was dropped is gone. */
export const keptOperationStates: readonly OperationState[] = [
  'waiting',
  'running',
  'done',
  'dead',
  'parked',
  'expired',
  'cancelled',
];

/** What becomes of operations for which a queue has no room. */
export type OperationOverflow = 'reject' | 'drop-oldest' | 'drop-newest';

/** Bounds of a queue, counted over what waits and runs. */
export interface OperationLimits {
  readonly itemsMax: number;
  /** Over the encoded payloads. */
  readonly bytesMax: number;
  readonly overflow: OperationOverflow;
}

/** An operation as it is handed in. */
export interface NewOperation {
  readonly operationId: string;
  readonly queue: string;
  /** Which handler carries it out. */
  readonly name: string;
  /** Text that the codec made. */
  readonly payload: string;
  readonly idempotencyKey: string | null;
  /** SHA-256 of name and payload, to tell a repetition from a conflict; `''` without a key. */
  readonly fingerprint: string;
  /** Operations with the same key are carried out strictly one after the other, in order. */
  readonly orderKey: string | null;
  /** A later operation with the same key replaces the payload of one that was never started. */
  readonly coalesceKey: string | null;
  /** Higher goes first among operations of different order keys. */
  readonly priority: number;
  /** Not before. */
  readonly dueAt: number;
  /** Not started after; `null` for never. */
  readonly expiresAt: number | null;
}

/**
 * `duplicate`: known under its idempotency key, with the same content. `conflict`: with other content. `coalesced`: its
 * payload has replaced that of an operation that waits, whose id is given. `refused`: no room. `dropped`: no room, and the
 * newest was to go.
 */
export interface EnqueueResult {
  readonly outcome: 'enqueued' | 'duplicate' | 'conflict' | 'coalesced' | 'refused' | 'dropped';
  /** Of the operation that is kept. */
  readonly operationId: string;
  readonly state: OperationState;
  /** Operations that were dropped to make room. */
  readonly dropped: readonly string[];
  /** Operations that had expired, and were ended since there was little room. */
  readonly expired?: readonly string[];
}

/** The answer to one that was handed in. */
export function enqueueResult(
  outcome: EnqueueResult['outcome'],
  operationId: string,
  state: OperationState,
  dropped: readonly string[] = [],
  expired: readonly string[] = [],
): EnqueueResult {
  const result = { outcome, operationId, state, dropped };
  return expired.length === 0 ? result : { ...result, expired };
}

/** A moment as it is kept: never before it was meant. */
export function wholeMs(ms: number | null): number | null {
  return ms === null ? null : Math.ceil(ms);
}

/** Why an operation is parked. */
export function diedUnder(starts: number): string {
  return `It was started ${starts} times, and each time the process ended before it did.`;
}

/** What a run asks for. */
export interface OperationClaim {
  readonly queue: string;
  readonly run: string;
  /** Only operations that a handler is there for. */
  readonly names: readonly string[];
  readonly limit: number;
  /**
   * Only operations up to this one, so that a drain ends although more is handed in meanwhile; `null` for all. Later ones
   * of a higher priority go before those.
   */
  readonly sequenceMax: number | null;
  /** Whether the caller carries out nothing: one that a process may have died of is handed out only then, and alone. */
  readonly isIdle: boolean;
  /** Whether those that a process may have died of are passed over. Default false. */
  readonly skipsUnfinished?: boolean;
  /** How often an operation may have been started without an end before it is parked. */
  readonly unfinishedStartsMax: number;
}

/** An operation in the hands of a run. */
export interface ClaimedOperation {
  readonly operationId: string;
  /** Its place in the order of its queue. */
  readonly sequence: number;
  readonly name: string;
  readonly payload: string;
  readonly idempotencyKey: string | null;
  readonly orderKey: string | null;
  /** How often it was tried and failed. */
  readonly attempts: number;
  /** How often it was started before without coming to any result: the process may have died of it. */
  readonly unfinishedStarts: number;
  readonly enqueuedAt: number;
  readonly expiresAt: number | null;
}

/** What a claim has got, and when to claim again. */
export interface ClaimResult {
  readonly claimed: readonly ClaimedOperation[];
  /** What was found to be at its end meanwhile. */
  readonly ended: readonly { readonly operationId: string; readonly state: 'expired' | 'parked' }[];
  /** When the next one is due that could be claimed, also if it is due now; `null` if none waits for its time. */
  readonly nextDueAt: number | null;
  /** The last sequence that the queue has given out. */
  readonly lastSequence: number;
}

/** What became of an operation that was claimed. */
export type OperationOutcome = { readonly operationId: string; readonly error?: string | null } & (
  | { readonly outcome: 'done' }
  /** Waits until `dueAt`. `countsAttempt` is false if it could not even be tried, `forNetwork` if that is why. */
  | {
      readonly outcome: 'again';
      readonly dueAt: number;
      readonly countsAttempt: boolean;
      readonly forNetwork: boolean;
    }
  /** Waits as if it had never been claimed. */
  | { readonly outcome: 'not-begun' }
  | { readonly outcome: 'dead' }
  | { readonly outcome: 'cancelled' }
);

/** An operation as it is looked at. */
export interface StoredOperation extends NewOperation {
  readonly sequence: number;
  readonly state: OperationState;
  readonly attempts: number;
  readonly enqueuedAt: number;
  /** When it came to its end; `null` until then. */
  readonly endedAt: number | null;
  readonly lastError: string | null;
}

/** Which operations of a queue are asked for. */
export interface OperationQuery {
  readonly queue: string;
  /** Default: all. */
  readonly states: readonly OperationState[] | null;
  readonly after: number;
  readonly limit: number;
}

/** Counters are kept for ever; gauges are of this moment. */
export interface OperationMetrics {
  /** Counter: operations that were accepted, and those that were sent again by `requeue`. */
  readonly queued: number;
  /** Counter: operations that were carried out. */
  readonly replayed: number;
  /** Counter: attempts that failed. */
  readonly failed: number;
  readonly dead: number;
  readonly parked: number;
  readonly expired: number;
  readonly cancelled: number;
  readonly dropped: number;
  readonly coalesced: number;
  /** Gauge: operations that wait or run. */
  readonly depth: number;
  readonly running: number;
  /** Gauge: bytes of their payloads. */
  readonly bytes: number;
  /** Gauge: age of the oldest that waits or runs, in milliseconds; 0 if there is none. */
  readonly oldestAgeMs: number;
}
