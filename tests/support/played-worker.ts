import { EventEmitter } from 'node:events';
import type { Worker } from 'node:worker_threads';

/** A worker that a test plays: it emits what that says, and ends when it is told to. */
export function playedWorker(): Worker {
  const worker = Object.assign(new EventEmitter(), {
    ref: () => undefined,
    unref: () => undefined,
    terminate: () => worker.emit('exit', 1),
  });
  return worker as unknown as Worker;
}
