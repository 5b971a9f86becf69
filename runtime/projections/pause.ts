import { onAbort } from '../waiting/on-abort.ts';

/** Waits for a signal, or for so many milliseconds, for which it keeps no process alive. */
export function pause(signal: AbortSignal, ms?: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = ms === undefined ? undefined : setTimeout(resolve, ms).unref();
    onAbort(signal, () => resolve(clearTimeout(timer)));
  });
}
