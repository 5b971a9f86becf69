import { parentPort } from 'node:worker_threads';
import { toWireError } from '../errors/wire-error.ts';

/** Starts what a thread is for, and tells the main thread that it serves now, with what it has found, or why
 * it cannot. */
export async function reportStart(serve: () => unknown): Promise<void> {
  try {
    const found = await serve();
    parentPort?.postMessage({ found });
  } catch (error) {
    parentPort?.postMessage({ failed: toWireError(error) });
  }
}
