import {
  keptOperationStates,
  type OperationMetrics,
  type OperationQuery,
  type OperationState,
  type StoredOperation,
} from '../../protocol/operation.ts';
import type { SqliteDatabase, SqliteStatement } from '../driver.ts';

const columns = `operation_id as operationId, queue, name, payload, idempotency_key as idempotencyKey, fingerprint,
  order_key as orderKey, coalesce_key as coalesceKey, priority, due_at as dueAt, expires_at as expiresAt, sequence, state,
  attempts, enqueued_at as enqueuedAt, ended_at as endedAt, last_error as lastError`;

const noMetrics: Omit<OperationMetrics, 'oldestAgeMs'> = {
  queued: 0,
  replayed: 0,
  failed: 0,
  dead: 0,
  parked: 0,
  expired: 0,
  cancelled: 0,
  dropped: 0,
  coalesced: 0,
  depth: 0,
  running: 0,
  bytes: 0,
};

/** Shows operations as they are. Needs no lock. */
export class OperationLook {
  readonly #inState: SqliteStatement<StoredOperation>;
  readonly #byId: SqliteStatement<StoredOperation>;
  readonly #counters: SqliteStatement<typeof noMetrics>;
  readonly #oldest: SqliteStatement<number>;

  constructor(database: SqliteDatabase) {
    const select = `select ${columns} from operations`;
    this.#inState = database.prepare(
      `${select} where queue = ? and state = ? and sequence > ? order by sequence limit ?`,
    );
    this.#byId = database.prepare(`${select} where operation_id = ?`);
    this.#counters = database.prepare(
      `select ${Object.keys(noMetrics).join(', ')} from operation_counters where queue = ?`,
    );
    this.#oldest = database
      .prepare<number>(
        'select enqueued_at from operations where queue = ? and state = ? order by sequence limit 1',
      )
      .pluck();
  }

  list({ queue, states, after, limit }: OperationQuery): StoredOperation[] {
    const found = [...new Set(states ?? keptOperationStates)].flatMap((state) =>
      this.#inState.all(queue, state, after, limit),
    );
    return found.sort((a, b) => a.sequence - b.sequence).slice(0, limit);
  }

  get(operationId: string): StoredOperation | undefined {
    return this.#byId.get(operationId);
  }

  metrics(queue: string, now: number): OperationMetrics {
    const live: readonly OperationState[] = ['waiting', 'running'];
    const since = Math.min(...live.map((state) => this.#oldest.get(queue, state) ?? now));
    return { ...(this.#counters.get(queue) ?? noMetrics), oldestAgeMs: Math.max(0, now - since) };
  }
}
