import { checkFunction, checkOptions } from '../../protocol/options.ts';
import { contextOf } from './call-context.ts';
import { letGo } from './let-go.ts';
import type { Policy, PolicyContext } from './policy.ts';
import { settle } from './settle.ts';

/** What to resolve with instead of an error: a value, or a function of the error. A function as a value needs one around it. */
export type FallbackSource<F> = F | ((error: unknown, context: PolicyContext) => PromiseLike<F> | F);

/** When to fall back. */
export interface FallbackOptions {
  /** Whether an error is one to fall back for. Default all. What it throws rejects the call. */
  readonly fallbackOn?: (error: unknown) => boolean;
}

/**
 * Resolves with something else when the call fails. Abort by the caller is never hidden: it rejects with the reason. What a
 * fallback function throws is what the call rejects with.
 *
 * @throws HOLDFAST_ERR_OPTION_INVALID when an option is unknown.
 */
export function fallback<F>(source: FallbackSource<F>, options: FallbackOptions = {}): Policy<F> {
  checkOptions('fallback', options, ['fallbackOn']);
  const { fallbackOn = () => true } = options;
  checkFunction('fallback', 'fallbackOn', fallbackOn);
  return {
    execute: async (fn, given) => {
      const context = contextOf(fn, given);
      try {
        return await settle(fn, context);
      } catch (error) {
        context.signal.throwIfAborted();
        if (!fallbackOn(error)) throw error;
        if (typeof source !== 'function') {
          void letGo(error);
          return source;
        }
        const answer = source as (error: unknown, context: PolicyContext) => PromiseLike<F> | F;
        return settle(() => answer(error, context), context);
      }
    },
  };
}
