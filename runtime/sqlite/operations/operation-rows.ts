import type { OperationState } from '../../protocol/operation.ts';
import { storeLimits } from '../../protocol/store-limits.ts';
import type { SqliteDatabase, SqliteStatement, SqliteValue } from '../driver.ts';

/** What of a row is needed to move it on. */
export interface OperationPlace {
  readonly sequence: number;
  readonly operationId: string;
  readonly queue: string;
  readonly orderKey: string | null;
}

/** The columns of {@link OperationPlace}. */
export const placeColumns = 'sequence, operation_id as operationId, queue, order_key as orderKey';

/** How an operation can end. */
export type OperationEnd = Exclude<OperationState, 'waiting' | 'running' | 'dropped'>;

type Counter = 'queued' | 'replayed' | 'failed' | 'dropped' | 'coalesced' | Exclude<OperationEnd, 'done'>;
type Turn = 'behind' | 'later' | 'now';

const counters: readonly Counter[] = [
  'queued',
  'replayed',
  'failed',
  'dead',
  'parked',
  'expired',
  'cancelled',
  'dropped',
  'coalesced',
];

/** What every change of an operation has in common: its place in the line of its order key, its end, the counters. */
export class OperationRows {
  readonly #count: ReadonlyMap<Counter, SqliteStatement>;
  readonly #isInLine: SqliteStatement<number>;
  readonly #isTaken: SqliteStatement<number>;
  readonly #front: SqliteStatement<number>;
  readonly #firstBehind: SqliteStatement<{ sequence: number; dueAt: number }>;
  readonly #setTurn: SqliteStatement;
  readonly #wait: SqliteStatement;
  readonly #end: SqliteStatement;
  readonly #remove: SqliteStatement;
  readonly #hasKey: SqliteStatement<number>;
  readonly #forgetPayload: SqliteStatement;
  readonly #tooMany: SqliteStatement<number>;
  readonly #prune: SqliteStatement;
  readonly #expired: SqliteStatement<OperationPlace>;

  constructor(database: SqliteDatabase) {
    this.#count = new Map(
      counters.map((name) => [
        name,
        database.prepare(
          `insert into operation_counters (queue, ${name}) values (?, ?)
           on conflict (queue) do update set ${name} = ${name} + excluded.${name}`,
        ),
      ]),
    );
    const ofLine = 'from operations where queue = ? and order_key = ?';
    this.#isInLine = database.prepare(`select 1 ${ofLine} and turn is not null limit 1`);
    this.#isTaken = database.prepare(`select 1 ${ofLine} and turn = 'taken' limit 1`);
    this.#front = database
      .prepare<number>(`select sequence ${ofLine} and turn in ('later', 'now') limit 1`)
      .pluck();
    this.#firstBehind = database.prepare(
      `select sequence, due_at as dueAt ${ofLine} and turn = 'behind' order by sequence limit 1`,
    );
    this.#setTurn = database.prepare('update operations set turn = ? where sequence = ?');
    this.#wait = database.prepare(
      `update operations set state = 'waiting', turn = ?, due_at = ?, waits_from = ?, run = null, ended_at = null
       where sequence = ?`,
    );
    this.#end = database.prepare(
      `update operations set state = ?, turn = null, run = null, for_network = 0, ended_at = ?,
         last_error = coalesce(?, last_error) where sequence = ?`,
    );
    this.#remove = database.prepare('delete from operations where sequence = ?');
    this.#hasKey = database.prepare('select 1 from operation_keys where sequence = ? limit 1');
    this.#forgetPayload = database.prepare(
      "update operations set payload = '', bytes = 0, last_error = null where sequence = ?",
    );
    this.#tooMany = database
      .prepare<number>(
        `select kept - ${storeLimits.operationsKeptMax} from operation_counters
         where queue = ? and kept > ${storeLimits.operationsKeptMax}`,
      )
      .pluck();
    this.#prune = database.prepare(
      `delete from operations where sequence in (
         select sequence from operations where queue = ? and ended_at is not null and state <> 'done'
         order by ended_at, sequence limit ?)`,
    );
    this.#expired = database.prepare(
      `select ${placeColumns} from operations where queue = ? and state = 'waiting' and expires_at <= ?
       order by expires_at limit ${storeLimits.operationsExpiredMax}`,
    );
  }

  count(queue: string, counter: Counter, by = 1): void {
    this.#count.get(counter)?.run(queue, by);
  }

  /** Where a new operation stands. */
  turnOf(queue: string, orderKey: string | null, dueAt: number, now: number): Turn {
    const isBehind = orderKey !== null && this.#isInLine.get(queue, orderKey) !== undefined;
    return isBehind ? 'behind' : turnAt(dueAt, now);
  }

  /** Lets an operation wait, again or after all, at its place. */
  wait({ sequence, queue, orderKey }: OperationPlace, dueAt: number, now: number): void {
    this.#wait.run(orderKey === null ? turnAt(dueAt, now) : 'behind', dueAt, now, sequence);
    this.moveUp(queue, orderKey, now);
  }

  /** Ends an operation. The next of its order key moves up. */
  end(place: OperationPlace, state: OperationEnd, now: number, error: string | null = null): void {
    const { sequence, queue, orderKey } = place;
    this.count(queue, state === 'done' ? 'replayed' : state);
    if (state === 'done' && this.#hasKey.get(sequence) === undefined) this.#remove.run(sequence);
    else {
      this.#end.run(...([state, now, error, sequence] satisfies SqliteValue[]));
      if (state === 'done') this.#forgetPayload.run(sequence);
    }
    this.moveUp(queue, orderKey, now);
    const tooMany = this.#tooMany.get(queue);
    if (tooMany !== undefined) this.#prune.run(queue, tooMany);
  }

  /** Ends some whose time is over; returns their ids. */
  expire(queue: string, now: number): string[] {
    return this.#expired.all(queue, now).map((place) => {
      this.end(place, 'expired', now);
      return place.operationId;
    });
  }

  /** Removes an operation as if it had not been accepted. */
  drop({ sequence, queue, orderKey }: OperationPlace, now: number): void {
    this.#remove.run(sequence);
    this.count(queue, 'dropped');
    this.moveUp(queue, orderKey, now);
  }

  /** Brings the first of an order key to the front of its line, where nothing is while one is in hand. */
  moveUp(queue: string, orderKey: string | null, now: number): void {
    if (orderKey === null) return;
    const front = this.#front.get(queue, orderKey);
    const isTaken = this.#isTaken.get(queue, orderKey) !== undefined;
    const first = isTaken ? undefined : this.#firstBehind.get(queue, orderKey);
    if (front !== undefined && !isTaken && (first === undefined || front < first.sequence)) return;
    if (front !== undefined) this.#setTurn.run('behind', front);
    if (first !== undefined) this.#setTurn.run(turnAt(first.dueAt, now), first.sequence);
  }
}

function turnAt(dueAt: number, now: number): 'later' | 'now' {
  return dueAt <= now ? 'now' : 'later';
}
