import { createRequire } from 'node:module';
import type { Worker } from 'node:worker_threads';

/** Has no thread be made for work that is only computing until the function is called. */
export function lackThreads(): () => void {
  const threads = createRequire(import.meta.url)('node:worker_threads') as { Worker: typeof Worker };
  const { Worker: Available } = threads;
  threads.Worker = class {
    constructor() {
      throw Object.assign(new Error('EAGAIN'), { code: 'ERR_WORKER_INIT_FAILED' });
    }
  } as never;
  return () => {
    threads.Worker = Available;
  };
}
