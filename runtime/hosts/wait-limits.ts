import { afterAwake } from '../ports/awake-timer.ts';
import { timedOut } from './host-errors.ts';
import type { PendingRequest } from './pending-request.ts';

/**
 * Who waits under a signal: one listener a signal, since thousands of commands may share one, and removing a listener
 * from an AbortSignal takes longer the more it has.
 */
const underSignal = new WeakMap<AbortSignal, Set<PendingRequest>>();

/**
 * Gives a request up on abort, or when its own time-out is over; the usual one is looked after by the host, which has
 * one timer for all.
 */
export function limitWait(
  pending: PendingRequest,
  { signal, timeoutMs }: { readonly signal?: AbortSignal; readonly timeoutMs?: number },
): void {
  if (signal === undefined && timeoutMs === undefined) return;
  const callOff =
    timeoutMs === undefined
      ? undefined
      : afterAwake(timeoutMs, () => pending.giveUp(timedOut(pending.request)));
  const others = signal === undefined ? undefined : waitersUnder(signal);
  others?.add(pending);
  pending.finish = () => {
    callOff?.();
    others?.delete(pending);
  };
}

function waitersUnder(signal: AbortSignal): Set<PendingRequest> {
  let waiters = underSignal.get(signal);
  if (waiters !== undefined) return waiters;
  waiters = new Set();
  underSignal.set(signal, waiters);
  const all = waiters;
  signal.addEventListener(
    'abort',
    () => {
      for (const pending of all) pending.giveUp(signal.reason);
    },
    { once: true },
  );
  return waiters;
}
