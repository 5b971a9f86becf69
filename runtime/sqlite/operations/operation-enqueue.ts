import {
  type EnqueueResult,
  enqueueResult,
  type NewOperation,
  type OperationLimits,
  type OperationState,
  wholeMs,
} from '../../protocol/operation.ts';
import { storeLimits } from '../../protocol/store-limits.ts';
import type { SqliteDatabase, SqliteStatement } from '../driver.ts';
import { type OperationPlace, type OperationRows, placeColumns } from './operation-rows.ts';

type Known = { readonly operationId: string; readonly state: OperationState };
type Sized = OperationPlace & { readonly bytes: number };

/** Accepts operations, inside a transaction. */
export class OperationEnqueue {
  readonly #rows: OperationRows;
  readonly #byId: SqliteStatement<Known>;
  readonly #byKey: SqliteStatement<Known & { readonly fingerprint: string }>;
  readonly #coalescing: SqliteStatement<Sized & { readonly state: OperationState }>;
  readonly #replace: SqliteStatement;
  readonly #insert: SqliteStatement<number>;
  readonly #keepKey: SqliteStatement;
  readonly #gauges: SqliteStatement<{ readonly depth: number; readonly bytes: number }>;
  readonly #oldest: SqliteStatement<Sized>;
  readonly #hasOldKeys: SqliteStatement;
  readonly #forgetKeys: SqliteStatement;

