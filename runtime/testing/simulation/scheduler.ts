import { AsyncLocalStorage } from 'node:async_hooks';
import type { EventLoop, Task } from './event-loop.ts';
import type { SimulationRandom } from './random.ts';
import { systemImmediate } from './system-immediate.ts';
import type { TimerQueue, VirtualTimer } from './virtual-timer.ts';

/** How far time goes on at once while nothing but periodic looks would happen, in milliseconds. */
const leapMs = 60_000;

interface Ready {
  readonly loop: EventLoop;
  readonly source: string;
  readonly take: () => Task | undefined;
}

/**
 * Runs the event loops of all simulated threads on one real thread: one task at a time, until everything has come of it
 * that needs no other task. Which of the loops has its turn, and whether with an immediate, a message or a timer, is drawn
 * from the seed; within each of these the order is kept, as Node.js keeps it. When nothing can happen at this moment, time
 * goes on to the next at which something can.
 */
export class Scheduler implements TimerQueue {
  /** Milliseconds since the beginning, by the clock that no jump disturbs. */
  now = 0;
  /** Tasks that were run. */
  tasks = 0;
  /** Whether everything is at rest, so that what looks for news again and again may do so less often. */
  isAtRest: () => boolean = () => false;
  readonly #random: SimulationRandom;
  readonly #context = new AsyncLocalStorage<EventLoop>();
  readonly #loops: EventLoop[] = [];
  readonly #timers: VirtualTimer[] = [];
  #timersSet = 0;
  #digest = 0x811c9dc5;

  constructor(random: SimulationRandom) {
    this.#random = random;
  }

  /** The loop whose code runs; `undefined` for code outside of the simulation. */
  get current(): EventLoop | undefined {
    return this.#context.getStore();
  }

  /** A number that two runs share only if all their turns were the same. */
  get digest(): string {
    return this.#digest.toString(16).padStart(8, '0');
  }

  start(loop: EventLoop): void {
    this.#loops.push(loop);
  }

  /** Nothing of this loop happens any more. */
  end(loop: EventLoop): void {
    loop.isAlive = false;
    const index = this.#loops.indexOf(loop);
    if (index >= 0) this.#loops.splice(index, 1);
    for (let at = this.#timers.length - 1; at >= 0; at--) {
      if (this.#timers[at]?.loop === loop) this.#timers.splice(at, 1);
    }
  }

  /** Runs code as that of a loop. */
  within<Result>(loop: EventLoop, run: () => Result): Result {
    return this.#context.run(loop, run);
  }

  /** Ends all loops. What still runs of them is outside of the simulation from now on. */
  close(): void {
    for (const loop of [...this.#loops]) this.end(loop);
    this.#context.disable();
  }

  add(timer: VirtualTimer): void {
    if (!timer.loop.isAlive) return;
    timer.order = ++this.#timersSet;
    let index = this.#timers.length;
    while (index > 0 && (this.#timers[index - 1] as VirtualTimer).at > timer.at) index--;
    this.#timers.splice(index, 0, timer);
  }

  remove(timer: VirtualTimer): void {
    const index = this.#timers.indexOf(timer);
    if (index >= 0) this.#timers.splice(index, 1);
  }

  /** Timers of a loop that ring again and again after so many milliseconds. */
  intervals(loop: EventLoop, everyMs: number): VirtualTimer[] {
    return this.#timers.filter((timer) => timer.loop === loop && timer.everyMs === everyMs);
  }

  /** Whether something waits for its turn, or for time that somebody waits for to pass. */
  get isBusy(): boolean {
    return this.#isReadyAt(Number.POSITIVE_INFINITY) || this.#timers.some(({ isAwaited }) => isAwaited);
  }

  /** Time passes while a task runs: for a slow disk. */
  pass(ms: number): void {
    this.now += ms;
  }

  /** Who has the next turn; time goes on until there is somebody. `undefined` if there never will be. */
  next(): Ready | undefined {
    let ready = this.#ready();
    if (ready.length === 0) {
      let at = this.#nextAt();
      if (at === Number.POSITIVE_INFINITY) return undefined;
      if (this.isAtRest()) at = Math.max(at, Math.min(this.#nextAt(isNoLook), this.now + leapMs));
      this.now = Math.max(this.now, at);
      ready = this.#ready();
    }
    return this.#random.pick(ready);
  }

  /** Runs one task of the loop that has its turn, and all that follows from it without another. */
  async run({ loop, source, take }: Ready): Promise<void> {
    this.tasks++;
    this.#note(`${loop.name} ${source} ${this.now}`);
    // Tasks take time, and mostly less than the clock can tell.
    if (this.#random.chance(0.2)) this.now++;
    const task = take();
    if (task !== undefined) {
      try {
        this.within(loop, task);
      } catch (error) {
        loop.onError(error);
      }
    }
    await new Promise<void>((resolve) => systemImmediate(resolve));
  }

  #ready(): Ready[] {
    const ready: Ready[] = [];
    for (const loop of this.#loops) {
      if (loop.immediates.length > 0) ready.push({ loop, source: 'i', take: () => loop.immediates.shift() });
      let port = 0;
      for (const inbox of loop.inboxes) {
        port++;
        if (inbox.readyAt <= this.now) ready.push({ loop, source: `p${port}`, take: () => inbox.take() });
      }
    }
    this.#addTimers(ready);
    return ready;
  }

  /** The first of each loop that is due. */
  #addTimers(ready: Ready[]): void {
    const seen = new Set<EventLoop>();
    for (const timer of this.#timers) {
      if (timer.at > this.now) return;
      const { loop } = timer;
      if (seen.has(loop)) continue;
      seen.add(loop);
      const take = (): Task => {
        this.remove(timer);
        return () => timer.ring();
      };
      ready.push({ loop, source: 't', take });
    }
  }

  #isReadyAt(time: number): boolean {
    return this.#loops.some(
      ({ immediates, inboxes }) =>
        immediates.length > 0 || [...inboxes].some(({ readyAt }) => readyAt < time || readyAt <= this.now),
    );
  }

  #nextAt(counts: (timer: VirtualTimer) => boolean = () => true): number {
    let at = this.#timers.find(counts)?.at ?? Number.POSITIVE_INFINITY;
    for (const { inboxes } of this.#loops) for (const { readyAt } of inboxes) at = Math.min(at, readyAt);
    return at;
  }

  /** FNV-1a (Fowler, Noll, Vo), 32 bits. */
  #note(text: string): void {
    for (let index = 0; index < text.length; index++) {
      this.#digest = Math.imul(this.#digest ^ text.charCodeAt(index), 0x01000193) >>> 0;
    }
  }
}

/** The main thread has a program of the user, whose intervals are not ours to thin out. */
function isNoLook({ everyMs, loop }: VirtualTimer): boolean {
  return everyMs === undefined || loop.name === 'main';
}
