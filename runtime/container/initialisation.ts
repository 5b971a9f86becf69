import { closed, cycle, initFailed, tookTooLong } from './container-errors.ts';
import { gather, resolverOf } from './dependencies.ts';
import type { FactoryContext } from './factory-context.ts';
import type { Family } from './family.ts';
import { isPromiseLike } from './promise-like.ts';
import type { Resolution } from './resolution.ts';
import { runAs } from './running-code.ts';
import type { LastRun, Slot } from './slot.ts';

/** How many are begun within one another: each takes several frames of the stack. */
const depthMax = 100;

/** Who has a value made: somebody outside, or the factory of another. */
export type Asker = Resolution | Initialisation;

/**
 * One run of a factory. It is settled when its value is there or nobody waits for it any more, and has ended when the
 * factory has, and what it made too late is disposed.
 */
export class Initialisation {
  readonly slot: Slot;
  readonly family: Family;
  readonly resolution: Resolution;
  readonly promise: Promise<unknown>;
  /** Runs that this one has asked for and that were not settled then. */
  readonly waitsFor = new Set<Initialisation>();
  readonly ended: Promise<void>;
  isSettled = false;
  hasEnded = false;
  /** How many are waiting for one another up to whoever has asked first. */
  readonly #depth: number;
  readonly #resolve: (value: unknown) => void;
  readonly #reject: (error: Error) => void;
  readonly #end: () => void;
  readonly #last: LastRun;
  #abort: AbortController | undefined;
  #callOff: (() => void) | undefined;
  #hasCalled = false;
  #waitingFor = 0;
  #waitingSince = 0;

