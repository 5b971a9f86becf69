import type { Cause } from '../../runtime/protocol/cause.ts';
import type { Delivery } from '../../runtime/protocol/delivery.ts';
import { blankRequest, type HostRequest } from '../../runtime/protocol/host-messages.ts';
import type { ActorPath } from '../../runtime/protocol/timer.ts';
import { entryOf, type JournalEntry, keepable, madeEntryOf } from '../journal.ts';
import type { MachineEvent } from '../xstate-adapter.ts';

/**
 * The request that journals an event from within: of invoked work, or of an action that sends to its own actor. Nobody
 * waits for its answer, so its number is 0.
 *
 * @throws HOLDFAST_ERR_PAYLOAD_INVALID for an event that cannot be kept; an output or a value that cannot is the failure of
 * its work instead.
 */
export function inputRequest(
  address: string,
  actor: ActorPath,
  event: MachineEvent,
  workKey: string | null = null,
  cause: Cause | null = null,
  fromWork: Delivery['fromWork'] = null,
): HostRequest {
  const { type: name, payload } = workKey === null ? madeEntryOf(event) : keptEntry(event);
  const delivery = { consumed: null, actor, passOnTo: null, sender: null, workKey, fromWork, cause };
  return { ...blankRequest('deliver', address), name, payload, delivery };
}

/** Whether a request is of that kind. */
export function isInput({ id, operation }: HostRequest): boolean {
  return id === 0 && operation === 'deliver';
}

/** The request that has an actor read again, for nobody. */
export function wakeRequest(address: string): HostRequest {
  return blankRequest('wake', address);
}

/** The request that brings an actor in memory up to what other processes have written, for nobody. */
export function refreshRequest(address: string): HostRequest {
  return blankRequest('refresh', address);
}

function keptEntry(event: MachineEvent): JournalEntry {
  try {
    return entryOf(event);
  } catch (error) {
    if (event.type === 'holdfast.work.done' || event.type === 'holdfast.work.next')
      return entryOf({ type: 'holdfast.work.failed', error } as MachineEvent);
    if (event.type !== 'holdfast.work.failed') throw error;
    const { error: thrown } = event as MachineEvent & { error: unknown };
    return entryOf({ type: 'holdfast.work.failed', error: keepable(thrown) } as MachineEvent);
  }
}
