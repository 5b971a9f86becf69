import { limits } from '../../protocol/limits.ts';
import {
  keptOperationStates,
  type OperationMetrics,
  type OperationQuery,
  type OperationState,
  type StoredOperation,
} from '../../protocol/operation.ts';
import { storeLimits } from '../../protocol/store-limits.ts';
import { inOneRead } from '../connection/in-one-read.ts';
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
  readonly #database: SqliteDatabase;
  readonly #inState: SqliteStatement<number>;
  readonly #bySequence: SqliteStatement<StoredOperation>;
  readonly #byId: SqliteStatement<StoredOperation>;
  readonly #counters: SqliteStatement<typeof noMetrics>;
  readonly #oldest: SqliteStatement<number>;

  constructor(database: SqliteDatabase) {
    const select = `select ${columns} from operations`;
    this.#database = database;
    this.#inState = database
      .prepare<number>(
        'select sequence from operations where queue = ? and state = ? and sequence > ? order by sequence limit ?',
      )
      .pluck();
    this.#bySequence = database.prepare(`${select} where sequence = ?`);
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

  /** The next operations after one of them; fewer where their payloads come to much, and none only at the end. */
  page({ queue, states, after, limit }: OperationQuery): StoredOperation[] {
    const max = Math.min(limit, limits.pageEventsMax);
    return inOneRead(this.#database, () => {
      const found: StoredOperation[] = [];
      let length = 0;
      const sequences = [...new Set(states ?? keptOperationStates)].flatMap((state) =>
        this.#inState.all(queue, state, after, max),
      );
      for (const sequence of sequences.sort((a, b) => a - b).slice(0, max)) {
        if (length >= storeLimits.pageLengthMax) break;
        const operation = this.#bySequence.get(sequence) as StoredOperation;
        length += operation.payload.length;
        found.push(operation);
      }
      return found;
    });
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
