import type { Consumed } from '../protocol/consequences.ts';
import type { DeadLetter, NewDeadLetter } from '../protocol/dead-letter.ts';
import type { DeathEvidence } from '../protocol/host-death.ts';
import type { SqliteDatabase } from './driver.ts';
import { prepareInsertDeadLetter } from './insert-dead-letter.ts';
import type { LogWriter } from './log-writer.ts';

type Row = Omit<DeadLetter, 'evidence'> & { readonly evidence: string | null };

const selectLetters = `
  select dead_letter_id as deadLetterId, address, operation, type, data, metadata, expected_version as expectedVersion,
    idempotency_key as idempotencyKey, reason, detail, cause, evidence, recorded_at as recordedAt
  from dead_letters`;

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
      const insert = prepareInsertDeadLetter(database);
      // Sent again and dead again, a command is one letter with newer evidence.
      const forget = database.prepare('delete from dead_letters where address = ? and idempotency_key = ?');
      const ids = letters.map((letter) => {
        const { address, idempotencyKey } = letter;
        if (idempotencyKey !== null) forget.run(address, idempotencyKey);
        return insert(letter, recordedAt);
      });
      return ids;
    });
  }

  /** Keeps what could not be delivered, and removes it from where it waited. */
  giveUp({ from, id }: Consumed, letter: NewDeadLetter, recordedAt: number): void {
    this.#writer.write((database) => {
      const removed =
        from === 'timers'
          ? database.prepare('delete from timers where timer_id = ?').run(id)
          : database.prepare('delete from outbox where message_id = ?').run(id);
      if (removed.changes === 0) return;
      prepareInsertDeadLetter(database)(letter, recordedAt);
    });
  }

  /** All of them, oldest first. Needs no lock. */
  list(): DeadLetter[] {
    return listDeadLetters(this.#database);
  }

  /** One letter, from now on with an idempotency key: its own, or one made from its id. */
  withKey(id: number): DeadLetter | undefined {
    return this.#writer.write((database) => {
      database
        .prepare(
          'update dead_letters set idempotency_key = ? where dead_letter_id = ? and idempotency_key is null',
        )
        .run(`dead-letter:${id}`, id);
      const row = database.prepare<Row>(`${selectLetters} where dead_letter_id = ?`).get(id);
      return row === undefined ? undefined : toLetter(row);
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

function toLetter({ evidence, ...letter }: Row): DeadLetter {
  return { ...letter, evidence: evidence === null ? null : (JSON.parse(evidence) as DeathEvidence) };
}

/** All dead letters of a file, oldest first. */
export function listDeadLetters(database: SqliteDatabase): DeadLetter[] {
  return database.prepare<Row>(`${selectLetters} order by dead_letter_id`).all().map(toLetter);
}
