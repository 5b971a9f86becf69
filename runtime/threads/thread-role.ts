import { isMainThread, workerData } from 'node:worker_threads';

/** The work a thread is started for. */
export type ThreadRole = 'store' | 'reader' | 'host';

/** What this thread was started for by Holdfast; `undefined` for any other thread. */
export const threadRole: ThreadRole | undefined = isMainThread
  ? undefined
  : (workerData as { holdfast?: ThreadRole } | null)?.holdfast;
