import type { Consumed } from '../protocol/consequences.ts';
import type { DeadLetter, NewDeadLetter } from '../protocol/dead-letter.ts';
import { limits } from '../protocol/limits.ts';
import type { SqliteDatabase } from './driver.ts';
import type { LogWriter } from './log-writer.ts';

/** Inserts a dead letter: address, operation, type, data, idempotency key, reason, detail, moment. */
export const insertDeadLetter = `
  insert into dead_letters (address, operation, type, data, idempotency_key, reason, detail, recorded_at)
  values (?, ?, ?, ?, ?, ?, ?, ?)`;

/** Keeps commands that were never answered, with the reason; the newest {@link limits.deadLettersMax} of them. */
export class DeadLetterBox {
  readonly #database: SqliteDatabase;
  readonly #writer: LogWriter;

  constructor(database: SqliteDatabase, writer: LogWriter) {
    this.#database = database;
    this.#writer = writer;
  }

  record(letters: readonly NewDeadLetter[], recordedAt: number): void {
    this.#writer.write((database) => {
      const insert = database.prepare(insertDeadLetter);
      for (const { address, operation, type, data, idempotencyKey, reason, detail } of letters) {
        insert.run(address, operation, type, data, idempotencyKey, reason, detail, recordedAt);
      }
      database
        .prepare(
          'delete from dead_letters where dead_letter_id <= (select max(dead_letter_id) - ? from dead_letters)',
        )
        .run(limits.deadLettersMax);
    });
  }

  /** Keeps what could not be delivered, and removes it from where it waited. */
  giveUp({ from, id }: Consumed, letter: NewDeadLetter, recordedAt: number): void {
    const { address, operation, type, data, idempotencyKey, reason, detail } = letter;
    this.#writer.write((database) => {
      const removed =
        from === 'timers'
          ? database.prepare('delete from timers where timer_id = ?').run(id)
          : database.prepare('delete from outbox where message_id = ?').run(id);
      if (removed.changes === 0) return;
      database
        .prepare(insertDeadLetter)
        .run(address, operation, type, data, idempotencyKey, reason, detail, recordedAt);
    });
  }

  /** All of them, oldest first. Needs no lock. */
  list(): DeadLetter[] {
    return this.#database
      .prepare<DeadLetter>(
        `select dead_letter_id as deadLetterId, address, operation, type, data, idempotency_key as idempotencyKey, reason,
           detail, recorded_at as recordedAt
         from dead_letters order by dead_letter_id`,
      )
      .all();
  }
}
