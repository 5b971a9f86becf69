import {
  type ClaimedOperation,
  type ClaimResult,
  diedUnder,
  type OperationClaim,
} from '../../protocol/operation.ts';
import { storeLimits } from '../../protocol/store-limits.ts';
import type { SqliteDatabase, SqliteStatement } from '../driver.ts';
import { type OperationPlace, type OperationRows, placeColumns } from './operation-rows.ts';

type Candidate = { readonly sequence: number; readonly priority: number; readonly unfinished: number };
type Ended = ClaimResult['ended'][number];

/** Hands out operations, inside a transaction. */
export class OperationClaims {
  readonly #rows: OperationRows;
  readonly #runs: SqliteStatement<string>;
  readonly #takenBy: SqliteStatement<
    OperationPlace & { readonly dueAt: number; readonly unfinished: number }
  >;
  readonly #isRestarted: SqliteStatement;
  readonly #restart: SqliteStatement;
  readonly #isPromoted: SqliteStatement;
  readonly #promote: SqliteStatement;
  readonly #candidates: SqliteStatement<Candidate>;
  readonly #overtaking: SqliteStatement<Candidate>;
  readonly #take: SqliteStatement<ClaimedOperation>;
  readonly #isNow: SqliteStatement<number>;
  readonly #nextDueAt: SqliteStatement<number | null>;
  readonly #lastSequence: SqliteStatement<number>;

