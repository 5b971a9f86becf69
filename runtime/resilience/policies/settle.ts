import { orAborted } from '../../waiting/or-aborted.ts';
import type { CallContext } from './call-context.ts';
import type { PolicyFunction } from './policy.ts';

/** Calls the function; what it throws is a rejection. */
export function begin<T>(fn: PolicyFunction<T>, context: CallContext): Promise<T> {
  return new Promise((resolve) => resolve(fn(context)));
}

/** Calls the function unless the signal is aborted, and waits for it no longer than until then. */
export function settle<T>(fn: PolicyFunction<T>, context: CallContext): Promise<T> {
  const { signal } = context;
  return signal.aborted ? Promise.reject(signal.reason) : orAborted(begin(fn, context), signal);
}
