import { neverAborted, onAbort } from './on-abort.ts';

/**
 * Waits for so many milliseconds, for which it keeps no process alive, but not beyond the abort of the signal. With none it
 * lets the event loop turn; `Infinity` waits for the signal alone.
 */
export async function pause(ms: number, signal: AbortSignal = neverAborted): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (ms === 0) setImmediate(resolve);
  const timer = ms === 0 || ms === Number.POSITIVE_INFINITY ? undefined : setTimeout(resolve, ms).unref();
  const leave = onAbort(signal, resolve);
  await promise;
  clearTimeout(timer);
  leave();
}
