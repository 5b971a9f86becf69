import { isMainThread, workerData } from 'node:worker_threads';

/** The work a thread is started for; `pool` for a thread of the CPU pool, which piscina starts and serves. */
export type ThreadRole = 'store' | 'reader' | 'host' | 'cpu' | 'pool';

/** What this thread was started for by Holdfast; `undefined` for any other thread. */
export const threadRole: ThreadRole | undefined = isMainThread
  ? undefined
  : (workerData as { holdfast?: ThreadRole } | null)?.holdfast;
