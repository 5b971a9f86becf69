import { holdfastError } from '../../runtime/errors/holdfast-error.ts';
import { keyOfRunning } from '../xstate-adapter.ts';

/**
 * The idempotency key of invoked work, for whoever carries it out: the same each time the same work is run again after a
 * crash, another one when its state is entered again. Takes the `self` that `fromPromise`, `fromCallback` and
 * `fromObservable` hand to their function. A promise finds it in its argument as well, as `idempotencyKey`.
 *
 * @throws HOLDFAST_ERR_ARGUMENT_INVALID for anything but the `self` of work that Holdfast runs.
 *
 * @example
 * fromPromise(({ input, signal, self }) => pay(input, { signal, idempotencyKey: idempotencyKeyOf(self) }))
 */
export function idempotencyKeyOf(self: object): string {
  const key = keyOfRunning(self);
  if (key !== undefined) return key;
  throw holdfastError(
    'HOLDFAST_ERR_ARGUMENT_INVALID',
    'idempotencyKeyOf takes the `self` that the function of a promise, callback or observable gets when a runtime runs it.',
  );
}
