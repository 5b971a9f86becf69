import '../node-version.ts';
import { workerData } from 'node:worker_threads';
import { serveReader } from './reader-thread.ts';
import { reportStart } from './report-start.ts';
import { serveStore } from './store-thread.ts';
import type { ThreadData } from './thread.ts';

// The file that the store and reader threads of the package start from: they load no module of an application, so it
// can be a single file. `worker.ts` is for hosts, and for applications that name a worker file of their own.
const { holdfast: role, control, data } = workerData as ThreadData;

void reportStart(() =>
  role === 'store' ? serveStore(control, data as never) : serveReader(control, data as never),
);
