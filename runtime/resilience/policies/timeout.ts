import { holdfastError } from '../../errors/holdfast-error.ts';
import { type MonotonicClock, monotonicClock, timerMaxMs } from '../../ports/monotonic-clock.ts';
import { checkOptions, checkWholeOption } from '../../protocol/options.ts';
import { follow } from '../../waiting/follow.ts';
import { onAbort } from '../../waiting/on-abort.ts';
import { CallContext, contextOf } from './call-context.ts';
import { checkMethods } from './check-methods.ts';
import type { Policy } from './policy.ts';
import { begin } from './settle.ts';

/**
 * Gives a call up after `timeoutMs` milliseconds of the monotonic clock: rejects at once, and aborts the signal of the
 * function with the same error, so that it can stop. What it does afterwards is ignored; it may have been carried out.
 *
 * @throws HOLDFAST_ERR_TIMEOUT from `execute`; HOLDFAST_ERR_OPTION_INVALID.
 *
 * @example
 * await timeout(5_000).execute(({ signal }) => fetch(url, { signal }));
 */
export function timeout(timeoutMs: number, options: { readonly clock?: MonotonicClock } = {}): Policy {
  checkOptions('timeout', options, ['clock']);
  checkWholeOption('timeout', 'timeoutMs', timeoutMs ?? null, 1, timerMaxMs);
  const { clock = monotonicClock } = options;
  checkMethods('timeout', 'clock', clock, ['now', 'after']);
  return {
    execute: async (fn, given) => {
      const { signal, attempt, key, deadline = Number.POSITIVE_INFINITY } = contextOf(fn, given);
      signal.throwIfAborted();
      return new Promise((resolve, reject) => {
        const controller = new AbortController();
        const stop = (): void => {
          callOff();
          leave();
        };
        const giveUp = (reason: unknown): void => {
          stop();
          reject(reason);
          controller.abort(reason);
        };
        const callOff = clock.after(timeoutMs, () => giveUp(timedOut(timeoutMs)));
        const leave = onAbort(signal, () => giveUp(signal.reason));
        const sooner = Math.min(deadline, clock.now() + timeoutMs);
        follow(begin(fn, new CallContext(controller.signal, attempt, key, sooner)), {
          resolve,
          reject,
          stop,
        });
      });
    },
  };
}

function timedOut(timeoutMs: number): Error {
  return holdfastError(
    'HOLDFAST_ERR_TIMEOUT',
    `The call took longer than ${timeoutMs} ms. It may have been carried out.`,
  );
}
