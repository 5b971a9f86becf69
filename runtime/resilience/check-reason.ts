import { describe } from '../protocol/names.ts';
import { invalidOption } from '../protocol/options.ts';

/** @throws HOLDFAST_ERR_OPTION_INVALID for a reason that is no string. */
export function checkReason(method: string, reason: string | null): void {
  if (reason !== null && typeof reason !== 'string')
    throw invalidOption(`The reason of ${method} is a string, got ${describe(reason)}.`);
}
