import { parentPort } from 'node:worker_threads';
import { toWireError } from '../errors/wire-error.ts';
import type { StartReport } from './thread.ts';

/** Starts what a thread is for, and tells the main thread that it serves now, with what it has found, or why
 * it cannot. */
export async function reportStart(serve: () => unknown): Promise<void> {
  parentPort?.postMessage(await startReport(serve));
}

/** What is to be told of a start. */
export async function startReport(serve: () => unknown): Promise<StartReport> {
  try {
    return { holdfast: { found: await serve() } };
  } catch (error) {
    return { holdfast: { failed: toWireError(error) } };
  }
}
