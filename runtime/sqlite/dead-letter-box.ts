import type { DeadLetter, NewDeadLetter } from '../protocol/dead-letter.ts';
import type { LogWriter } from './log-writer.ts';

/** Keeps commands that nobody could carry out, with the reason. */
export class DeadLetterBox {
  readonly #writer: LogWriter;

  constructor(writer: LogWriter) {
    this.#writer = writer;
  }

  record(letters: readonly NewDeadLetter[], recordedAt: number): void {
    this.#writer.write((database) => {
      const insert = database.prepare(
        'insert into dead_letters (address, type, data, reason, detail, recorded_at) values (?, ?, ?, ?, ?, ?)',
      );
      for (const { address, type, data, reason, detail } of letters) {
        insert.run(address, type, data, reason, detail, recordedAt);
      }
    });
  }

  /** All of them, oldest first. */
  list(): DeadLetter[] {
    return this.#writer.write((database) =>
      database
        .prepare<DeadLetter>(
          `select dead_letter_id as deadLetterId, address, type, data, reason, detail, recorded_at as recordedAt
           from dead_letters order by dead_letter_id`,
        )
        .all(),
    );
  }
}
