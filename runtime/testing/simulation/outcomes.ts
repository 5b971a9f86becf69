import { type ActorLogic, promiseLogic } from '../../../actors/xstate-adapter.ts';
import { describe } from '../../protocol/names.ts';
import { checkOptions, checkWholeOption, invalidOption } from '../../protocol/options.ts';

/** Options of {@link outcomes}. */
export interface OutcomesOptions {
  /** How long it takes, in virtual milliseconds. Default from 1 to 1,000. */
  readonly takesMs?: readonly [min: number, max: number];
}

/**
 * Stands for a promise that a machine invokes, in {@link simulate}: after some virtual time it comes to one of these
 * ends, chosen by the seed. An `Error` rejects, a function is called with the input of the work, anything else is the
 * output. Twice the same in the list is twice as likely.
 *
 * @throws HOLDFAST_ERR_OPTION_INVALID for an empty list.
 *
 * @example
 * simulate({ seed: 1, definitions: [order], script, actors: {
 *   order: { charge: outcomes(['charged', 'charged', new Error('declined')]) },
 * } });
 */
export function outcomes(choices: readonly unknown[], options: OutcomesOptions = {}): ActorLogic {
  if (!Array.isArray(choices) || choices.length === 0)
    throw invalidOption(`outcomes takes an array of at least one outcome, got ${describe(choices)}.`);
  checkOptions('outcomes', options, ['takesMs']);
  const [minMs, maxMs] = options.takesMs ?? [1, 1_000];
  checkWholeOption('outcomes', 'takesMs', minMs, 0);
  checkWholeOption('outcomes', 'takesMs', maxMs, minMs);
  return promiseLogic(async ({ input, signal }) => {
    // Both are the simulation's while it runs.
    const takesMs = minMs + Math.floor(Math.random() * (maxMs - minMs + 1));
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(resolve, takesMs);
      signal.addEventListener('abort', () => {
        clearTimeout(timer);
        reject(signal.reason as Error);
      });
    });
    const choice = choices[Math.floor(Math.random() * choices.length)] as unknown;
    const outcome = typeof choice === 'function' ? ((await choice(input)) as unknown) : choice;
    if (outcome instanceof Error) throw outcome;
    return outcome;
  });
}
