import { encode } from '../runtime/protocol/codec.ts';
import type { HostReceipt } from '../runtime/protocol/host-messages.ts';
import { failureToBegin } from './hosted-definition.ts';
import { keepable } from './journal.ts';
import type { Resident } from './resident.ts';

/** Where an actor is, as the answer to a command. */
export function receiptOf(resident: Resident, outcome: HostReceipt['outcome']): HostReceipt {
  const { committed, position } = resident;
  const { value: state, status } = committed.snapshot;
  return { outcome, version: committed.version, position, state, context: null, status };
}

/** The whole durable state of an actor. Child actors in a context are shown by their ids, as XState persists them. Throws for one without a state. */
export function shown(resident: Resident): HostReceipt {
  const { hosted, committed, address } = resident;
  const { snapshot } = committed;
  const failure = failureToBegin(snapshot);
  if (failure !== undefined) throw failure;
  const { context } = hosted.machine.getPersistedSnapshot(snapshot) as unknown as { context: unknown };
  const { output, error, tags } = snapshot;
  const details = { output, ...(error === undefined ? {} : { error: keepable(error) }), tags: [...tags] };
  return {
    ...receiptOf(resident, 'unchanged'),
    context: encode({ context, ...details }, address),
  };
}
