import { decode, encode } from './codec.ts';

/** What led to an event. */
export interface Cause {
  /** The id of the event, or of whatever the caller named, that it all began with. */
  readonly correlationId: string;
  /** The id of the event that asked for it. */
  readonly causationId: string;
}

/** What the metadata of an event says of its cause; without a word of it, the event is the beginning. */
export function correlationOf(metadata: string | null, eventId: string): string {
  if (metadata === null || !metadata.includes('"correlationId"')) return eventId;
  const { correlationId } = decode(metadata) as { correlationId?: unknown };
  return typeof correlationId === 'string' ? correlationId : eventId;
}

/** The metadata of an event that was not sent by a caller: the address it came from and what led to it, if known. */
export function metadataOfDelivery({
  sender,
  cause = null,
}: {
  readonly sender: string | null;
  readonly cause?: Cause | null | undefined;
}): string | null {
  if (sender === null && cause === null) return null;
  return encode({ ...(sender === null ? {} : { sender }), ...cause });
}
