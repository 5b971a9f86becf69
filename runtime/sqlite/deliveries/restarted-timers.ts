import { limits } from '../../protocol/limits.ts';
import type { SqliteDatabase, SqliteStatement } from '../driver.ts';
import type { LogWriter } from '../log/log-writer.ts';

type RunningTime = { awayMs: number; restartedAt: number };

/** Come up between two moments, and were put off by the last start of a runtime, which is the third. */
const comeUp = `from timers
  where (policy <> 'deadline') = 1 and due_at > ? and due_at <= ? and policy = 'restart' and due_at < ? + delay_ms`;

/**
 * Moves timers that restart to where the last start of a runtime has put them, when they come up at their old moment:
 * that is never later than the new one, and starting then costs the same however many there are. Doing it twice, in two
 * processes, or not at all (what is not due yet is not handed out) is all the same, so nothing of it is synced.
 */
export class RestartedTimers {
  readonly #writer: LogWriter;
  readonly #runningTime: SqliteStatement<RunningTime>;
  readonly #find: SqliteStatement<number>;
  readonly #move: SqliteStatement;
  /** Up to here in running time nothing is left to be moved, unless a runtime has started again. */
  #doneTo = Number.MIN_SAFE_INTEGER;
  #restartedAt = 0;

  constructor(writer: LogWriter, database: SqliteDatabase) {
    this.#writer = writer;
    this.#runningTime = database.prepare<RunningTime>(
      'select away_ms as awayMs, restarted_at as restartedAt from running_time',
    );
    this.#find = database.prepare<number>(`select 1 ${comeUp} limit 1`).pluck();
    this.#move = database.prepare(
      `update timers set due_at = ? + delay_ms
       where timer_id in (select timer_id ${comeUp} order by due_at limit ?)`,
    );
  }

  /** Moves as many as are handed out at once; returns whether there are more. */
  moveOn(now: number): boolean {
    const { awayMs, restartedAt } = this.#runningTime.get() as RunningTime;
    if (restartedAt !== this.#restartedAt) this.#doneTo = Number.MIN_SAFE_INTEGER;
    this.#restartedAt = restartedAt;
    const range = [this.#doneTo, now - awayMs, restartedAt] as const;
    if (this.#find.get(...range) !== undefined) {
      this.#writer.writeDerived(() => this.#move.run(restartedAt, ...range, limits.deliveriesMax));
      if (this.#find.get(...range) !== undefined) return true;
    }
    this.#doneTo = Math.max(this.#doneTo, now - awayMs);
    return false;
  }
}
