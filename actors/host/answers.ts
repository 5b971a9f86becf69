import type { DirectAnswer } from '../../runtime/protocol/append-frame.ts';
import { encode } from '../../runtime/protocol/codec.ts';
import type { HostReceipt, HostRequest } from '../../runtime/protocol/host-messages.ts';
import { failureToBegin } from '../definitions/hosted-definition.ts';
import { keepable } from '../journal.ts';
import { contextToKeep } from '../steps/bare-machine.ts';
import type { Decision } from './decision.ts';
import type { Resident } from './resident.ts';

/** Where an actor is, as the answer to a command. */
export function receiptOf(resident: Resident, outcome: HostReceipt['outcome']): HostReceipt {
  const { committed, position } = resident;
  const { value: state, status } = committed.snapshot;
  const { version, head } = committed;
  return { outcome, version, position, head, state, context: null, status };
}

/** What the log needs to tell the sender of a command where the actor is, once the command is appended. */
export function directAnswer(
  { id: requestId, operation }: HostRequest,
  { events, snapshot }: Decision,
): DirectAnswer | null {
  if (requestId === 0 || events.length === 0 || operation === 'deliver') return null;
  return { requestId, state: snapshot.value, status: snapshot.status };
}

/** The whole durable state of an actor. Child actors in a context are shown by their ids, as XState persists them. Throws for one without a state. */
export function shown(resident: Resident): HostReceipt {
  const { committed, address, id } = resident;
  const { snapshot } = committed;
  const failure = failureToBegin(snapshot);
  if (failure !== undefined) throw failure;
  const context = contextToKeep(snapshot, id);
  const { output, error, tags } = snapshot;
  const details = { output, ...(error === undefined ? {} : { error: keepable(error) }), tags: [...tags] };
  return {
    ...receiptOf(resident, 'unchanged'),
    context: encode({ context, ...details }, address),
  };
}