  constructor(slot: Slot, asker: Asker) {
    this.slot = slot;
    this.resolution = asker instanceof Initialisation ? asker.resolution : asker;
    this.#depth = asker instanceof Initialisation ? asker.#depth + 1 : 1;
    this.family = slot.layer.family;
    const settling = Promise.withResolvers<unknown>();
    const ending = Promise.withResolvers<void>();
    [this.promise, this.#resolve, this.#reject] = [settling.promise, settling.resolve, settling.reject];
    [this.ended, this.#end] = [ending.promise, ending.resolve];
    // Whoever waits hears of a failure; a factory may ask for what it then does not await.
    this.promise.catch(() => undefined);
    this.#last = {
      startedBy: asker instanceof Initialisation ? 'binding' : asker.startedBy,
      asker: asker instanceof Initialisation ? asker.name : null,
      startedAt: this.family.settings.clock.now(),
      totalMs: 0,
      waitingMs: 0,
      error: undefined,
    };
    slot.last = this.#last;
    slot.attempts++;
    slot.status = 'initialising';
    slot.run = this;
    slot.promise = this.promise;
    this.family.running.add(this);
  }

  get name(): string {
    return this.slot.binding.name;
  }

  /** Makes the value: at once, if all that it needs is there, unless so many are being made that the stack might end. */
  start(): void {
    if (this.#depth % depthMax === 0) queueMicrotask(() => this.#begin());
    else this.#begin();
  }

  #begin(): void {
    if (this.isSettled) return;
    const { lingering, binding } = this.slot;
    const { deps, ready } =
      binding.needs === undefined
        ? { deps: resolverOf(this), ready: undefined }
        : gather(binding.needs, this);
    if (lingering !== undefined) this.#limit();
    if (lingering === undefined && ready === undefined) return this.#call(deps);
    Promise.all([ready, lingering]).then(
      () => this.#call(deps),
      (error) => this.#failed(error),
    );
  }

  /**
   * Notes that this run waits for another.
   *
   * @throws HOLDFAST_ERR_CONTAINER_CYCLE if the other one waits for this.
   */
  waitFor(other: Initialisation): void {
    const path = pathFrom(other, this);
    if (path !== undefined) throw cycle([this.name, ...path.map(({ name }) => name)]);
    this.waitsFor.add(other);
    const { clock } = this.family.settings;
    if (this.#waitingFor++ === 0) this.#waitingSince = clock.now();
    const resume = (): void => {
      if (--this.#waitingFor === 0 && !this.hasEnded)
        this.#last.waitingMs += clock.now() - this.#waitingSince;
    };
    other.promise.then(resume, resume);
  }

  /** Whoever waits is told why nobody does any more. The factory may go on until it has seen its signal. */
  giveUp(error: Error): void {
    if (this.isSettled) return;
    this.#settleBadly(error);
    if (this.#hasCalled) this.slot.lingering = this.ended;
    else this.#over();
    this.#reject(error);
    this.#abort?.abort(error);
  }

  #call(deps: unknown): void {
    if (this.isSettled) return;
    this.#hasCalled = true;
    this.#limit();
    const { factory } = this.slot.binding;
    try {
      const made = runAs(this, () => factory?.(deps as never, this.#context()));
      if (!isPromiseLike(made)) return this.#succeeded(made);
      Promise.resolve(made).then(
        (value) => this.#succeeded(value),
        (error) => this.#failed(error),
      );
    } catch (error) {
      this.#failed(error);
    }
  }

  #context(): FactoryContext {
    const signal = (): AbortSignal => {
      if (this.#abort === undefined) {
        this.#abort = new AbortController();
        if (this.isSettled && !this.hasEnded) this.#abort.abort(this.#last.error ?? closed(this.name));
      }
      return this.#abort.signal;
    };
    return {
      name: this.name,
      get signal() {
        return signal();
      },
    };
  }

  #limit(): void {
    const { settings } = this.family;
    const timeoutMs = this.slot.binding.initTimeoutMs ?? settings.initTimeoutMs;
    if (timeoutMs === undefined) return;
    this.#callOff ??= settings.clock.after(timeoutMs, () =>
      this.giveUp(initFailed(this.name, tookTooLong(timeoutMs))),
    );
  }

  #succeeded(value: unknown): void {
    const { slot } = this;
    const disposed = slot.layer.keep(slot, value, this.isSettled);
    if (!this.isSettled) {
      this.#settle(undefined);
      slot.fill(value);
      this.#resolve(value);
    }
    // Until then it may hold what the next attempt needs, and needs what a close disposes.
    if (disposed === undefined) this.#over();
    else void disposed.then(() => this.#over());
  }

  #failed(error: unknown): void {
    if (!this.isSettled) {
      const failure = initFailed(this.name, error);
      this.#settleBadly(failure);
      this.#reject(failure);
    }
    this.#over();
  }

  #settleBadly(error: Error): void {
    this.#settle(error);
    this.slot.fail();
    this.resolution.failed(this.slot, error);
  }

  #settle(error: unknown): void {
    this.isSettled = true;
    this.waitsFor.clear();
    this.#callOff?.();
    const { clock } = this.family.settings;
    if (this.#waitingFor > 0) this.#last.waitingMs += clock.now() - this.#waitingSince;
    this.#last.totalMs = clock.now() - this.#last.startedAt;
    this.#last.error = error;
  }

  #over(): void {
    this.hasEnded = true;
    this.family.running.delete(this);
    if (this.slot.lingering === this.ended) this.slot.lingering = undefined;
    this.#end();
  }
}

/** The runs from one to another, each waiting for the next, both ends included. */
function pathFrom(first: Initialisation, last: Initialisation): Initialisation[] | undefined {
  const seen = new Map<Initialisation, Initialisation | undefined>([[first, undefined]]);
  for (const run of seen.keys()) {
    if (run === last) {
      const path: Initialisation[] = [];
      for (let each: Initialisation | undefined = run; each !== undefined; each = seen.get(each))
        path.unshift(each);
      return path;
    }
    for (const next of run.waitsFor) if (!next.isSettled && !seen.has(next)) seen.set(next, run);
  }
  return undefined;
}
