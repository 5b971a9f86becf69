import type { AppendReceipt, AppendRequest } from '../../protocol/append.ts';
import { decode } from '../../protocol/codec.ts';
import type { Consumed } from '../../protocol/delivery.ts';
import type { SqliteDatabase, SqliteStatement } from '../../sqlite/driver.ts';
import type { AppendOutcome } from '../../sqlite/log/log-writer.ts';
import { Violation } from './violation.ts';

/** The name under which a command of a simulation can be found in the metadata of its events. */
export const commandKey = 'simulation';

interface Pending {
  readonly id: number;
  readonly sender: string;
  readonly target: string;
}

interface CarriedOut {
  readonly stream: string;
  readonly version: number;
}

/**
 * Keeps account of what the runtime promises, from what its store has committed: that a command is carried out once, that
 * a message is heard once and in order, that no timer rings twice, and that nothing vanishes.
 */
export class Ledger {
  readonly #database: SqliteDatabase;
  readonly #carriedOut = new Map<string, CarriedOut>();
  readonly #acknowledged = new Map<string, CarriedOut>();
  readonly #refused = new Set<string>();
  readonly #pending = { timers: new Map<number, Pending>(), outbox: new Map<number, Pending>() };
  readonly #consumed = {
    timers: new Set<number>(),
    outbox: new Set<number>(),
    dead_letters: new Set<number>(),
  };
  /** The last message that was heard, by sender and receiver. */
  readonly #heard = new Map<string, number>();
  /** Actors that have set or cancelled timers since the last look. */
  readonly #changed = new Set<string>();
  readonly #onDeadLetter: (letter: object) => void;
  #deadLetters = 0;
  readonly #statements = new Map<string, SqliteStatement>();

  /** `onDeadLetter` is told of each. */
  constructor(database: SqliteDatabase, onDeadLetter: (letter: object) => void) {
    this.#database = database;
    this.#onDeadLetter = onDeadLetter;
  }

  /** The store has committed a group. */
  committed(requests: readonly AppendRequest[], outcomes: readonly AppendOutcome[]): void {
    for (const [index, request] of requests.entries()) {
      const outcome = outcomes[index];
      if (outcome === undefined || outcome instanceof Error || outcome.outcome !== 'appended') continue;
      this.#noteCommand(request, outcome);
      const { consumed, timers } = request.consequences ?? { consumed: null, timers: [] };
      if (timers.length > 0) this.#changed.add(request.stream);
      if (consumed !== null) this.#consume(consumed.from, consumed.id, request.stream);
    }
  }

  /** A command was acknowledged to whoever had sent it. */
  acknowledge(key: string, { stream, version }: CarriedOut, mustHaveEvents: boolean): void {
    const carriedOut = this.#carriedOut.get(key);
    if (carriedOut === undefined && !mustHaveEvents) return;
    if (carriedOut === undefined || carriedOut.version !== version) {
      throw new Violation(
        'what is acknowledged is durable',
        `The command ${key} to ${stream} was acknowledged at version ${version}, and ` +
          `${carriedOut === undefined ? 'no event of it is in the log' : `its last event has version ${carriedOut.version}`}.`,
      );
    }
    this.#acknowledged.set(key, carriedOut);
  }

  /** A command was refused for good. */
  refuse(key: string): void {
    this.#refused.add(key);
  }

  /** After every commit: what waits to be delivered, compared with what waited before. Returns whether that has changed. */
  look(): boolean {
    const timers = this.#rows(
      'select timer_id as id, stream as sender, stream as target from timers order by timer_id',
    );
    const outbox = this.#rows('select message_id as id, sender, target from outbox order by message_id');
    const letters = this.#count('select count(*) from dead_letters');
    const before = [this.#pending.timers, this.#pending.outbox].map((known) => [...known.keys()].join());
    this.#compare('timers', timers, letters);
    this.#compare('outbox', outbox, letters);
    if (letters > this.#deadLetters) this.#tellOfLetters(letters - this.#deadLetters);
    this.#deadLetters = letters;
    this.#changed.clear();
    return [timers, outbox].some((rows, index) => rows.map(({ id }) => id).join() !== before[index]);
  }

  /** At the end: every acknowledged command is in the log, and none that was refused. */
  checkLog(): void {
    const rows = this.#database
      .prepare<{ stream: string; version: number; position: number; metadata: string | null }>(
        `select s.name as stream, e.version, e.position, e.metadata from events e
         join streams s on s.stream_id = e.stream_id order by e.position`,
      )
      .all();
    const found = new Map<string, CarriedOut>();
    const versions = new Map<string, number>();
    for (const [index, { stream, version, position, metadata }] of rows.entries()) {
      if (position !== index + 1 || version !== (versions.get(stream) ?? 0) + 1) {
        throw new Violation(
          'the log has no gaps',
          `${stream} has version ${version} at position ${position}.`,
        );
      }
      versions.set(stream, version);
      const key = keyIn(metadata);
      if (key !== undefined) found.set(key, { stream, version });
    }
    for (const [key, { stream, version }] of this.#acknowledged) {
      if (found.get(key)?.version === version) continue;
      throw new Violation(
        'what is acknowledged is durable',
        `The command ${key} to ${stream} was acknowledged at version ${version} and is no longer there.`,
      );
    }
    for (const key of this.#refused) {
      if (!found.has(key)) continue;
      throw new Violation(
        'what is refused leaves nothing',
        `The command ${key} was refused and is in the log.`,
      );
    }
  }

  /** Throws if something waits that was due at this moment. */
  checkNothingDue(now: number): void {
    const timers = this.#database
      .prepare<{ id: number; stream: string; name: string }>(
        `select timer_id as id, stream, name from timers, running_time
         where max(due_at, iif(policy = 'restart', restarted_at + delay_ms, due_at))
           + iif(policy = 'deadline', 0, away_ms) <= ?`,
      )
      .all(now);
    const messages = this.#rows('select message_id as id, sender, target from outbox order by message_id');
    const [timer] = timers;
    const [message] = messages;
    if (timer !== undefined) {
      throw new Violation(
        'what is due is delivered',
        `Timer ${timer.id} ("${timer.name}") of ${timer.stream} is due and has not rung.`,
      );
    }
    if (message !== undefined) {
      throw new Violation(
        'what is due is delivered',
        `Message ${message.id} from ${message.sender} to ${message.target} was not delivered.`,
      );
    }
  }

  /** What waits in the file. */
  get waiting(): { readonly timers: number; readonly messages: number; readonly work: number } {
    return {
      timers: this.#count('select count(*) from timers'),
      messages: this.#count('select count(*) from outbox'),
      work: this.#count('select count(*) from work'),
    };
  }

  /** Some of what waits in the file, by name. */
  get shown(): string {
    const some = <Row>(sql: string, tell: (row: Row) => string): string[] =>
      (this.#prepared(`${sql} limit 4`, (statement) => statement).all() as Row[]).map(tell);
    const waiting = [
      ...some<{ name: string; stream: string }>(
        'select name, stream from timers order by due_at',
        ({ name, stream }) => `the timer "${name}" of ${stream}`,
      ),
      ...some<Pending>(
        'select sender, target from outbox order by message_id',
        ({ sender, target }) => `a message from ${sender} to ${target}`,
      ),
      ...some<{ stream: string }>('select stream from work', ({ stream }) => `work of ${stream}`),
    ];
    return waiting.join(', ') || 'commands, and what they lead to';
  }

  #tellOfLetters(count: number): void {
    const sql =
      'select address as actor, type, reason, detail from dead_letters order by dead_letter_id desc limit ?';
    for (const letter of this.#database.prepare<object>(sql).all(count).reverse()) this.#onDeadLetter(letter);
  }

  #noteCommand({ stream, events }: AppendRequest, { version }: AppendReceipt): void {
    const key = keyIn(events[0]?.metadata ?? null);
    if (key === undefined) return;
    const before = this.#carriedOut.get(key);
    if (before !== undefined) {
      throw new Violation(
        'a command is carried out once',
        `The command ${key} to ${stream} was carried out at version ${before.version} and again at version ${version}.`,
      );
    }
    this.#carriedOut.set(key, { stream, version });
  }

  #consume(from: Consumed['from'], id: number, stream: string): void {
    const what = { timers: 'Timer', outbox: 'Message', dead_letters: 'Dead letter' }[from];
    if (this.#consumed[from].has(id)) {
      throw new Violation(
        'a delivery is heard once',
        `${what} ${id} was heard by ${stream} for the second time.`,
      );
    }
    this.#consumed[from].add(id);
    const row = from === 'outbox' ? this.#pending.outbox.get(id) : undefined;
    if (row === undefined) return;
    const pair = `${row.sender}\n${row.target}`;
    const last = this.#heard.get(pair) ?? 0;
    if (id < last) {
      throw new Violation(
        'messages keep their order',
        `${row.target} heard message ${id} of ${row.sender} after message ${last}.`,
      );
    }
    this.#heard.set(pair, id);
  }

  #compare(from: 'timers' | 'outbox', rows: readonly Pending[], letters: number): void {
    const known = this.#pending[from];
    const present = new Set(rows.map(({ id }) => id));
    for (const [id, { target }] of known) {
      if (present.has(id)) continue;
      known.delete(id);
      const isCancelled = from === 'timers' && this.#changed.has(target);
      if (this.#consumed[from].has(id) || isCancelled || letters !== this.#deadLetters) continue;
      const what = from === 'timers' ? 'Timer' : 'Message';
      throw new Violation(
        'nothing vanishes',
        `${what} ${id} for ${target} is gone, and nobody has heard it.`,
      );
    }
    for (const row of rows) {
      if (this.#consumed[from].has(row.id)) {
        throw new Violation(
          'a delivery is heard once',
          `${row.target} has heard ${from} ${row.id}, which still waits.`,
        );
      }
      known.set(row.id, row);
    }
  }

  #rows(sql: string): Pending[] {
    return this.#prepared(sql, (statement) => statement).all() as Pending[];
  }

  #count(sql: string): number {
    return (this.#prepared(sql, (statement) => statement.pluck()).get() as number | undefined) ?? 0;
  }

  #prepared(sql: string, make: (statement: SqliteStatement) => SqliteStatement): SqliteStatement {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = make(this.#database.prepare(sql));
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

function keyIn(metadata: string | null): string | undefined {
  if (metadata === null || !metadata.includes(`"${commandKey}"`)) return undefined;
  const key = (decode(metadata) as { [commandKey]?: unknown })[commandKey];
  return typeof key === 'string' ? key : undefined;
}
