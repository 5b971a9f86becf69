import { describe } from '../../protocol/names.ts';
import { invalidOption } from '../../protocol/options.ts';
import { orAborted } from '../../waiting/or-aborted.ts';
import { CallContext, contextOf } from './call-context.ts';
import { markHandedOver } from './handed-over.ts';
import type { Policy } from './policy.ts';
import { begin } from './settle.ts';

/** What policies need of a circuit breaker. */
export interface CircuitBreakerLike {
  /** Calls the function, rejects since the circuit is open, or puts the call into a queue. */
  call<T>(
    fn: (signal: AbortSignal) => Promise<T> | T,
    options?: { readonly signal?: AbortSignal },
  ): Promise<
    | { readonly status: 'executed'; readonly value: T }
    | { readonly status: 'queued'; readonly id: string; readonly settled: Promise<T> }
  >;
}

/**
 * A circuit breaker as a policy. A call that the breaker queues is waited for until it is settled, or given up by a signal
 * or time-out around it, which the breaker is handed: that of a runtime never makes it then. When the queue has given it up,
 * {@link retry} does not begin again.
 *
 * @throws HOLDFAST_ERR_OPTION_INVALID when it is no circuit breaker.
 */
export function circuit(breaker: CircuitBreakerLike): Policy {
  // Every function has a method `call`, also `runtime.circuitBreaker` itself.
  if (
    typeof breaker === 'function' ||
    typeof (breaker as Partial<CircuitBreakerLike> | null)?.call !== 'function'
  ) {
    throw invalidOption(`circuit takes a circuit breaker, got ${describe(breaker)}.`);
  }
  return {
    execute: async (fn, given) => {
      const context = contextOf(fn, given);
      const { signal, attempt, key, deadline } = context;
      signal.throwIfAborted();
      const throughBreaker = async () => {
        const called = (inner: AbortSignal) => begin(fn, new CallContext(inner, attempt, key, deadline));
        const outcome = await breaker.call(called, { signal });
        if (outcome.status === 'executed') return outcome.value;
        outcome.settled.catch(markHandedOver);
        return outcome.settled;
      };
      return orAborted(throughBreaker(), signal);
    },
  };
}
