import { isHoldfastError } from '../../runtime/errors/holdfast-error.ts';

/** Whether an append was refused although its version was right: a message that goes before is still to be delivered. */
export function isEarly(error: Error): boolean {
  return isHoldfastError(error, 'HOLDFAST_ERR_VERSION_CONFLICT') && error.expected === error.actual;
}
