import '../node-version.ts';
import { workerData } from 'node:worker_threads';
import { reportStart } from './report-start.ts';
import type { ThreadData } from './thread.ts';
import { threadRole } from './thread-role.ts';

/** Whether this thread was started by Holdfast: a bundle that is its own `workerUrl` branches on it. */
export const isHoldfastThread: boolean = threadRole !== undefined;

/** Each role loads only what it needs: a host never loads the native addon, the store never loads a machine. */
async function serve(threadData: ThreadData): Promise<unknown> {
  const { holdfast: role, control, data } = threadData;
  switch (role) {
    case 'store':
      return (await import('./store-thread.ts')).serveStore(control, data as never);
    case 'reader':
      return (await import('./reader-thread.ts')).serveReader(control, data as never);
    case 'host':
      return (await import('./host-thread.ts')).serveHost(control, data as never);
    case 'cpu':
      return (await import('./task-thread.ts')).serveTasks(control);
    case 'pool':
      return undefined;
  }
}

if (isHoldfastThread && threadRole !== 'pool') void reportStart(() => serve(workerData as ThreadData));
