import type { DeadLetter, NewDeadLetter } from '../protocol/dead-letter.ts';
import { limits } from '../protocol/limits.ts';
import type { SqliteDatabase } from './driver.ts';
import type { LogWriter } from './log-writer.ts';

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
      const insert = database.prepare(
        `insert into dead_letters (address, operation, type, data, idempotency_key, reason, detail, recorded_at)
         values (?, ?, ?, ?, ?, ?, ?, ?)`,
      );
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
