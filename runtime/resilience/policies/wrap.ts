import { describe } from '../../protocol/names.ts';
import { invalidOption } from '../../protocol/options.ts';
import { contextOf } from './call-context.ts';
import type { ExecuteOptions, Policy, PolicyFunction } from './policy.ts';
import { settle } from './settle.ts';

/** Whether a value is a policy: has a method `execute`. */
export function isPolicy(value: unknown): value is Policy<unknown> {
  return typeof (value as { execute?: unknown } | null | undefined)?.execute === 'function';
}

/**
 * One policy of several, the first of which is the outermost: `wrap(timeout(5_000), retry())` limits all attempts together,
 * `wrap(retry(), timeout(5_000))` each.
 *
 * @throws HOLDFAST_ERR_OPTION_INVALID when one of them is no policy.
 */
export function wrap<Extra = never>(...policies: readonly Policy<Extra>[]): Policy<Extra> {
  for (const policy of policies) {
    if (!isPolicy(policy)) throw invalidOption(`wrap takes policies, got ${describe(policy)}.`);
  }
  return {
    execute: async <T>(fn: PolicyFunction<T>, given?: ExecuteOptions): Promise<T | Extra> => {
      const around =
        (inner: PolicyFunction<T | Extra>, policy: Policy<Extra>): PolicyFunction<T | Extra> =>
        (context) =>
          policy.execute(inner, context);
      const context = contextOf(fn, given);
      return settle(policies.reduceRight(around, fn as PolicyFunction<T | Extra>), context);
    },
  };
}
