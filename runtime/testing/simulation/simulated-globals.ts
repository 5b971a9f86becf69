import { promisify } from 'node:util';
import { type Background, borrowEntropy } from '../../../actors/steps/install-entropy.ts';
import { simulateEventIds } from '../../protocol/event-id.ts';
import type { SimulationRandom } from './random.ts';
import type { Scheduler } from './scheduler.ts';
import { VirtualTimer } from './virtual-timer.ts';

type Call = (...args: unknown[]) => unknown;

/** The clock on the wall of a simulation. */
export interface VirtualClock {
  /** Milliseconds since 1970. */
  now(): number;
}

/**
 * Has the time, chance and timers that code of the simulation sees come from the simulation: those of the language and
 * of Node.js, also as `node:timers`, `node:timers/promises` and `node:crypto`. Other code in the same process, which is
 * told apart by its async context, goes on as before. Returns how to have everything as it was.
 */
export function simulateGlobals(
  scheduler: Scheduler,
  clock: VirtualClock,
  chance: SimulationRandom,
  ids: SimulationRandom,
): () => void {
  const background: Background = {
    time: () => clock.now(),
    monotonic: () => scheduler.now,
    chance: () => chance.bits,
  };
  const restoreIds = simulateEventIds(() =>
    scheduler.current === undefined ? undefined : eventId(clock.now(), ids),
  );
  const restoreTimers = simulateTimers(scheduler);
  const restoreEntropy = borrowEntropy(() => (scheduler.current === undefined ? undefined : background));
  // Whoever has imported them by name sees what was put in their place.
  const { syncBuiltinESMExports } = process.getBuiltinModule('node:module');
  syncBuiltinESMExports();
  return () => {
    restoreTimers();
    restoreEntropy();
    restoreIds();
    syncBuiltinESMExports();
  };
}

/** UUID version 7 (RFC 9562). */
function eventId(nowMs: number, random: SimulationRandom): string {
  const time = nowMs.toString(16).padStart(12, '0');
  const hex = (digits: number): string =>
    Math.floor(random.fraction() * 16 ** digits)
      .toString(16)
      .padStart(digits, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hex(3)}-${random.pick([...'89ab'])}${hex(3)}-${hex(6)}${hex(6)}`;
}

function simulateTimers(scheduler: Scheduler): () => void {
  const undo: (() => void)[] = [];
  const replace = (target: object, name: string, make: (system: Call) => Call): void => {
    const before = Object.getOwnPropertyDescriptor(target, name);
    const system = (target as Record<string, Call>)[name] as Call;
    undo.push(() => {
      if (before === undefined) Reflect.deleteProperty(target, name);
      else Object.defineProperty(target, name, before);
    });
    const value = Object.defineProperties(make(system), {
      name: { value: name, configurable: true },
    });
    Object.defineProperty(target, name, { value, configurable: true, writable: true, enumerable: true });
  };
  const timers = process.getBuiltinModule('node:timers');
  const later = (isInterval: boolean) => (system: Call) => {
    const set = (run: Call, delayMs?: number, ...args: unknown[]): unknown => {
      const { current } = scheduler;
      if (current === undefined || typeof run !== 'function') return system(run, delayMs, ...args);
      const ring = (): void => void run(...args);
      return new VirtualTimer(scheduler, current, { delayMs: delayMs ?? 1, isInterval, ring });
    };
    if (!isInterval) {
      Object.defineProperty(set, promisify.custom, {
        value: (delayMs?: number, value?: unknown, options?: WaitOptions) =>
          scheduler.current === undefined
            ? (system as unknown as { [promisify.custom]: Call })[promisify.custom](delayMs, value, options)
            : wait(delayMs, value, options),
      });
    }
    return set as Call;
  };
  const clear = (system: Call) => (timer: unknown) =>
    timer instanceof VirtualTimer ? timer.close() : system(timer);
  const immediates = new Map<object, () => void>();
  const soon =
    (system: Call) =>
    (run: unknown, ...args: unknown[]) => {
      const { current } = scheduler;
      if (current === undefined || typeof run !== 'function') return system(run, ...args);
      const handle = new VirtualImmediate();
      immediates.set(handle, () => void (run as Call)(...args));
      current.soon(() => {
        const task = immediates.get(handle);
        immediates.delete(handle);
        task?.();
      });
      return handle;
    };
  const clearSoon = (system: Call) => (handle: unknown) =>
    handle instanceof VirtualImmediate ? void immediates.delete(handle) : system(handle);
  for (const target of [globalThis, timers]) {
    replace(target, 'setTimeout', later(false));
    replace(target, 'setInterval', later(true));
    replace(target, 'setImmediate', soon);
    replace(target, 'clearTimeout', clear);
    replace(target, 'clearInterval', clear);
    replace(target, 'clearImmediate', clearSoon);
  }
  const promises = process.getBuiltinModule('node:timers/promises');
  /** Ours while a thread of the simulation runs, and the system's otherwise. */
  const simulated =
    (ours: Call, owner?: object) =>
    (system: Call): Call =>
    (...args) =>
      scheduler.current === undefined ? system.call(owner, ...args) : ours(...args);
  replace(promises, 'setTimeout', simulated(wait as Call));
  replace(promises, 'setInterval', simulated(every as Call));
  replace(
    promises,
    'setImmediate',
    simulated((value) => new Promise((resolve) => setImmediate(() => resolve(value)))),
  );
  replace(
    promises.scheduler,
    'wait',
    simulated(
      (delayMs, options) => wait(delayMs as number, undefined, options as WaitOptions),
      promises.scheduler,
    ),
  );
  replace(AbortSignal, 'timeout', (system) => (delayMs) => {
    if (scheduler.current === undefined) return system.call(AbortSignal, delayMs);
    const controller = new AbortController();
    const expire = (): void =>
      controller.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError'));
    setTimeout(expire, delayMs as number).unref();
    return controller.signal;
  });
  return () => {
    for (const step of undo.reverse()) step();
  };
}

interface WaitOptions {
  readonly signal?: AbortSignal;
  readonly ref?: boolean;
}

/** The `setTimeout` of `node:timers/promises`, over the one that is in place. */
function wait(delayMs: number | undefined, value: unknown, options: WaitOptions = {}): Promise<unknown> {
  const { signal } = options;
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(abortError(signal));
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(abortError(signal as AbortSignal));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve(value);
    }, delayMs);
    if (options.ref === false) timer.unref();
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/**
 * The `setInterval` of `node:timers/promises`, over timers that ring once: whoever takes the next turn waits for it, as
 * nobody does for an interval that calls back.
 */
async function* every(delayMs: number | undefined, value: unknown, options: WaitOptions = {}) {
  const { signal, ref } = options;
  let due = 0;
  let wake = (): void => undefined;
  const set = (): NodeJS.Timeout => {
    const next = setTimeout(() => {
      timer = set();
      due++;
      wake();
    }, delayMs);
    return ref === false ? next.unref() : next;
  };
  let timer = set();
  const onAbort = (): void => wake();
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    while (signal?.aborted !== true) {
      if (due === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      for (; due > 0; due--) yield value;
    }
    throw abortError(signal);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  }
}

function abortError(signal: AbortSignal): Error {
  const error = new Error('The operation was aborted', { cause: signal.reason });
  return Object.assign(error, { name: 'AbortError', code: 'ABORT_ERR' });
}

class VirtualImmediate {
  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  hasRef(): boolean {
    return true;
  }

  [Symbol.dispose](): void {
    clearImmediate(this as unknown as NodeJS.Immediate);
  }
}
