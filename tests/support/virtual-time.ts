import type { MonotonicClock } from '../../runtime/ports/monotonic-clock.ts';

interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

/** A monotonic clock that is turned by hand, and a clock on the wall that goes with it unless it is set. */
export class VirtualTime implements MonotonicClock {
  readonly wall = { now: () => this.#now + this.#wallOffset };
  readonly #timers = new Set<Timer>();
  #now = 1_000;
  #wallOffset = 1_700_000_000_000;

  now(): number {
    return this.#now;
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { at: this.#now + delayMs, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** How many timers are set. */
  get pending(): number {
    return this.#timers.size;
  }

  /** The milliseconds until the next timer. */
  get nextInMs(): number {
    return Math.min(...[...this.#timers].map(({ at }) => at)) - this.#now;
  }

  /** Lets time pass; every timer rings in its moment, and what waits for it goes on before the next. */
  async pass(ms: number): Promise<void> {
    const until = this.#now + ms;
    await settled();
    for (;;) {
      const due = [...this.#timers].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#now = Math.max(this.#now, due.at);
      this.#timers.delete(due);
      due.callback();
      await settled();
    }
    this.#now = until;
  }

  /** The computer sleeps and the monotonic clock counts that, as on macOS and Windows: timers ring late, all at once. */
  async sleep(ms: number): Promise<void> {
    this.#now += ms;
    const late = [...this.#timers].filter(({ at }) => at <= this.#now);
    for (const timer of late) {
      this.#timers.delete(timer);
      timer.callback();
    }
    await settled();
  }

  /** The computer sleeps and the monotonic clock stands still, as on Linux; or somebody sets the clock on the wall. */
  setWall(byMs: number): void {
    this.#wallOffset += byMs;
  }
}

/** Until all promises that can go on have gone on. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
