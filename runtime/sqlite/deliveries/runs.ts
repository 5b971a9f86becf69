import type { Clock } from '../../ports/clock.ts';
import {
  isOutOfSight,
  isProcess,
  isSameProcess,
  type ProcessIdentity,
  processIdentity,
} from '../connection/process-identity.ts';
import type { SqliteDatabase, SqliteStatement } from '../driver.ts';
import type { LogWriter } from '../log/log-writer.ts';
import { DistantRuns, livedLately } from './distant-runs.ts';

type RunRow = { run: string; pid: number; process: string; seenAt: number; hasEnded: number };

/**
 * How long a run is believed to live that gives no sign of life, in milliseconds, where the system does not tell whether
 * its process number belongs to a newer process by now.
 */
const silentMaxMs = 24 * 3_600_000;

/** A sign of life that is older is not enough for whoever takes something in hand, in milliseconds. */
const signMaxMs = 10_000;

/** What others have counted of a jump is all of it if no more than this is missing, in milliseconds. */
const sameJumpMs = 10_000;

/**
 * What is taken for a sleep of the computer rather than for a thread that was held up, in milliseconds, where the clock of
 * the processor counts sleep. Whoever looks after a run notices sleep at least twice as often.
 */
const sleepMinMs = 10_000;

/**
 * The runs of runtimes on the file. A run that has ended without saying so (`kill -9`) leaves work and timers behind:
 * the next one takes the work over, and the time between is not running time.
 */
export class Runs {
  readonly #writer: Pick<LogWriter, 'write'>;
  readonly #database: SqliteDatabase;
  readonly #clock: Clock;
  readonly #run: string;
  readonly #identity: ProcessIdentity;
  readonly #identityOf: (pid: number) => string | undefined;
  /** Streams whose work this run cannot resume. */
  readonly #released = new Set<string>();
  /** The clock of the processor without waits for locks, which are not to be taken for sleep. */
  readonly #uptime: () => number;
  readonly #sinceBoot: () => number;
  readonly #distant: DistantRuns;
  /** When this run was last known to be awake, by the clock of the processor. */
  #awakeAt: number;
  #hasBegun = false;
  #lastSign: SqliteStatement<number> | undefined;
  #jumps: SqliteStatement<number> | undefined;

