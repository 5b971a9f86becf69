import type { SqliteDatabase } from '../driver.ts';

/**
 * After how long without a sign of life a run is taken for dead whose process cannot be seen, in milliseconds. A run that
 * has something in hand gives a sign every five seconds.
 */
const silenceMs = 30_000;

/** Whoever has not looked for longer than that may have missed a sign, in milliseconds. */
const lookMs = 15_000;

/** How long a run that has nothing in hand is kept in mind without a sign, in milliseconds. */
const forgottenMs = 24 * 3_600_000;

interface Silence {
  readonly seenAt: number;
  readonly since: number;
  lookedAt: number;
}

/**
 * The runs whose processes cannot be seen from here, as those in another container. They are judged by their signs of life,
 * which only those give that have something in hand. What counts is how long this process has looked in vain for a new sign,
 * by the clock of its processor: neither a clock that jumps nor a computer that slept makes anybody silent.
 */
export class DistantRuns {
  readonly #database: SqliteDatabase;
  readonly #uptime: () => number;
  readonly #silences = new Map<string, Silence>();

  constructor(database: SqliteDatabase, uptime: () => number) {
    this.#database = database;
    this.#uptime = uptime;
  }

  /** Whether a run whose last sign was at `seenAt` is to be left what it has. One with nothing in hand need not give signs. */
  lives(run: string, seenAt: number, now: number): boolean {
    if (!this.#hasInHand(run)) {
      this.#silences.delete(run);
      return Math.abs(now - seenAt) < forgottenMs;
    }
    const at = this.#uptime();
    const known = this.#silences.get(run);
    if (known === undefined || known.seenAt !== seenAt || at - known.lookedAt > lookMs) {
      this.#silences.set(run, { seenAt, since: at, lookedAt: at });
      return true;
    }
    known.lookedAt = at;
    return at - known.since < silenceMs;
  }

  #hasInHand(run: string): boolean {
    const found = this.#database.prepare(
      `select 1 where exists (select 1 from work where owner = ?)
         or exists (select 1 from operations where run = ? and turn = 'taken')`,
    );
    return found.get(run, run) !== undefined;
  }
}

/** Whether a run was there just now by its last sign: all there is to go by for one that begins, and has not looked yet. */
export function livedLately(seenAt: number, now: number): boolean {
  return Math.abs(now - seenAt) < silenceMs;
}
