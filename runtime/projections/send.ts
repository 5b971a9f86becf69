import { holdfastError } from '../errors/holdfast-error.ts';
import { type AddressRef, isAddressRef } from '../protocol/address-ref.ts';
import { encode } from '../protocol/codec.ts';
import { describe, isReservedType, reservedTypes } from '../protocol/names.ts';

/** A message to an actor, made by {@link Send}. */
export interface SentMessage {
  readonly target: string;
  readonly type: string;
  /** The rest of the event, encoded. */
  readonly data: string;
}

/** Makes a message: to whom, as `addressOf` gives it, and the event. */
export type Send = (
  to: AddressRef,
  event: { readonly type: string; readonly [field: string]: unknown },
) => SentMessage;

class Message implements SentMessage {
  readonly target: string;
  readonly type: string;
  readonly data: string;

  constructor(target: string, type: string, data: string) {
    this.target = target;
    this.type = type;
    this.data = data;
  }
}

/** Makes a message of a reactor. */
export const send: Send = (to, event) => {
  if (!isAddressRef(to)) throw wrong(`"send" takes what addressOf returned, got ${describe(to)}`);
  const { type, ...data } = event;
  if (typeof type !== 'string' || type === '')
    throw wrong(`"send" takes an event with a type, got ${describe(event)}`);
  if (isReservedType(type)) throw wrong(`the type "${type}" is reserved: ${reservedTypes}`);
  return new Message(to.address, type, encode(data, type));
};

/** Whether a value was made by {@link send}. */
export function isSentMessage(value: unknown): value is SentMessage {
  return value instanceof Message;
}

function wrong(what: string): Error {
  return holdfastError('HOLDFAST_ERR_ARGUMENT_INVALID', `A reactor is not what it should be: ${what}.`);
}
