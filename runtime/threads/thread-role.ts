import { isMainThread, workerData } from 'node:worker_threads';

/** The work a thread is started for; `pool` for a thread of the CPU pool, which piscina starts and serves. */
export type ThreadRole = 'store' | 'reader' | 'host' | 'cpu' | 'pool';

/** What this thread was started for by Holdfast; `undefined` for any other thread. */
export const threadRole: ThreadRole | undefined = isMainThread
  ? undefined
  : (workerData as { holdfast?: ThreadRole } | null)?.holdfast;

let isDefining = false;

/** Imports modules of an application in this thread for what they define: meanwhile nothing may be opened. */
export async function onlyDefining<Result>(load: () => Promise<Result>): Promise<Result> {
  isDefining = true;
  try {
    return await load();
  } finally {
    isDefining = false;
  }
}

/** Whether this thread may open a runtime or a store. */
export function mayOpen(): boolean {
  return threadRole === undefined && !isDefining;
}
