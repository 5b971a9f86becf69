import { onTestFinished } from 'vitest';

interface Waiting {
  readonly callback: () => void;
  readonly dueInMs: number;
  readonly isOnce: boolean;
}

/**
 * A computer that can sleep, as far as this thread can tell, where the clock of the processor counts sleep (macOS and
 * Windows): every timer that came due meanwhile rings once as it wakes, before anything else happens. All other threads,
 * and this one while it is awake, run in real time.
 */
export function sleepingComputer(): { sleep(ms: number): void } {
  const { setTimeout, setInterval, clearTimeout, clearInterval } = globalThis;
  const { now } = performance;
  const waiting = new Map<unknown, Waiting>();
  let sleptMs = 0;
  onTestFinished(() => {
    Object.assign(globalThis, { setTimeout, setInterval, clearTimeout, clearInterval });
    performance.now = now;
  });

  performance.now = () => now.call(performance) + sleptMs;
  const clear = (timer: unknown): void => {
    waiting.delete(timer);
    clearTimeout(timer as NodeJS.Timeout);
  };
  Object.assign(globalThis, {
    setTimeout(callback: () => void, dueInMs = 1) {
      const timer = setTimeout(() => {
        waiting.delete(timer);
        callback();
      }, dueInMs);
      waiting.set(timer, { callback, dueInMs, isOnce: true });
      return timer;
    },
    setInterval(callback: () => void, dueInMs = 1) {
      const timer = setInterval(callback, dueInMs);
      waiting.set(timer, { callback, dueInMs, isOnce: false });
      return timer;
    },
    clearTimeout: clear,
    clearInterval: clear,
  });

  return {
    sleep(ms) {
      sleptMs += ms;
      for (const [timer, { callback, dueInMs, isOnce }] of [...waiting]) {
        if (dueInMs > ms || !waiting.has(timer)) continue;
        if (isOnce) clear(timer);
        callback();
      }
    },
  };
}
