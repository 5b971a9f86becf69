import type { HoldfastErrorOf } from '../../runtime/errors/holdfast-error.ts';
import type { HostRequest } from '../../runtime/protocol/host-messages.ts';

/**
 * Whether an append was refused for a message that goes before, which is still to be delivered and is not decided again
 * here: deciding again would not help.
 */
export function isEarly(
  { delivery }: HostRequest,
  { expected }: HoldfastErrorOf<'HOLDFAST_ERR_VERSION_CONFLICT'>,
  retried: readonly HostRequest[] | undefined,
): boolean {
  const after = delivery?.consumed?.after;
  return expected === 'any' && !retried?.some((other) => other.delivery?.consumed?.id === after);
}
