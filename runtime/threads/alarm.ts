import type { Clock } from '../ports/clock.ts';

/** How often the clock is looked at while a timer is set: a clock that jumps is noticed within this, in milliseconds. */
const lookMs = 1_000;
/** What is taken for a jump of the clock rather than for a thread that was late, in milliseconds. */
const jumpMinMs = 2_000;

/**
 * Rings at a moment by the clock on the wall, however far away: a single timeout of Node.js ends after 24 days, does not
 * count while the computer sleeps, and knows nothing of a clock that is set. While nothing is set, nothing runs.
 */
export class Alarm {
  readonly #clock: Clock;
  readonly #onRing: () => void;
  readonly #onJump: (byMs: number) => void;
  #timeout: NodeJS.Timeout | undefined;
  #dueAt = Number.POSITIVE_INFINITY;
  /** The wall clock less the time that the processor has counted: constant unless the clock jumps or sleep comes. */
  #offset = 0;

  constructor(clock: Clock, on: { readonly ring: () => void; readonly jump: (byMs: number) => void }) {
    this.#clock = clock;
    this.#onRing = on.ring;
    this.#onJump = on.jump;
  }

  /** Sets the alarm for the earlier of this moment and the one it is set for. */
  setFor(dueAt: number): void {
    if (dueAt >= this.#dueAt) return;
    this.#dueAt = dueAt;
    if (this.#timeout === undefined) this.#offset = this.#clock.now() - performance.now();
    this.#wait();
  }

  /**
   * Tells of a jump of the clock since the last look, if an alarm is set: whoever asks what is due must not do so by a
   * clock that has jumped unnoticed. False if the jump could not be told of.
   */
  checkClock(): boolean {
    if (this.#timeout === undefined) return true;
    const offset = this.#clock.now() - performance.now();
    const jumpedMs = Math.round(offset - this.#offset);
    if (Math.abs(jumpedMs) < jumpMinMs) return true;
    try {
      this.#onJump(jumpedMs);
    } catch {
      // The disk is full or the file is locked: the next look tells of it again.
      return false;
    }
    this.#offset = offset;
    return true;
  }

  stop(): void {
    clearTimeout(this.#timeout);
    this.#timeout = undefined;
    this.#dueAt = Number.POSITIVE_INFINITY;
  }

  #wait(): void {
    clearTimeout(this.#timeout);
    const leftMs = Math.max(0, this.#dueAt - this.#clock.now());
    this.#timeout = setTimeout(() => this.#look(), Math.min(leftMs, lookMs));
  }

  #look(): void {
    if (!this.checkClock()) {
      this.#timeout = setTimeout(() => this.#look(), lookMs);
      return;
    }
    if (this.#clock.now() < this.#dueAt) return this.#wait();
    this.stop();
    this.#onRing();
  }
}
