import { follow } from './follow.ts';
import { neverAborted, onAbort } from './on-abort.ts';

/** Waits for a result, but not beyond the abort of the signal. */
export function orAborted<T>(result: Promise<T>, signal: AbortSignal = neverAborted): Promise<T> {
  if (signal === neverAborted) return result;
  return new Promise((resolve, reject) => {
    const stop = onAbort(signal, () => reject(signal.reason));
    follow(result, { resolve, reject, stop });
  });
}
