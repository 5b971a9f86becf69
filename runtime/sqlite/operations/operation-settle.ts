import type { OperationOutcome, OperationState } from '../../protocol/operation.ts';
import { storeLimits } from '../../protocol/store-limits.ts';
import type { SqliteDatabase, SqliteStatement } from '../driver.ts';
import { type OperationPlace, type OperationRows, placeColumns } from './operation-rows.ts';

type Waiting = OperationPlace & { readonly dueAt: number };

/** How far those have become due again that waited for the network. */
interface Return {
  readonly total: number;
  readonly moved: number;
  /** Up to here in the order of the queue. */
  readonly after: number;
}

/** Moves operations on that were handed out, or that somebody has decided about, inside a transaction. */
export class OperationSettlement {
  readonly #rows: OperationRows;
  readonly #inHand: SqliteStatement<Waiting>;
  readonly #takenBy: SqliteStatement<Waiting>;
  readonly #byId: SqliteStatement<
    OperationPlace & { readonly state: OperationState; readonly run: string | null }
  >;
  readonly #tried: SqliteStatement;
  readonly #unclaim: SqliteStatement;
  readonly #unbegin: SqliteStatement;
  readonly #forNetwork: SqliteStatement<Waiting>;
  readonly #countForNetwork: SqliteStatement<number>;
  readonly #refresh: SqliteStatement;
  readonly #networkIsBack: SqliteStatement;
  readonly #later: SqliteStatement<OperationPlace>;
  readonly #discard: SqliteStatement;

  constructor(database: SqliteDatabase, rows: OperationRows) {
    this.#rows = rows;
    this.#inHand = database.prepare(
      `select ${placeColumns}, due_at as dueAt from operations
       where operation_id = ? and state = 'running' and run = ?`,
    );
    this.#takenBy = database.prepare(
      `select ${placeColumns}, due_at as dueAt from operations where run = ? and turn = 'taken'`,
    );
    this.#byId = database.prepare(
      `select ${placeColumns}, state, run from operations where operation_id = ?`,
    );
    this.#tried = database.prepare(
      `update operations set attempts = attempts + ?, unfinished_starts = 0, is_scheduled = 0, for_network = ?,
         last_error = ? where sequence = ?`,
    );
    this.#unclaim = database.prepare(
      'update operations set starts = starts - 1, unfinished_starts = unfinished_starts - 1 where sequence = ?',
    );
    this.#unbegin = database.prepare(
      'update operations set unfinished_starts = unfinished_starts - 1 where sequence = ?',
    );
    this.#forNetwork = database.prepare(
      `select ${placeColumns}, due_at as dueAt from operations where queue = ? and for_network = 1
         and sequence > ? order by sequence limit ${storeLimits.operationsMovedMax}`,
    );
    this.#countForNetwork = database
      .prepare<number>('select count(*) from operations where queue = ? and for_network = 1')
      .pluck();
    this.#networkIsBack = database.prepare('update operations set for_network = 0 where sequence = ?');
    this.#later = database.prepare(
      `select ${placeColumns} from operations where queue = ? and turn = 'later' and is_scheduled = 0
         limit ${storeLimits.operationsMovedMax}`,
    );
    this.#refresh = database.prepare(
      `update operations set attempts = 0, unfinished_starts = 0, is_scheduled = 0, last_error = null,
         expires_at = iif(expires_at > ?, expires_at, null) where sequence = ?`,
    );
    this.#discard = database.prepare(
      "delete from operations where operation_id = ? and state in ('dead', 'parked', 'expired', 'cancelled')",
    );
  }

  /** Whether the operation was in the hands of the run. */
  settle(run: string, outcome: OperationOutcome, now: number): boolean {
    const place = this.#inHand.get(outcome.operationId, run);
    if (place === undefined) return false;
    if (outcome.outcome === 'not-begun') {
      this.#unclaim.run(place.sequence);
      this.#rows.wait(place, Math.min(place.dueAt, now), now);
      return true;
    }
    const error = outcome.error ?? null;
    const isAgain = outcome.outcome === 'again';
    const hasFailed = isAgain ? outcome.countsAttempt : outcome.outcome === 'dead';
    const forNetwork = isAgain && outcome.forNetwork;
    this.#tried.run(hasFailed ? 1 : 0, forNetwork ? 1 : 0, error, place.sequence);
    if (hasFailed) this.#rows.count(place.queue, 'failed');
    if (isAgain) this.#rows.wait(place, Math.ceil(outcome.dueAt), now);
    else this.#rows.end(place, outcome.outcome, now, error);
    return true;
  }

  /** Gives back what a run has in hand that closes in good order: it was not begun in vain. */
  release(run: string, now: number): void {
    for (const place of this.#takenBy.all(run)) {
      this.#unbegin.run(place.sequence);
      this.#rows.wait(place, Math.min(place.dueAt, now), now);
    }
  }

  /** What a dead run has left waits, although no claim has seen it yet. */
  cancel(operationId: string, now: number, living: () => ReadonlySet<string>): OperationState | undefined {
    const found = this.#byId.get(operationId);
    const isLeft = typeof found?.run === 'string' && !living().has(found.run);
    const state = isLeft ? 'waiting' : found?.state;
    if (found !== undefined && state === 'waiting') this.#rows.end(found, 'cancelled', now);
    return state;
  }

  /** How many wait because the network was away. */
  countForNetwork(queue: string): number {
    return this.#countForNetwork.get(queue) ?? 0;
  }

  /** Makes the next of those due, of which there are `total`; returns the last one, if there may be more. */
  networkIsBack(
    queue: string,
    { spreadMs, total, moved, after }: Return & { readonly spreadMs: number },
    now: number,
  ): Return | undefined {
    const waiting = this.#forNetwork.all(queue, after);
    // More may have come since they were counted, or the first.
    const all = Math.max(total, moved + waiting.length);
    for (const [index, place] of waiting.entries()) {
      const dueAt = now + Math.floor((spreadMs * (moved + index)) / all);
      this.#networkIsBack.run(place.sequence);
      this.#rows.wait(place, Math.min(place.dueAt, dueAt), now);
    }
    if (waiting.length < storeLimits.operationsMovedMax) return undefined;
    return { total, moved: moved + waiting.length, after: waiting.at(-1)?.sequence ?? after };
  }

  /** Makes some due that wait for their next attempt; whether there may be more. */
  hurry(queue: string, now: number): boolean {
    const waiting = this.#later.all(queue);
    for (const place of waiting) this.#rows.wait(place, now, now);
    return waiting.length === storeLimits.operationsMovedMax;
  }

  requeue(operationId: string, now: number): boolean {
    const found = this.#byId.get(operationId);
    if (found === undefined || (found.state !== 'dead' && found.state !== 'parked')) return false;
    this.#refresh.run(now, found.sequence);
    this.#rows.wait(found, now, now);
    this.#rows.count(found.queue, 'queued');
    return true;
  }

  discard(operationId: string): boolean {
    return this.#discard.run(operationId).changes > 0;
  }
}
