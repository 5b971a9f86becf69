import type { Clock } from '../ports/clock.ts';

/** How often the clock is looked at while a timer is set: a clock that jumps is noticed within this, in milliseconds. */
const lookMs = 1_000;
/** The longest that a timeout of Node.js can be, in milliseconds: 24 days. */
const timeoutMaxMs = 2 ** 31 - 1;
/** What is taken for a jump of the clock rather than for a thread that was late, in milliseconds. */
const jumpMinMs = 2_000;

/** Whoever sets an alarm. */
export interface AlarmListener {
  ring(): void;
  /** What all processes on the file have counted so far of jumps of the clock, in milliseconds. */
  counted(): number;
  /** The clock has jumped, since so much was counted; returns what is counted now. */
  jump(byMs: number, countedMs: number): number;
}

/**
 * Rings at a moment by the clock on the wall, however far away: a single timeout of Node.js ends after 24 days, does not
 * count while the computer sleeps, and knows nothing of a clock that is set. While nothing is set, nothing runs.
 */
export class Alarm {
  readonly #clock: Clock;
  readonly #on: AlarmListener;
  #timeout: NodeJS.Timeout | undefined;
  /** Beside the timeout, and not in its place: where time is simulated, looks may be left out while nothing is due. */
  #looks: NodeJS.Timeout | undefined;
  #dueAt = Number.POSITIVE_INFINITY;
  /** The wall clock less the time that the processor has counted: constant unless the clock jumps or sleep comes. */
  #offset: number | undefined;
  /** What was counted of all jumps when the clock was last seen not to have jumped. */
  #countedMs = 0;
  /** When that was last asked for, by the clock of the processor: not with each commit. */
  #askedAt = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, on: AlarmListener) {
    this.#clock = clock;
    this.#on = on;
  }

  /** Sets the alarm for the earlier of this moment and the one it is set for. */
  setFor(dueAt: number): void {
    if (dueAt >= this.#dueAt) return;
    this.#dueAt = dueAt;
    if (this.#offset === undefined) this.checkClock();
    this.#wait();
  }

  /**
   * Tells of a jump of the clock since it was first looked at, also of one while nothing was set: whoever asks what is due must
   * not do so by a clock that has jumped unnoticed, and no timer may be set by one. False if the jump could not be told of.
   */
  checkClock(): boolean {
    const at = performance.now();
    // Before the clock is read: what others count from now on is of a jump that this look may not see yet.
    const countedMs = at - this.#askedAt < lookMs ? this.#countedMs : this.#counted();
    const offset = this.#clock.now() - performance.now();
    this.#offset ??= offset;
    const jumpedMs = Math.round(offset - this.#offset);
    if (Math.abs(jumpedMs) < jumpMinMs) {
      this.#countedMs = countedMs;
      return true;
    }
    try {
      this.#countedMs = this.#on.jump(jumpedMs, this.#countedMs);
    } catch {
      // The disk is full or the file is locked: the next look tells of it again.
      return false;
    }
    this.#offset = offset;
    return true;
  }

  stop(): void {
    clearTimeout(this.#timeout);
    clearInterval(this.#looks);
    this.#timeout = undefined;
    this.#looks = undefined;
    this.#dueAt = Number.POSITIVE_INFINITY;
  }

  #wait(): void {
    clearTimeout(this.#timeout);
    const leftMs = Math.max(0, this.#dueAt - this.#clock.now());
    this.#timeout = setTimeout(() => this.#look(), Math.min(leftMs, timeoutMaxMs));
    this.#looks ??= setInterval(() => this.#look(), lookMs);
  }

  #look(): void {
    if (!this.checkClock()) return;
    if (this.#clock.now() < this.#dueAt) return this.#wait();
    this.stop();
    this.#on.ring();
  }

  #counted(): number {
    this.#askedAt = performance.now();
    try {
      return this.#on.counted();
    } catch {
      // The file cannot be read for now: what is known of it.
      return this.#countedMs;
    }
  }
}
