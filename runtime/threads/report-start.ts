import { parentPort } from 'node:worker_threads';
import { toWireError } from '../errors/wire-error.ts';

/** Starts what a thread is for, and tells the main thread that it serves now or why it cannot. */
export async function reportStart(serve: () => void | Promise<void>): Promise<void> {
  try {
    await serve();
    parentPort?.postMessage({});
  } catch (error) {
    parentPort?.postMessage({ failed: toWireError(error) });
  }
}
