/** How often the clocks are looked at, and what is taken for a sleep of the computer, in milliseconds. */
const timing = { lookMs: 2_000, sleepMinMs: 5_000 };

/**
 * Tells when the computer, or this process, has slept: a look comes late, or the wall clock has gone on while the
 * monotonic one stood still. Keeps no process alive.
 */
export class WakeWatch {
  readonly #timer: NodeJS.Timeout;
  #wall = Date.now();
  #monotonic = performance.now();

  constructor(onWake: () => void) {
    this.#timer = setInterval(() => {
      if (this.#hasSlept()) onWake();
    }, timing.lookMs);
    this.#timer.unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #hasSlept(): boolean {
    const [wall, monotonic] = [Date.now(), performance.now()];
    const [wallMs, monotonicMs] = [wall - this.#wall, monotonic - this.#monotonic];
    this.#wall = wall;
    this.#monotonic = monotonic;
    return monotonicMs > timing.lookMs + timing.sleepMinMs || wallMs - monotonicMs > timing.sleepMinMs;
  }
}
