import { invariant } from '../../errors/invariant.ts';
import type { Cause } from '../../protocol/cause.ts';
import type { HeldBack, MessageRange, PendingCounts, PendingDelivery } from '../../protocol/delivery.ts';
import { placeOfTimer, type Recipient } from '../../protocol/timer.ts';
import type { SqliteDatabase, SqliteStatement } from '../driver.ts';

type TimerRow = {
  id: number;
  stream: string;
  actor: string;
  recipient: string;
  type: string;
  data: string;
  dueAt: number;
} & WaitingRow;
type MessageRow = { id: number; sender: string; target: string; type: string; data: string } & WaitingRow;
type WaitingRow = { correlationId: string | null; causationId: string | null; schemaVersion: number | null };

const waitingColumns =
  'correlation_id as correlationId, causation_id as causationId, schema_version as schemaVersion';

/** Whether a row is not held back, by its id and its address; takes the three lists of {@link HeldBack} as JSON. */
const isFree = (id: string, address: string): string =>
  `${id} not in (select value from json_each(?)) and ${address} not in (select value from json_each(?))
   and substr(${address}, 1, instr(${address}, '/') - 1) not in (select value from json_each(?))`;

/** Messages to one address that are handed out at once: more than its line takes, which then knows that there are more. */
const oneAddressMax = 256;

/** Timers by the clock, and timers in running time: see `0004-running-time.ts` and `0009-restarted-timers.ts`. */
const timings = [0, 1] as const;

/** Finds what is to be delivered. A few index look-ups, however many timers there are. */
export class PendingDeliveries {
  readonly #dueTimers: SqliteStatement<TimerRow>;
  readonly #awayMs: SqliteStatement<number>;
  readonly #nextDueAt: SqliteStatement<number | null>;
  readonly #messages: SqliteStatement<MessageRow>;
  readonly #messagesTo: SqliteStatement<MessageRow>;
  readonly #counts: SqliteStatement<PendingCounts>;

  constructor(database: SqliteDatabase) {
    this.#counts = database.prepare<PendingCounts>(
      `select (select count(*) from timers) as timers, (select count(*) from outbox) as messages,
         (select count(*) from work) as work`,
    );
    this.#dueTimers = database.prepare<TimerRow>(
      `select timer_id as id, stream, actor, recipient, type, data, due_at as dueAt, ${waitingColumns} from timers
       where (policy <> 'deadline') = ? and due_at <= ?
         and (policy <> 'restart' or delay_ms + (select restarted_at from running_time) <= ?)
         and ${isFree('timer_id', 'stream')} order by due_at, timer_id limit ?`,
    );
    this.#nextDueAt = database
      .prepare<number | null>(
        "select min(due_at) from timers where (policy <> 'deadline') = ? and due_at > ?",
      )
      .pluck();
    this.#awayMs = database.prepare<number>('select away_ms from running_time').pluck();
    this.#messages = database.prepare<MessageRow>(
      `select message_id as id, sender, target, type, data, ${waitingColumns} from outbox
       where message_id > ? and ${isFree('message_id', 'target')} order by message_id limit ?`,
    );
    // The messages of a long line lie close together: looking for more of them begins after the last.
    this.#messagesTo = database.prepare<MessageRow>(
      `select message_id as id, sender, target, type, data, ${waitingColumns} from outbox
       where message_id > ? and target = ? order by message_id limit ?`,
    );
  }

  counts(): PendingCounts {
    const counts = this.#counts.get();
    invariant(counts !== undefined, 'counting gave no row');
    return counts;
  }

  /** Timers that are due, in order of their moments, without those that are held back. */
  dueTimers(now: number, limit: number, without: HeldBack): PendingDelivery[] {
    const aheadMs = this.#aheadMs();
    const rows = timings.flatMap((timing) => {
      const until = now - aheadMs[timing];
      return this.#dueTimers
        .all(timing, until, until, ...asJson(without), limit)
        .map((row) => ({ ...row, dueAt: row.dueAt + aheadMs[timing] }));
    });
    rows.sort((a, b) => a.dueAt - b.dueAt || a.id - b.id);
    return rows.slice(0, limit).map((row) => {
      const { id, stream: address, type, data, actor, schemaVersion } = row;
      const place = placeOfTimer({ actor, to: JSON.parse(row.recipient) as Recipient });
      const cause = causeOf(row);
      return { from: 'timers', id, address, ...place, sender: null, type, data, cause, schemaVersion };
    });
  }

  /** Before this moment after `now` no other timer is due; `undefined` if there is none. */
  nextDueAt(now: number): number | undefined {
    const aheadMs = this.#aheadMs();
    const next = timings.map((timing) => {
      const dueAt = this.#nextDueAt.get(timing, now - aheadMs[timing]) ?? Number.POSITIVE_INFINITY;
      return dueAt + aheadMs[timing];
    });
    const earliest = Math.min(...next);
    return earliest === Number.POSITIVE_INFINITY ? undefined : earliest;
  }

  /** What the clock is ahead of the time of each timing. */
  #aheadMs(): readonly [number, number] {
    return [0, this.#awayMs.get() ?? 0];
  }

  /**
   * Messages in the order in which they were sent: to all addresses, without those that are held back, or to `only` one,
   * whose line the caller knows.
   */
  messages(limit: number, without: HeldBack, { after, only }: MessageRange): PendingDelivery[] {
    const rows =
      only === null
        ? this.#messages.all(after, ...asJson(without), limit)
        : this.#messagesTo.all(after, only, Math.min(limit, oneAddressMax));
    return rows.map(({ id, sender, target: address, type, data, ...row }) => ({
      from: 'outbox',
      id,
      address,
      actor: '',
      passOnTo: null,
      sender,
      type,
      data,
      cause: causeOf(row),
      schemaVersion: row.schemaVersion,
    }));
  }
}

function asJson({ ids, addresses, kinds }: HeldBack): [string, string, string] {
  return [JSON.stringify(ids), JSON.stringify(addresses), JSON.stringify(kinds)];
}

function causeOf({ correlationId, causationId }: WaitingRow): Cause | null {
  return correlationId === null || causationId === null ? null : { correlationId, causationId };
}
