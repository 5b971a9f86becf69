import type { OperationStore } from '../ports/operation-store.ts';
import { createEventId } from '../protocol/event-id.ts';
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
import { InMemoryQueue, type OperationRow } from './in-memory-queue.ts';

/**
 * Operations of store-and-forward queues without a file, for tests and for what need not outlive the process. A claim
 * looks at everything that waits in its queue.
 */
export class InMemoryOperations implements OperationStore {
  /** The run in whose name operations are claimed. */
  readonly run = createEventId();
  readonly #lives: (run: string) => boolean;
  readonly #queues = new Map<string, InMemoryQueue>();
  #sequence = 0;

  /** `lives` tells which runs live, for tests of what a dead one leaves behind. Default: all. */
  constructor(lives: (run: string) => boolean = () => true) {
    this.#lives = lives;
  }

  async enqueue(
    operations: readonly NewOperation[],
    limits: OperationLimits,
    now: number,
  ): Promise<EnqueueResult[]> {
    return operations.map((operation) => {
      const known = this.#find(operation.operationId);
      const queue = known?.[0] ?? this.#queue(operation.queue);
      const result = queue.enqueue(operation, limits, this.#sequence + 1, now);
      if (result.outcome === 'enqueued') this.#sequence++;
      return result;
    });
  }

  async claim(claim: OperationClaim, now: number): Promise<ClaimResult> {
    return this.#queue(claim.queue).claim(claim, now, this.#lives);
  }

  async settle(run: string, outcomes: readonly OperationOutcome[], now: number): Promise<boolean[]> {
    return outcomes.map((outcome) => {
      const [queue, row] = this.#find(outcome.operationId) ?? [];
      if (queue === undefined || row?.run !== run) return false;
      queue.settle(row, outcome, now);
      return true;
    });
  }

  async cancel(operationId: string, now: number): Promise<OperationState | undefined> {
    const [queue, row] = this.#find(operationId) ?? [];
    const isLeft = typeof row?.run === 'string' && !this.#lives(row.run);
    const state = isLeft ? 'waiting' : row?.stored.state;
    if (row !== undefined && state === 'waiting') queue?.end(row, 'cancelled', now);
    return state;
  }

  async networkIsBack(queue: string, spreadMs: number, now: number): Promise<void> {
    this.#queue(queue).networkIsBack(spreadMs, now);
  }

  async hurry(queue: string, now: number): Promise<void> {
    this.#queue(queue).hurry(now);
  }

  async requeue(operationId: string, now: number): Promise<boolean> {
    const [queue, row] = this.#find(operationId) ?? [];
    if (row === undefined || !['dead', 'parked'].includes(row.stored.state)) return false;
    queue?.requeue(row, now);
    return true;
  }

  async discard(operationId: string): Promise<boolean> {
    const [queue, row] = this.#find(operationId) ?? [];
    if (row === undefined || row.turn !== null || row.stored.state === 'done') return false;
    queue?.remove(row);
    return true;
  }

  async list({ queue, states, after, limit }: OperationQuery): Promise<StoredOperation[]> {
    return [...this.#queue(queue).rows.values()]
      .map(({ stored }) => ({ ...stored }))
      .filter(({ state, sequence }) => sequence > after && (states === null || states.includes(state)))
      .slice(0, limit);
  }

  async get(operationId: string): Promise<StoredOperation | undefined> {
    const [, row] = this.#find(operationId) ?? [];
    return row === undefined ? undefined : { ...row.stored };
  }

  async metrics(queue: string, now: number): Promise<OperationMetrics> {
    return this.#queue(queue).metrics(now);
  }

  #queue(name: string): InMemoryQueue {
    const queue = this.#queues.get(name) ?? new InMemoryQueue();
    this.#queues.set(name, queue);
    return queue;
  }

  #find(operationId: string): readonly [InMemoryQueue, OperationRow] | undefined {
    for (const queue of this.#queues.values()) {
      const row = queue.rows.get(operationId);
      if (row !== undefined) return [queue, row];
    }
    return undefined;
  }
}
