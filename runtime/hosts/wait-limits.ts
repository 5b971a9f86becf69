import { afterAwake } from '../waiting/awake-timer.ts';
import { onAbort } from '../waiting/on-abort.ts';
import { timedOut } from './host-errors.ts';
import type { PendingRequest } from './pending-request.ts';

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
  const leave = signal === undefined ? undefined : onAbort(signal, () => pending.giveUp(signal.reason));
  pending.finish = () => {
    callOff?.();
    leave?.();
  };
}
