/** How often the clocks are looked at, in milliseconds. */
const lookMs = 2_000;
/** What is taken for a sleep of the computer, in milliseconds. */
const sleepMinMs = 5_000;

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
    }, lookMs);
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
    return monotonicMs > lookMs + sleepMinMs || wallMs - monotonicMs > sleepMinMs;
  }
}