  constructor(database: SqliteDatabase, rows: OperationRows) {
    this.#rows = rows;
    this.#runs = database
      .prepare<string>("select distinct run from operations where queue = ? and turn = 'taken'")
      .pluck();
    this.#takenBy = database.prepare(
      `select ${placeColumns}, due_at as dueAt, unfinished_starts as unfinished from operations
       where queue = ? and run = ? and turn = 'taken' order by sequence`,
    );
    const ofName = 'queue = ? and name = ?';
    // The clock was moved back: no wait becomes longer by that.
    const restarted = `from operations where ${ofName} and turn = 'later' and waits_from > ?`;
    const due = `from operations where ${ofName} and turn = 'later' and is_scheduled in (0, 1) and due_at <= ?`;
    const moved = storeLimits.operationsMovedMax;
    this.#isRestarted = database.prepare(`select 1 ${restarted} limit 1 offset ${moved}`);
    this.#restart = database.prepare(
      `update operations set due_at = due_at - waits_from + ?, waits_from = ?
       where sequence in (select sequence ${restarted} limit ${moved})`,
    );
    this.#isPromoted = database.prepare(`select 1 ${due} limit 1 offset ${moved}`);
    this.#promote = database.prepare(
      `update operations set turn = 'now' where sequence in (select sequence ${due} limit ${moved})`,
    );
    this.#candidates = database.prepare(
      `select sequence, priority, unfinished_starts as unfinished from operations
       where ${ofName} and turn = 'now' and sequence <= ? and (expires_at is null or expires_at > ?)
         and unfinished_starts <= ?
       order by priority desc, sequence limit ?`,
    );
    this.#overtaking = database.prepare(
      `select sequence, priority, unfinished_starts as unfinished from operations
       where ${ofName} and turn = 'now' and priority > ? and sequence > ? and (expires_at is null or expires_at > ?)
         and unfinished_starts <= ?
       order by priority desc, sequence limit ?`,
    );
    this.#take = database.prepare(
      `update operations set state = 'running', turn = 'taken', run = ?, for_network = 0, starts = starts + 1,
         unfinished_starts = unfinished_starts + 1 where sequence = ?
       returning operation_id as operationId, sequence, name, payload, idempotency_key as idempotencyKey,
         order_key as orderKey, attempts, unfinished_starts - 1 as unfinishedStarts, enqueued_at as enqueuedAt, expires_at as expiresAt`,
    );
    this.#isNow = database.prepare(`select 1 from operations where ${ofName} and turn = 'now' limit 1`);
    this.#nextDueAt = database
      .prepare<number | null>(
        `select min(due_at) from operations where ${ofName} and turn = 'later' and is_scheduled = ?`,
      )
      .pluck();
    this.#lastSequence = database
      .prepare<number>('select last_sequence from operation_counters where queue = ?')
      .pluck();
  }

  /** `living` tells which runs live, whose operations stay theirs. */
  claim(claim: OperationClaim, now: number, living: () => ReadonlySet<string>): ClaimResult {
    const { queue } = claim;
    const names = [...new Set(claim.names)];
    const ended = [...this.#takeFromTheDead(claim, now, living), ...this.#expire(queue, now)];
    for (const name of names) this.makeDue(queue, name, now);
    const claimed = this.#chosen(names, claim, now).flatMap(
      ({ sequence }) => this.#take.get(claim.run, sequence) ?? [],
    );
    const lastSequence = this.#lastSequence.get(queue) ?? 0;
    return { claimed, ended, nextDueAt: this.#next(queue, names, now), lastSequence };
  }

  /** Whether more of a name have become due than are moved at once. */
  hasManyDue(queue: string, name: string, now: number): boolean {
    const isMany = (look: SqliteStatement) => look.get(queue, name, now) !== undefined;
    return isMany(this.#isRestarted) || isMany(this.#isPromoted);
  }

  /** Has some of a name wait to be handed out that have become due. */
  makeDue(queue: string, name: string, now: number): void {
    this.#restart.run(now, now, queue, name, now);
    this.#promote.run(queue, name, now);
  }

  #chosen(names: readonly string[], claim: OperationClaim, now: number): Candidate[] {
    const { queue, limit, sequenceMax, isIdle, skipsUnfinished = false } = claim;
    const startsMax = skipsUnfinished ? 0 : Number.MAX_SAFE_INTEGER;
    const max = sequenceMax ?? Number.MAX_SAFE_INTEGER;
    const due = names.flatMap((name) => this.#candidates.all(queue, name, max, now, startsMax, limit));
    const meant = first(due, limit);
    const last = meant.at(-1);
    // They go first also where something else is drained, but keep nobody draining.
    const overtaking =
      last === undefined || sequenceMax === null
        ? []
        : names.flatMap((name) =>
            this.#overtaking.all(queue, name, last.priority, max, now, startsMax, limit),
          );
    const chosen = first([...meant, ...overtaking], limit);
    const suspect = chosen.findIndex(({ unfinished }) => unfinished > 0);
    if (suspect === 0) return isIdle ? chosen.slice(0, 1) : [];
    return suspect < 0 ? chosen : chosen.slice(0, suspect);
  }

  #takeFromTheDead(
    { queue, run, unfinishedStartsMax }: OperationClaim,
    now: number,
    living: () => ReadonlySet<string>,
  ): Ended[] {
    const others = this.#runs.all(queue).filter((other) => other !== run);
    if (others.length === 0) return [];
    const alive = living();
    const left = others
      .filter((other) => !alive.has(other))
      .flatMap((other) => this.#takenBy.all(queue, other));
    return left.flatMap((place): Ended[] => {
      if (place.unfinished < unfinishedStartsMax) {
        this.#rows.wait(place, Math.min(place.dueAt, now), now);
        return [];
      }
      this.#rows.end(place, 'parked', now, diedUnder(place.unfinished));
      return [{ operationId: place.operationId, state: 'parked' }];
    });
  }

  #expire(queue: string, now: number): Ended[] {
    return this.#rows.expire(queue, now).map((operationId) => ({ operationId, state: 'expired' }));
  }

  #next(queue: string, names: readonly string[], now: number): number | null {
    if (names.some((name) => this.#isNow.get(queue, name) !== undefined)) return now;
    const due = names.flatMap((name) =>
      [0, 1].map((scheduled) => this.#nextDueAt.get(queue, name, scheduled)),
    );
    const earliest = Math.min(...due.map((at) => at ?? Number.POSITIVE_INFINITY));
    return earliest === Number.POSITIVE_INFINITY ? null : earliest;
  }
}

/** The first in order: higher priorities before lower ones, older operations before newer ones. */
function first(candidates: readonly Candidate[], limit: number): Candidate[] {
  return candidates.toSorted((a, b) => b.priority - a.priority || a.sequence - b.sequence).slice(0, limit);
}
