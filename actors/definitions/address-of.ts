import { type AddressRef, addressRef } from '../../runtime/protocol/address-ref.ts';
import type {
  ActorRef,
  AnyActorRef,
  AnyStateMachine,
  EventFromLogic,
  SnapshotFrom,
} from '../xstate-adapter.ts';
import type { AnyAggregateDefinition } from './define-aggregate.ts';

/**
 * The address of an actor as a target of XState's `sendTo` and `forwardTo`. The message is written with the transition
 * that sends it, delivered after the commit, and handled once by its receiver, in order, across crashes. It can be kept
 * in a context. Given the definition, the compiler knows what the receiver takes; two machines that write to each other
 * name one of them by its kind instead, or their types would need each other.
 *
 * @throws HOLDFAST_ERR_ARGUMENT_INVALID for a kind or an id that is no name.
 *
 * @example
 * entry: sendTo(({ context }) => addressOf(account, context.accountId), { type: 'debited', cents: 100 })
 */
export function addressOf<Machine extends AnyStateMachine>(
  definition: { readonly kind: string; readonly machine: Machine },
  id: string,
): AddressRef & ActorRef<SnapshotFrom<Machine>, EventFromLogic<Machine>>;
export function addressOf(kind: string, id: string): AddressRef & AnyActorRef;
export function addressOf(
  definition: Pick<AnyAggregateDefinition, 'kind'> | string,
  id: string,
): AddressRef & AnyActorRef {
  const kind = typeof definition === 'string' ? definition : definition?.kind;
  return addressRef(kind, id) as AddressRef & AnyActorRef;
}
