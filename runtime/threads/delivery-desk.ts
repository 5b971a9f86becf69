import type { Clock } from '../ports/clock.ts';
import type { HeldBack, MessageRange, PendingCounts, PendingDelivery } from '../protocol/delivery.ts';
import { limits } from '../protocol/limits.ts';
import type { DeliverySignal } from '../protocol/store-control.ts';
import { ownIdentity, type ProcessIdentity } from '../sqlite/connection/process-identity.ts';
import { PendingDeliveries } from '../sqlite/deliveries/pending-deliveries.ts';
import { RestartedTimers } from '../sqlite/deliveries/restarted-timers.ts';
import { Runs } from '../sqlite/deliveries/runs.ts';
import type { SqliteDatabase } from '../sqlite/driver.ts';
import type { LogWriter } from '../sqlite/log/log-writer.ts';
import type { RunsOfOperations } from '../sqlite/operations/operation-table.ts';
import { Alarm } from './alarm.ts';

/** How often a run gives a sign of life, and looks for work and messages that a dead one has left, in milliseconds. */
const signMs = 5_000;

/**
 * The store thread's part of what is delivered to actors: says when a timer is due or a message waits, hands them out,
 * and looks after the run that they belong to. Idle until a runtime begins its run.
 */
export class DeliveryDesk {
  readonly #writer: LogWriter;
  readonly #clock: Clock;
  readonly #pending: PendingDeliveries;
  readonly #restarted: RestartedTimers;
  readonly runs: Runs;
  /** For operations, which a runtime may have in hand that has nobody to deliver to. */
  readonly ofOperations: RunsOfOperations = {
    begin: () => {
      this.runs.begin();
      this.#keepGivingSigns();
    },
    stayKnown: () => this.runs.stayKnown(),
    living: () => this.runs.living(),
  };
  readonly #signal: (signal: DeliverySignal) => void;
  readonly #alarm: Alarm;
  #signs: NodeJS.Timeout | undefined;
  #delivers = false;

  constructor(options: {
    readonly writer: LogWriter;
    readonly database: SqliteDatabase;
    readonly clock: Clock;
    readonly run: string;
    readonly signal: (signal: DeliverySignal) => void;
    /** Which process this is. Default: what the system says. */
    readonly identity?: ProcessIdentity | undefined;
    /** The clock of the processor, in milliseconds. Default: what the system says. */
    readonly uptime?: (() => number) | undefined;
  }) {
    const { writer, database, clock, run, signal } = options;
    this.#writer = writer;
    this.#clock = clock;
    this.#signal = signal;
    this.#pending = new PendingDeliveries(database);
    this.#restarted = new RestartedTimers(writer, database);
    this.runs = new Runs(writer, database, {
      clock,
      run,
      uptime: options.uptime,
      identity: options.identity ?? ownIdentity(),
    });
    this.#alarm = new Alarm(clock, {
      ring: () => signal({ kind: 'timers' }),
      counted: () => this.runs.countedJumps(),
      jump: (byMs, countedMs) => this.runs.clockHasJumped(byMs, countedMs),
    });
  }

  /** Begins the run: from now on signals are given. What is due or waits already is signalled at once. */
  begin(): void {
    this.#delivers = true;
    this.#keepGivingSigns();
    this.runs.begin();
    this.#checkClocks();
    this.#lookAround();
  }

  /** Before a commit: timers that it sets must not be taken for older than a jump of the clock that nobody saw yet. */
  committing(): void {
    if (this.#delivers) this.#checkClocks();
  }

  /** After a commit: timers may have been set, and messages sent. */
  committed(): void {
    const dueAt = this.#writer.takeEarliestDueAt();
    const hasMessages = this.#writer.takeMessageNews();
    if (!this.#delivers) return;
    if (dueAt !== Number.POSITIVE_INFINITY) this.#alarm.setFor(dueAt);
    if (hasMessages) this.#signal({ kind: 'messages' });
  }

  /** Timers that are due; sets the alarm for the next one. */
  dueTimers(without: HeldBack): PendingDelivery[] {
    // What is due by a clock that has jumped is not known; the alarm rings when it is.
    if (!this.#checkClocks()) return [];
    const now = this.#clock.now();
    const next = this.#putOff(now) ? now : this.#pending.nextDueAt(now);
    if (next !== undefined) this.#alarm.setFor(next);
    return this.#pending.dueTimers(now, limits.deliveriesMax, without);
  }

  /** Messages that wait. */
  messages(without: HeldBack, range: MessageRange): PendingDelivery[] {
    return this.#pending.messages(limits.deliveriesMax, without, range);
  }

  /** How much there is to deliver, sooner or later. */
  counts(): PendingCounts {
    return this.#pending.counts();
  }

  /** Actors whose work this run has under way. */
  ownWork(): string[] {
    return this.runs.ownWork();
  }

  /** Leaves the work of an actor to another run: this one does not know its kind. */
  releaseWork(stream: string): void {
    this.runs.release(stream);
  }

  /** Ends the run, also one that was begun by somebody else. */
  end(): void {
    clearInterval(this.#signs);
    this.#signs = undefined;
    this.#delivers = false;
    this.#alarm.stop();
    try {
      this.runs.end();
    } catch {
      // A full disk must not keep anyone from closing: the run is then taken for one that was killed.
    }
  }

  /** Sees to it that what the computer has slept, and a jump of the clock, do not count as running time; false if not. */
  #checkClocks(): boolean {
    return this.runs.noticeSleep() && this.#alarm.checkClock();
  }

  #lookAround(): void {
    const streams = this.runs.claimOrphans();
    if (streams.length > 0) this.#signal({ kind: 'work', streams });
    this.#signal({ kind: 'timers' });
    this.#signal({ kind: 'messages' });
  }

  /** Timers that come up and are to begin anew; whether there are more of them. */
  #putOff(now: number): boolean {
    try {
      return this.#restarted.moveOn(now);
    } catch {
      // A full disk keeps no other timer from being delivered; the next sign of life tries again.
      return false;
    }
  }

  #keepGivingSigns(): void {
    this.#signs ??= setInterval(() => this.#giveSign(), signMs);
  }

  #giveSign(): void {
    if (!this.runs.noticeSleep()) return;
    try {
      // It is not begun where the disk was full or another process held the lock: others would take its work for left behind.
      this.runs.begin();
      this.runs.giveSign();
      if (this.#delivers) this.#lookAround();
      // Whoever looks seldom cannot tell a run that is silent from one whose signs it has missed.
      else this.runs.living();
    } catch {
      // The disk failed or another process holds the lock: the next sign is soon.
    }
  }
}
