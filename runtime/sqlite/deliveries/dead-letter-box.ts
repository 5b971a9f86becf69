import type { Cause } from '../../protocol/cause.ts';
import { decode } from '../../protocol/codec.ts';
import type { DeadLetter, KeyedDeadLetter, NewDeadLetter } from '../../protocol/dead-letter.ts';
import type { Delivery, PendingDelivery } from '../../protocol/delivery.ts';
import type { DeathEvidence } from '../../protocol/host-death.ts';
import { limits } from '../../protocol/limits.ts';
import { storeLimits } from '../../protocol/store-limits.ts';
import { placeOfTimer, type TimerPlace } from '../../protocol/timer.ts';
import type { SqliteDatabase } from '../driver.ts';
import { DeadLetterInsertion } from '../log/insert-dead-letter.ts';
import type { LogWriter } from '../log/log-writer.ts';

type Row = Omit<DeadLetter, 'evidence' | 'timer'> & Record<'evidence' | 'timer', string | null>;

interface Taken {
  readonly schemaVersion: number | null;
  readonly timer: string | null;
}

const selectLetters = `
  select dead_letter_id as deadLetterId, address, operation, type, data, metadata, expected_version as expectedVersion,
    schema_version as schemaVersion, idempotency_key as idempotencyKey, reason, detail, cause, evidence, timer,
    recorded_at as recordedAt
  from dead_letters`;

/** Removes what could not be delivered, and returns what it takes to deliver it again: of a timer, which one it is. */
const takeAway = {
  timers: `delete from timers where timer_id = ? returning schema_version as schemaVersion,
    json_object('actor', actor, 'name', name, 'to', json(recipient), 'schemaVersion', schema_version) as timer`,
  outbox: 'delete from outbox where message_id = ? returning schema_version as schemaVersion, null as timer',
};

/** Keeps commands that were never answered, with the reason. */
export class DeadLetterBox {
  readonly #database: SqliteDatabase;
  readonly #writer: LogWriter;

  constructor(database: SqliteDatabase, writer: LogWriter) {
    this.#database = database;
    this.#writer = writer;
  }

  /** Returns the ids of the letters, in order. */
  record(letters: readonly NewDeadLetter[], recordedAt: number): number[] {
    return this.#writer.write((database) => {
      const insertion = new DeadLetterInsertion(database);
      // Sent again and dead again, a command is one letter with newer evidence.
      const forget = database.prepare('delete from dead_letters where address = ? and idempotency_key = ?');
      const ids = letters.map((letter) => {
        const { address, idempotencyKey } = letter;
        if (idempotencyKey !== null) forget.run(address, idempotencyKey);
        return insertion.insert(letter, recordedAt);
      });
      insertion.trim();
      return ids;
    });
  }

  /** Keeps what could not be delivered, and removes it from where it waited. */
  giveUp(
    { from, id }: Pick<PendingDelivery, 'from' | 'id'>,
    letter: NewDeadLetter,
    recordedAt: number,
  ): void {
    this.#writer.write((database) => {
      const taken = database.prepare<Taken>(takeAway[from]).get(id);
      if (taken === undefined) return;
      const { schemaVersion, timer } = taken;
      const insertion = new DeadLetterInsertion(database);
      insertion.insert({ ...letter, schemaVersion }, recordedAt, timer);
      insertion.trim();
    });
  }

  /** One letter, from now on with an idempotency key: its own, or one made from its id. */
  withKey(id: number): KeyedDeadLetter | undefined {
    return this.#writer.write((database) => {
      database
        .prepare(
          'update dead_letters set idempotency_key = ? where dead_letter_id = ? and idempotency_key is null',
        )
        .run(`dead-letter:${id}`, id);
      const row = database.prepare<Row>(`${selectLetters} where dead_letter_id = ?`).get(id);
      if (row === undefined) return undefined;
      const letter = toLetter(row);
      return { ...letter, delivery: deliveryOf(letter) };
    });
  }

  /** Removes one; false if there is none. */
  remove(id: number): boolean {
    return this.#writer.write((database) => {
      const removed = database
        .prepare<number>('delete from dead_letters where dead_letter_id = ? returning dead_letter_id')
        .get(id);
      return removed !== undefined;
    });
  }

  count(): number {
    return this.#database.prepare<number>('select count(*) from dead_letters').pluck().get() ?? 0;
  }
}

function toLetter({ evidence, timer, ...letter }: Row): DeadLetter {
  return {
    ...letter,
    evidence: evidence === null ? null : (JSON.parse(evidence) as DeathEvidence),
    timer: timer === null ? null : (JSON.parse(timer) as TimerPlace),
  };
}

/**
 * Its row goes with the append that it leads to, as that of a timer or a message would have. Null for what a caller sent, and
 * for a message of which it is not known at which schema version it is.
 */
function deliveryOf({
  deadLetterId: id,
  timer,
  metadata,
  schemaVersion = null,
}: DeadLetter): Delivery | null {
  if (timer === null && schemaVersion === null) return null;
  const { sender = null, ...cause } = metadata === null ? {} : (decode(metadata) as Partial<Cause & Sender>);
  return {
    ...(timer === null ? { actor: '', passOnTo: null } : placeOfTimer(timer)),
    consumed: { from: 'dead_letters', id },
    sender,
    workKey: null,
    cause: cause.correlationId === undefined ? null : (cause as Cause),
    schemaVersion: timer?.schemaVersion ?? schemaVersion,
  };
}

interface Sender {
  readonly sender: string | null;
}

/** The next dead letters of a file after one of them, oldest first; fewer where their payloads come to much. */
export function deadLettersPage(database: SqliteDatabase, after: number): DeadLetter[] {
  const select = database.prepare<Row>(`${selectLetters} where dead_letter_id > ? order by dead_letter_id`);
  const letters: DeadLetter[] = [];
  let length = 0;
  for (const row of select.iterate([after])) {
    letters.push(toLetter(row));
    length += row.data.length + (row.evidence?.length ?? 0);
    if (letters.length >= limits.pageEventsMax || length >= storeLimits.pageLengthMax) break;
  }
  return letters;
}
