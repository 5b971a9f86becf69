import type { Worker } from 'node:worker_threads';
import { limits } from '../protocol/limits.ts';
import { exitGuard } from '../threads/exit-guard.ts';
import { afterAwake } from '../waiting/awake-timer.ts';

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
  /** Threads that are told to end, each with how to call off that it is left behind. */
  const ending = new Map<Worker, () => void>();
  pool.on('workerCreate', () => {
    for (const worker of pool.threads) {
      if (running.has(worker)) continue;
      running.add(worker);
      worker.once('exit', () => {
        running.delete(worker);
        ending.get(worker)?.();
        ending.delete(worker);
        exitGuard.hasEnded(worker);
      });
    }
  });
  const look = (): void => {
    const threads = new Set(pool.threads);
    for (const worker of running) {
      if (threads.has(worker) || ending.has(worker)) continue;
      const leave = (): void => exitGuard.leaveBehind(worker);
      ending.set(worker, afterAwake(limits.threadEndMs, leave, limits.threadEndMs / 10));
    }
  };
  // It is told of before the pool has let go of the thread.
  pool.on('workerDestroy', () => setImmediate(look));
}
