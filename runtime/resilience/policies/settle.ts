import type { CallContext } from './call-context.ts';
import { neverAborted, onAbort } from './on-abort.ts';
import type { PolicyFunction } from './policy.ts';

/** Calls the function; what it throws is a rejection. */
export function begin<T>(fn: PolicyFunction<T>, context: CallContext): Promise<T> {
  return new Promise((resolve) => resolve(fn(context)));
}

/** Waits for a result unless somebody else settles first. A result that comes later is heard, but ignored. */
export function follow<T>(result: Promise<T>, { resolve, reject, stop }: Settling<T>): void {
  result.then(
    (value) => {
      stop();
      resolve(value);
    },
    (error) => {
      stop();
      reject(error);
    },
  );
}

/** How to settle a promise, and what to stop then. */
interface Settling<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (reason: unknown) => void;
  readonly stop: () => void;
}

/** Waits for a result, but not beyond the abort of the signal. */
export function orAborted<T>(result: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal === neverAborted) return result;
  return new Promise((resolve, reject) => {
    const stop = onAbort(signal, () => reject(signal.reason));
    follow(result, { resolve, reject, stop });
  });
}

/** Calls the function unless the signal is aborted, and waits for it no longer than until then. */
export function settle<T>(fn: PolicyFunction<T>, context: CallContext): Promise<T> {
  const { signal } = context;
  return signal.aborted ? Promise.reject(signal.reason) : orAborted(begin(fn, context), signal);
}
