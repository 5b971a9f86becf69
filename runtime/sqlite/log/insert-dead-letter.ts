import type { NewDeadLetter } from '../../protocol/dead-letter.ts';
import { storeLimits } from '../../protocol/store-limits.ts';
import type { SqliteDatabase, SqliteStatement } from '../driver.ts';

/** Inserts dead letters, of which the newest {@link storeLimits.deadLettersMax} are kept. */
export class DeadLetterInsertion {
  readonly #insert: SqliteStatement<number>;
  readonly #trim: SqliteStatement;
  #mayBeTooMany = false;

  constructor(database: SqliteDatabase) {
    this.#insert = database
      .prepare<number>(
        `insert into dead_letters (address, operation, type, data, metadata, expected_version, idempotency_key, reason,
           detail, cause, evidence, recorded_at, timer, schema_version)
         values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) returning dead_letter_id`,
      )
      .pluck();
    // By how many there are: ids grow with every letter that was sent again and died again, and leave gaps.
    this.#trim = database.prepare(
      `delete from dead_letters where dead_letter_id <= (
         select dead_letter_id from dead_letters order by dead_letter_id desc limit 1 offset ?)`,
    );
  }

  /** Inserts one, and returns its id. `timer`: what it is of, as JSON, if it is of one. */
  insert(letter: NewDeadLetter, recordedAt: number, timer: string | null = null): number {
    const { address, operation, type, data, metadata, expectedVersion, idempotencyKey } = letter;
    const { reason, detail, cause, schemaVersion = null } = letter;
    const evidence = letter.evidence === null ? null : JSON.stringify(letter.evidence);
    const content = [address, operation, type, data, metadata, expectedVersion, idempotencyKey];
    const why = [reason, detail, cause, evidence];
    const id = this.#insert.get(...content, ...why, recordedAt, timer, schemaVersion) as number;
    this.#mayBeTooMany ||= id > storeLimits.deadLettersMax;
    return id;
  }

  /** Before the commit, once for all that was inserted: it goes through the letters that there are. */
  trim(): void {
    if (!this.#mayBeTooMany) return;
    this.#mayBeTooMany = false;
    this.#trim.run(storeLimits.deadLettersMax);
  }
}