  constructor(
    writer: Pick<LogWriter, 'write' | 'onWork' | 'waitedMs'>,
    database: SqliteDatabase,
    options: {
      readonly clock: Clock;
      readonly run: string;
      readonly identity: ProcessIdentity;
      /** How the system identifies a process that runs. */
      readonly identityOf?: (pid: number) => string | undefined;
      /** The clock of the processor, in milliseconds. */
      readonly uptime?: (() => number) | undefined;
      /** How long ago the computer was started, in milliseconds, by a clock that counts sleep. */
      readonly sinceBoot?: () => number;
    },
  ) {
    this.#writer = writer;
    this.#database = database;
    this.#clock = options.clock;
    this.#run = options.run;
    this.#identity = options.identity;
    this.#identityOf = options.identityOf ?? processIdentity;
    const { uptime = uptimeOfProcess } = options;
    this.#sinceBoot = options.sinceBoot ?? sinceBoot;
    this.#uptime = () => uptime() - writer.waitedMs;
    this.#awakeAt = this.#uptime();
    this.#distant = new DistantRuns(database, this.#uptime);
    writer.onWork(() => {
      if (this.#hasBegun) this.stayKnown();
    });
  }

  /** Begins this run, once. If no other one lives, the time since the last one is not running time. */
  begin(): void {
    if (this.#hasBegun) return;
    this.#writer.write((database) => {
      const runs = allRuns(database);
      const now = this.#clock.now();
      const living = runs.filter((run) => this.#lives(run, now));
      const ended = runs.filter((run) => !living.includes(run));
      const hasCompany = living.some(
        ({ process, seenAt }) => !this.#isDistant(process) || livedLately(seenAt, now),
      );
      if (!hasCompany) {
        const awayMs = now - lastSeenAt(database, runs);
        standStill(database, Math.max(0, awayMs));
        restartTimers(database, now);
        if (awayMs < 0) bringForward(database);
      }
      const remove = database.prepare('delete from runs where run = ?');
      for (const { run } of ended) remove.run(run);
      this.#write(database, 0);
    });
    this.#awakeAt = this.#uptime();
    this.#hasBegun = true;
  }

  /**
   * Notices that the computer, or this process, has slept since this was last asked, where the clock of the processor has
   * gone on meanwhile (macOS, Windows): that is not running time. False if it could not be written.
   */
  noticeSleep(): boolean {
    try {
      if (this.#sleptMs > 0) this.#writer.write((database) => this.#write(database, 0));
    } catch {
      // The disk is full or the file is locked: whoever asks next notices it again.
      return false;
    }
    this.#awakeAt = this.#uptime();
    return true;
  }

  /**
   * Inside a transaction that takes something in hand: from the same moment on others must see that this run lives,
   * however long it was silent, and also if they have taken it for dead meanwhile.
   */
  stayKnown(): void {
    this.#lastSign ??= this.#database
      .prepare<number>('select seen_at from runs where run = ? and has_ended = 0')
      .pluck();
    const seenAt = this.#lastSign.get(this.#run);
    const isFresh = seenAt !== undefined && Math.abs(this.#clock.now() - seenAt) < signMaxMs;
    if (!isFresh) this.#write(this.#database, 0);
  }

  /** The runs that live, this one among them. */
  living(): ReadonlySet<string> {
    const now = this.#clock.now();
    const living = allRuns(this.#database).filter((run) => this.#lives(run, now));
    return new Set([this.#run, ...living.map(({ run }) => run)]);
  }

  /** Takes over the work of runs that have ended, but for what it has released itself; returns the streams. */
  claimOrphans(): string[] {
    const orphaned = `owner <> ? and owner not in (select value from json_each(?))
      and stream not in (select value from json_each(?))`;
    const released = JSON.stringify([...this.#released]);
    const living = (): string => JSON.stringify([...this.living()]);
    // Nearly always there is none, which needs no lock to be seen.
    const found = this.#database
      .prepare(`select 1 from work where ${orphaned} limit 1`)
      .get(this.#run, living(), released);
    if (found === undefined) return [];
    return this.#writer.write((database) => {
      const others = living();
      const streams = database
        .prepare<string>(`select stream from work where ${orphaned}`)
        .pluck()
        .all(this.#run, others, released);
      database
        .prepare(`update work set owner = ? where ${orphaned}`)
        .run(this.#run, this.#run, others, released);
      return streams;
    });
  }

  /** Leaves the work of a stream to whichever run knows its kind. */
  release(stream: string): void {
    this.#released.add(stream);
    this.#writer.write((database) => {
      database.prepare("update work set owner = '' where stream = ? and owner = ?").run(stream, this.#run);
    });
  }

  /** The streams whose work this run has under way. */
  ownWork(): string[] {
    return this.#database.prepare<string>('select stream from work where owner = ?').pluck().all(this.#run);
  }

  /** A sign of life, if there is anything that another run would take over from a dead one. */
  giveSign(): void {
    const isNeeded = this.#database
      .prepare(
        `select 1 where exists (select 1 from work where owner = ?)
           or exists (select 1 from operations where run = ? and turn = 'taken')
           or exists (select 1 from timers where (policy <> 'deadline') = 1)`,
      )
      .get(this.#run, this.#run);
    if (isNeeded === undefined) return;
    this.#writer.write((database) => {
      this.#write(database, 0);
    });
  }

  /** Ends this run if it has begun: what it leaves behind is free for the next. */
  end(): void {
    if (!this.#hasBegun) return;
    this.#writer.write((database) => {
      this.#write(database, 1);
    });
    this.#hasBegun = false;
  }

  get #sleptMs(): number {
    const ms = Math.floor(this.#uptime() - this.#awakeAt);
    return this.#hasBegun && ms > sleepMinMs ? ms : 0;
  }

  /** A sign that the run lives comes after what it has slept: others take the time before it for running time. */
  #write(database: SqliteDatabase, hasEnded: 0 | 1): void {
    const now = this.#clock.now();
    if (this.#sleptMs > 0) {
      // Whoever was awake meanwhile, or has woken earlier and counted the same sleep, has given a sign.
      const signs = allRuns(database).map(({ seenAt }) => seenAt);
      const sleptMs = Math.min(this.#sleptMs, now - Math.max(...signs.filter((seenAt) => seenAt <= now)));
      if (sleptMs > sleepMinMs) standStill(database, sleptMs);
    }
    const { pid, process } = this.#identity;
    database
      .prepare('insert or replace into runs values (?, ?, ?, ?, ?)')
      .run(this.#run, pid, process, now, hasEnded);
  }

  /** What was counted so far of jumps of the clock, by whichever process, in milliseconds. */
  countedJumps(): number {
    this.#jumps ??= this.#database.prepare<number>('select jumped_ms from running_time').pluck();
    return this.#jumps.get() ?? 0;
  }

  /**
   * The clock has jumped, or the computer has slept, since so much of it was counted: that is not running time. Returns what
   * is counted now.
   */
  clockHasJumped(byMs: number, countedMs: number): number {
    return this.#writer.write((database) => {
      // Every process notices it and it counts once: one that was suspended may notice it hours later, and several as one.
      const ofOthersMs = this.countedJumps() - countedMs;
      const restMs = byMs - ofOthersMs;
      if (ofOthersMs === 0 || Math.abs(restMs) > sameJumpMs) {
        standStill(database, restMs);
        database.prepare('update running_time set jumped_ms = jumped_ms + ?').run(restMs);
      }
      return this.countedJumps();
    });
  }

  #lives({ run, pid, process, seenAt, hasEnded }: RunRow, now: number): boolean {
    if (run === this.#run) return true;
    if (hasEnded === 1) return false;
    // Another one of this process, where the system does not tell its threads apart.
    if (process === this.#identity.process) return true;
    if (this.#isDistant(process)) return this.#distant.lives(run, seenAt, now);
    if (pid === this.#identity.pid || !isProcess(pid)) return false;
    // Neither a clock that jumps nor a process that is idle or asleep ends a run: only the end of its process does.
    const current = this.#identityOf(pid);
    if (current !== undefined) return isSameProcess(current, process);
    // Of before the computer was started, no process is left, and their numbers are given anew. Whoever lives while the
    // clock is set forward by more than that gives a sign soon.
    return Math.abs(now - seenAt) < Math.min(silentMaxMs, this.#sinceBoot());
  }

  #isDistant(process: string): boolean {
    return isOutOfSight(this.#identity.process, process);
  }
}

/** Not `performance.now`, which stands in for another clock where a test moves the time. */
function uptimeOfProcess(): number {
  return Number(process.hrtime.bigint() / 1_000_000n);
}

/** Asked only where the system does not tell what a process is, which is rare. */
function sinceBoot(): number {
  return process.getBuiltinModule('node:os').uptime() * 1_000;
}

function allRuns(database: SqliteDatabase): RunRow[] {
  return database
    .prepare<RunRow>('select run, pid, process, seen_at as seenAt, has_ended as hasEnded from runs')
    .all();
}

/** When something was last known to run: a sign of life, the last event, or the last timer that was set. */
function lastSeenAt(database: SqliteDatabase, ended: readonly RunRow[]): number {
  const recorded = database.prepare<number | null>(
    'select recorded_at from events order by position desc limit 1',
  );
  const set = database.prepare<number | null>("select max(set_at) from timers where policy <> 'deadline'");
  return Math.max(recorded.pluck().get() ?? 0, set.pluck().get() ?? 0, ...ended.map(({ seenAt }) => seenAt));
}

/** Running time stands still while the clock goes on. */
function standStill(database: SqliteDatabase, ms: number): void {
  database.prepare('update running_time set away_ms = away_ms + ?').run(ms);
}

/** From now on every timer that restarts has its whole delay before it: see `0009-restarted-timers.ts`. */
function restartTimers(database: SqliteDatabase, now: number): void {
  database.prepare('update running_time set restarted_at = ? - away_ms').run(now);
}

/**
 * The clock was set back while nobody ran: timers that restart were set at what is now ahead, and must not wait for it. The
 * first two conditions are those of the index `timers_by_due`, and let through all that the last two do.
 */
function bringForward(database: SqliteDatabase): void {
  database.exec(
    `update timers set due_at = (select restarted_at from running_time) + delay_ms
     where (policy <> 'deadline') = 1 and due_at > (select restarted_at from running_time)
       and policy = 'restart' and due_at > (select restarted_at from running_time) + delay_ms`,
  );
}
