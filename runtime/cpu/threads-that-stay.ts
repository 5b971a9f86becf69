import type { Worker } from 'node:worker_threads';
import { afterAwake } from '../ports/awake-timer.ts';
import { limits } from '../protocol/limits.ts';
import { exitGuard } from '../threads/exit-guard.ts';

/** What is needed of piscina. */
interface Pool {
  readonly threads: readonly Worker[];
  on(event: 'workerCreate' | 'workerDestroy', listener: () => void): unknown;
}

/**
 * Piscina tells a thread to end when its task is given up, and does not look whether it does. One that V8 does not
 * interrupt is left behind: see `Thread.kill`.
 */
export function leaveThreadsThatStay(pool: Pool): void {
  const running = new Set<Worker>();
  let callOff: () => void = () => undefined;
  const ending = (): Worker[] => {
    const threads = new Set(pool.threads);
    return [...running].filter((worker) => !threads.has(worker));
  };
  pool.on('workerCreate', () => {
    for (const worker of pool.threads) {
      if (running.has(worker)) continue;
      running.add(worker);
      worker.once('exit', () => {
        running.delete(worker);
        exitGuard.hasEnded(worker);
        if (ending().length === 0) callOff();
      });
    }
  });
  // It is told of before the pool has let go of the thread.
  pool.on('workerDestroy', () =>
    setImmediate(() => {
      callOff();
      if (ending().length === 0) return;
      callOff = afterAwake(limits.threadEndMs, () => {
        for (const worker of ending()) exitGuard.leaveBehind(worker);
      });
    }),
  );
}
