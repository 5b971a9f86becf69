import type { Clock } from '../../ports/clock.ts';
import type { Cause } from '../../protocol/cause.ts';
import type { Consequences, OutgoingMessage } from '../../protocol/consequences.ts';
import type { Consumed } from '../../protocol/delivery.ts';
import type { TimerChange } from '../../protocol/timer.ts';
import type { SqliteDatabase, SqliteStatement } from '../driver.ts';
import { DeadLetterInsertion } from './insert-dead-letter.ts';

/** Keeps a message to an actor: sender, target, type, payload, schema version, when, and what led to it. */
export const insertMessage = `insert into outbox (sender, target, type, data, schema_version, sent_at, correlation_id,
    causation_id)
  values (?, ?, ?, ?, ?, ?, ?, ?)`;

/** Writes what a decision brings about besides its events, inside the transaction of its append. */
export class ConsequenceWriter {
  readonly #clock: Clock;
  readonly #run: string;
  readonly #isThere: Readonly<Record<Consumed['from'], SqliteStatement<number>>>;
  readonly #delete: Readonly<Record<Consumed['from'], SqliteStatement>>;
  readonly #setTimer: SqliteStatement;
  readonly #cancelTimer: SqliteStatement;
  readonly #cancelTimers: SqliteStatement;
  readonly #insertMessage: SqliteStatement;
  readonly #claimWork: SqliteStatement;
  readonly #endWork: SqliteStatement;
  readonly #deadLetters: DeadLetterInsertion;
  #earliestDueAt = Number.POSITIVE_INFINITY;
  #hasMessages = false;
  /** Called when work is written that the run takes in hand. */
  onWork: () => void = () => undefined;

  /** `run` owns the work of the actors whose decisions are written. */
  constructor(database: SqliteDatabase, clock: Clock, run: string) {
    this.#clock = clock;
    this.#run = run;
    const isThere = (sql: string) => database.prepare<number>(sql).pluck();
    this.#isThere = {
      timers: isThere('select 1 from timers where timer_id = ?'),
      outbox: isThere('select 1 from outbox where message_id = ?'),
      // A timer that was set anew would have taken the place of the one that the letter is of.
      dead_letters: isThere(
        `select 1 from dead_letters where dead_letter_id = ? and not exists (select 1 from timers
           where (stream, actor, name) = (address, timer ->> 'actor', timer ->> 'name'))`,
      ),
    };
    this.#delete = {
      timers: database.prepare('delete from timers where timer_id = ?'),
      outbox: database.prepare('delete from outbox where message_id = ?'),
      dead_letters: database.prepare('delete from dead_letters where dead_letter_id = ?'),
    };
    // A new row rather than a changed one: a delivery of the timer that is replaced must not take this one for its own.
    this.#setTimer = database.prepare(
      `insert or replace into timers (stream, actor, name, recipient, type, data, schema_version, policy, delay_ms,
         set_at, due_at, correlation_id, causation_id)
       values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? - iif(?, (select away_ms from running_time), 0), ?, ?)`,
    );
    this.#cancelTimer = database.prepare(
      'delete from timers where stream = (select ?) and actor = (select ?) and name = (select ?)',
    );
    this.#cancelTimers = database.prepare(
      'delete from timers where stream = (select ?) and (actor = (select ?) or recipient = (select ?))',
    );
    this.#insertMessage = database.prepare(insertMessage);
    this.#claimWork = database.prepare(
      'insert into work values (?, ?) on conflict (stream) do update set owner = excluded.owner',
    );
    this.#endWork = database.prepare('delete from work where stream = (select ?)');
    this.#deadLetters = new DeadLetterInsertion(database);
  }

  /** Whether what an append would deliver has been delivered already, or replaced. */
  isGone({ from, id }: Consumed): boolean {
    return this.#isThere[from].get(id) === undefined;
  }

  /** Whether a message goes before what an append would deliver, and waits still. */
  isEarly({ from, after = 0 }: Consumed): boolean {
    return from === 'outbox' && this.#isThere.outbox.get(after) !== undefined;
  }

  write(stream: string, consequences: Consequences): void {
    const { consumed, timers, messages, hasWork, deadLetter, cause = null } = consequences;
    const now = this.#clock.now();
    if (consumed !== null) this.#delete[consumed.from].run(consumed.id);
    for (const timer of timers) this.#change(stream, timer, cause, now);
    for (const message of messages) this.#send(stream, message, cause, now);
    if (hasWork === true) {
      this.#claimWork.run(stream, this.#run);
      this.onWork();
    } else if (hasWork === false) this.#endWork.run(stream);
    if (deadLetter !== null) this.#deadLetters.insert(deadLetter, now);
  }

  /** Before the commit: removes dead letters that are too many, once for the whole group. */
  finish(): void {
    this.#deadLetters.trim();
  }

  /** The earliest moment that a timer was set for since this was last asked; infinite if there was none. */
  takeEarliestDueAt(): number {
    const earliest = this.#earliestDueAt;
    this.#earliestDueAt = Number.POSITIVE_INFINITY;
    return earliest;
  }

  /** Whether a message was sent since this was last asked. */
  takeMessageNews(): boolean {
    const hasMessages = this.#hasMessages;
    this.#hasMessages = false;
    return hasMessages;
  }

  #change(stream: string, timer: TimerChange, cause: Cause | null, now: number): void {
    const { actor } = timer;
    switch (timer.change) {
      case 'set': {
        const { name, to, type, data, schemaVersion, policy, delayMs } = timer;
        const dueAt = now + delayMs;
        this.#earliestDueAt = Math.min(this.#earliestDueAt, dueAt);
        const recipient = JSON.stringify(to);
        const isInRunningTime = policy === 'deadline' ? 0 : 1;
        const content = [stream, actor, name, recipient, type, data, schemaVersion, policy, delayMs] as const;
        this.#setTimer.run(...content, now, dueAt, isInRunningTime, ...idsOf(cause));
        return;
      }
      case 'cancel':
        this.#cancelTimer.run(stream, actor, timer.name);
        return;
      case 'cancel-all':
        this.#cancelTimers.run(stream, actor, JSON.stringify({ actor }));
    }
  }

  #send(sender: string, message: OutgoingMessage, cause: Cause | null, now: number): void {
    const { target, type, data, schemaVersion } = message;
    this.#hasMessages = true;
    this.#insertMessage.run(sender, target, type, data, schemaVersion, now, ...idsOf(cause));
  }
}

function idsOf(cause: Cause | null): readonly [correlationId: string | null, causationId: string | null] {
  return [cause?.correlationId ?? null, cause?.causationId ?? null];
}
