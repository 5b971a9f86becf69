/** For calls that nobody can abort: it costs them no listener. */
export const neverAborted: AbortSignal = new AbortController().signal;

/**
 * Who waits under a signal: one listener a signal, since thousands of calls may share one, and removing a listener from
 * an AbortSignal takes longer the more it has.
 */
const underSignal = new WeakMap<AbortSignal, Set<() => void>>();

/** Calls back once when the signal is aborted, at once if it is already. Returns how to stop listening. */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  if (signal === neverAborted) return () => undefined;
  if (signal.aborted) {
    callback();
    return () => undefined;
  }
  const waiters = waitersUnder(signal);
  // Two calls may give the same function.
  const waiter = (): void => callback();
  waiters.add(waiter);
  return () => waiters.delete(waiter);
}

function waitersUnder(signal: AbortSignal): Set<() => void> {
  const known = underSignal.get(signal);
  if (known !== undefined) return known;
  const waiters = new Set<() => void>();
  underSignal.set(signal, waiters);
  signal.addEventListener(
    'abort',
    () => {
      for (const waiter of waiters) {
        waiters.delete(waiter);
        waiter();
      }
    },
    { once: true },
  );
  return waiters;
}
