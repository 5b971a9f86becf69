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
} from '../protocol/operation.ts';

/**
 * Where the operations of store-and-forward queues are kept: the file of a runtime, or memory. Every method is one
 * transaction, and what it answers is durable. Times are milliseconds since 1970.
 */
export interface OperationStore {
  /** Keeps operations, all or none, in order; each result belongs to the operation of the same index. */
  enqueue(
    operations: readonly NewOperation[],
    limits: OperationLimits,
    now: number,
  ): Promise<EnqueueResult[]>;
  /** Takes operations that are due into the caller's hands; nobody else gets them until they are settled. */
  claim(claim: OperationClaim, now: number): Promise<ClaimResult>;
  /** What became of claimed operations. One that is no longer in the hands of `run` is left alone; false for those. */
  settle(run: string, outcomes: readonly OperationOutcome[], now: number): Promise<boolean[]>;
  /**
   * Cancels an operation that nobody who lives has in hand. Answers the state it was in, `waiting` also for what a dead run
   * has left; `undefined` if there is none.
   */
  cancel(operationId: string, now: number): Promise<OperationState | undefined>;
  /** Makes everything of a queue due that waits because the network was away, spread over `spreadMs`. */
  networkIsBack(queue: string, spreadMs: number, now: number): Promise<void>;
  /** Makes everything of a queue due that has failed and waits for its next attempt. */
  hurry(queue: string, now: number): Promise<void>;
  /** Sends a dead or parked operation again, with its attempts forgotten. False if it is not there, or not dead. */
  requeue(operationId: string, now: number): Promise<boolean>;
  /** Removes an operation that is dead, parked, expired or cancelled. */
  discard(operationId: string): Promise<boolean>;
  list(query: OperationQuery): Promise<StoredOperation[]>;
  get(operationId: string): Promise<StoredOperation | undefined>;
  metrics(queue: string, now: number): Promise<OperationMetrics>;
}
