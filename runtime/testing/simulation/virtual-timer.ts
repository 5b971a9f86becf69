import type { EventLoop } from './event-loop.ts';

/** What a timer needs of the scheduler that it waits with. */
export interface TimerQueue {
  readonly now: number;
  add(timer: VirtualTimer): void;
  remove(timer: VirtualTimer): void;
}

/** A timer of a simulation, with the methods of one of Node.js. */
export class VirtualTimer {
  readonly loop: EventLoop;
  /** Milliseconds between two calls; `undefined` for one that rings once. */
  readonly everyMs: number | undefined;
  at: number;
  /** Sets timers of one moment apart, in the order in which they were set. */
  order = 0;
  readonly #queue: TimerQueue;
  readonly #delayMs: number;
  readonly #ring: () => void;
  #isRef = true;

  constructor(
    queue: TimerQueue,
    loop: EventLoop,
    options: { readonly delayMs: number; readonly isInterval: boolean; readonly ring: () => void },
  ) {
    this.#queue = queue;
    this.loop = loop;
    this.#ring = options.ring;
    // As Node.js does with what is no delay.
    this.#delayMs = options.delayMs >= 1 && options.delayMs <= 2 ** 31 - 1 ? Math.trunc(options.delayMs) : 1;
    this.everyMs = options.isInterval ? this.#delayMs : undefined;
    this.at = queue.now + this.#delayMs;
    queue.add(this);
  }

  /** Whether somebody waits for it: neither an interval nor one that keeps no process alive. */
  get isAwaited(): boolean {
    return this.#isRef && this.everyMs === undefined;
  }

  /** Rings. One that rings again is set for the next time. */
  ring(): void {
    if (this.everyMs !== undefined) {
      this.at = this.#queue.now + this.everyMs;
      this.#queue.add(this);
    }
    this.#ring();
  }

  ref(): this {
    this.#isRef = true;
    return this;
  }

  unref(): this {
    this.#isRef = false;
    return this;
  }

  hasRef(): boolean {
    return this.#isRef;
  }

  refresh(): this {
    this.#queue.remove(this);
    this.at = this.#queue.now + this.#delayMs;
    this.#queue.add(this);
    return this;
  }

  close(): this {
    this.#queue.remove(this);
    return this;
  }

  [Symbol.dispose](): void {
    this.#queue.remove(this);
  }
}