  constructor(database: SqliteDatabase, rows: OperationRows) {
    this.#rows = rows;
    this.#byId = database.prepare(
      'select operation_id as operationId, state from operations where operation_id = ?',
    );
    this.#byKey = database.prepare(
      `select o.operation_id as operationId, o.state, k.fingerprint
       from operation_keys k join operations o on o.sequence = k.sequence where k.queue = ? and k.key = ?`,
    );
    this.#coalescing = database.prepare(
      `select ${placeColumns}, bytes, state from operations
       where queue = ? and coalesce_key = ? and state = 'waiting' and starts = 0 and order_key is ? and name = ?
       order by sequence desc limit 1`,
    );
    this.#replace = database.prepare(
      `update operations set payload = ?, bytes = ?, fingerprint = ?, expires_at = ?,
         idempotency_key = coalesce(?, idempotency_key) where sequence = ?`,
    );
    this.#insert = database
      .prepare<number>(
        `insert into operations (operation_id, queue, name, payload, bytes, idempotency_key, fingerprint, order_key,
           coalesce_key, priority, state, turn, due_at, is_scheduled, expires_at, enqueued_at, waits_from)
         values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'waiting', ?, ?, ?, ?, ?, ?) returning sequence`,
      )
      .pluck();
    this.#keepKey = database.prepare('insert into operation_keys values (?, ?, ?, ?)');
    this.#gauges = database.prepare('select depth, bytes from operation_counters where queue = ?');
    this.#oldest = database.prepare(
      `select ${placeColumns}, bytes from operations
       where queue = ? and state = 'waiting' and sequence <> ? order by sequence`,
    );
    const oldKeys = "from operations where queue = ? and state = 'done' and ended_at < ?";
    this.#hasOldKeys = database.prepare(`select 1 ${oldKeys} limit 1`);
    this.#forgetKeys = database.prepare(
      `delete from operations where sequence in (
         select sequence ${oldKeys} order by ended_at limit ${storeLimits.operationKeysForgottenMax})`,
    );
  }

  enqueue(operation: NewOperation, limits: OperationLimits, now: number): EnqueueResult {
    const { operationId, queue } = operation;
    const old = [queue, now - storeLimits.operationKeyMs] as const;
    // A statement that deletes nothing takes forty times as long as the question, for it might fail half way.
    if (this.#hasOldKeys.get(...old) !== undefined) this.#forgetKeys.run(...old);
    const repeated = this.#repeated(operation);
    if (repeated !== undefined) return repeated;
    const bytes = Buffer.byteLength(operation.payload);
    const expired = this.#isTight(queue, bytes, limits) ? this.#rows.expire(queue, now) : [];
    const { coalesceKey, orderKey, name } = operation;
    const target =
      coalesceKey === null ? undefined : this.#coalescing.get(queue, coalesceKey, orderKey, name);
    const leaving = this.#makeRoom(queue, bytes, target, limits);
    if (leaving === undefined) {
      if (limits.overflow !== 'drop-newest')
        return enqueueResult('refused', operationId, 'dropped', [], expired);
      this.#rows.count(queue, 'queued');
      this.#rows.count(queue, 'dropped');
      return enqueueResult('dropped', operationId, 'dropped', [], expired);
    }
    for (const place of leaving) this.#rows.drop(place, now);
    const dropped = leaving.map((place) => place.operationId);
    if (target !== undefined) {
      this.#coalesce(operation, bytes, target.sequence);
      return enqueueResult('coalesced', target.operationId, 'waiting', dropped, expired);
    }
    this.#add(operation, bytes, now);
    return enqueueResult('enqueued', operationId, 'waiting', dropped, expired);
  }

  /** Whether somebody might have to leave: what has expired takes no room, although nothing was drained meanwhile. */
  #isTight(queue: string, bytes: number, { itemsMax, bytesMax }: OperationLimits): boolean {
    const kept = this.#gauges.get(queue);
    return kept !== undefined && (kept.depth >= itemsMax || kept.bytes + bytes > bytesMax);
  }

  /** A call that is repeated because its outcome was unknown has the same id, also without a key. */
  #repeated({ operationId, queue, idempotencyKey, fingerprint }: NewOperation): EnqueueResult | undefined {
    const same = this.#byId.get(operationId);
    if (same !== undefined) return enqueueResult('duplicate', operationId, same.state);
    const known = idempotencyKey === null ? undefined : this.#byKey.get(queue, idempotencyKey);
    if (known === undefined) return undefined;
    const outcome = known.fingerprint === fingerprint ? 'duplicate' : 'conflict';
    return enqueueResult(outcome, known.operationId, known.state);
  }

  /** The operations that have to leave; `undefined` if there is no room whoever leaves. */
  #makeRoom(
    queue: string,
    bytes: number,
    target: Sized | undefined,
    limits: OperationLimits,
  ): readonly OperationPlace[] | undefined {
    const kept = this.#gauges.get(queue) ?? { depth: 0, bytes: 0 };
    const moreBytes = bytes - (target?.bytes ?? 0);
    let items = target === undefined ? kept.depth + 1 - limits.itemsMax : 0;
    let tooMany = moreBytes > 0 ? kept.bytes + moreBytes - limits.bytesMax : 0;
    if (items <= 0 && tooMany <= 0) return [];
    if (limits.overflow !== 'drop-oldest' || bytes > limits.bytesMax) return undefined;
    const leaving: OperationPlace[] = [];
    for (const oldest of this.#oldest.iterate([queue, target?.sequence ?? 0])) {
      leaving.push(oldest);
      items--;
      tooMany -= oldest.bytes;
      if (items <= 0 && tooMany <= 0) return leaving;
    }
    return undefined;
  }

  #coalesce(operation: NewOperation, bytes: number, sequence: number): void {
    const { queue, payload, fingerprint, expiresAt, idempotencyKey } = operation;
    this.#replace.run(payload, bytes, fingerprint, wholeMs(expiresAt), idempotencyKey, sequence);
    if (idempotencyKey !== null) this.#keepKey.run(queue, idempotencyKey, fingerprint, sequence);
    this.#rows.count(queue, 'coalesced');
  }

  #add(operation: NewOperation, bytes: number, now: number): void {
    const { operationId, queue, name, payload, idempotencyKey, fingerprint, orderKey } = operation;
    const { coalesceKey, priority, expiresAt } = operation;
    const dueAt = Math.ceil(operation.dueAt);
    const turn = this.#rows.turnOf(queue, orderKey, dueAt, now);
    const content = [operationId, queue, name, payload, bytes, idempotencyKey, fingerprint] as const;
    const order = [orderKey, coalesceKey, priority, turn, dueAt, dueAt > now ? 1 : 0] as const;
    const sequence = this.#insert.get(...content, ...order, wholeMs(expiresAt), now, now) ?? 0;
    if (idempotencyKey !== null) this.#keepKey.run(queue, idempotencyKey, fingerprint, sequence);
  }
}
