import { holdfastError } from '../errors/holdfast-error.ts';
import { nearestName } from '../errors/nearest-name.ts';
import type { EncodedEvent } from '../protocol/append.ts';
import { encode, encodeMetadata } from '../protocol/codec.ts';
import { createEventId } from '../protocol/event-id.ts';
import { limits } from '../protocol/limits.ts';
import { checkKey, checkName, checkWhole, describe } from '../protocol/names.ts';
import { isRecord } from '../protocol/options.ts';
import { sha256 } from '../protocol/sha256.ts';
import type { NewEvent } from './stored-event.ts';

const eventFields = ['type', 'data', 'metadata', 'id', 'schemaVersion'];

/** The events of an append, checked and encoded at the door. */
export interface EncodedBatch {
  readonly events: readonly EncodedEvent[];
  /** Whether the caller gave ids, to one event or more. */
  readonly idsAreKeys: boolean;
}

/** Checks and encodes the events of one append. */
export function encodeEvents(events: unknown): EncodedBatch {
  if (!Array.isArray(events) || events.length === 0) {
    throw invalid(`append takes an array of one or more events, got ${describe(events)}`);
  }
  if (events.length > limits.batchEventsMax) {
    throw holdfastError(
      'HOLDFAST_ERR_PAYLOAD_TOO_LARGE',
      `One append takes at most ${limits.batchEventsMax} events, got ${events.length}. Append in several batches.`,
      { size: events.length, limit: limits.batchEventsMax },
    );
  }
  // Unlike `map`, this visits holes too, which are no events.
  const encoded = Array.from(events, encodeEvent);
  const ids = new Set(encoded.map(({ id }) => id));
  if (ids.size < encoded.length) throw invalid('two events of one append have the same id');
  // Where only some have one, a repetition finds those there and the others not: a conflict, and nothing twice.
  return { events: encoded, idsAreKeys: events.some((event: NewEvent) => event.id !== undefined) };
}

/** What an idempotency key stands for: the content of the events, whatever ids they are given. */
export function contentFingerprint(events: readonly EncodedEvent[]): string {
  const contentOf = ({ type, data, metadata, schemaVersion }: EncodedEvent) =>
    // As it was before events of the store could have one, so that keys of that time are recognised.
    schemaVersion === 1 ? [type, data, metadata] : [type, data, metadata, schemaVersion];
  return sha256(JSON.stringify(events.map(contentOf)));
}

function encodeEvent(event: unknown, index: number): EncodedEvent {
  const at = `events[${index}]`;
  if (!isRecord(event)) throw invalid(`${at} must be an object, got ${describe(event)}`);
  for (const field of Object.keys(event)) if (!eventFields.includes(field)) throw unknownField(at, field);
  const { type, data = {}, metadata, id, schemaVersion = 1 } = event as unknown as NewEvent;
  checkName(`${at}.type`, type);
  if (id !== undefined) checkKey(`${at}.id`, id);
  checkWhole(`${at}.schemaVersion`, schemaVersion, 1);
  return {
    id: id ?? createEventId(),
    type,
    schemaVersion,
    data: encode(data, `${at}.data`),
    metadata: metadata === undefined ? null : encodeMetadata(metadata, `${at}.metadata`),
    hash: '',
  };
}

function unknownField(at: string, field: string): Error {
  const near = nearestName(field, eventFields);
  const hint = near === undefined ? 'The payload of an event goes into "data".' : `Did you mean "${near}"?`;
  return invalid(`${at} has the unknown field "${field}". ${hint} An event has ${eventFields.join(', ')}`);
}

function invalid(message: string): Error {
  return holdfastError('HOLDFAST_ERR_ARGUMENT_INVALID', `${message}.`);
}
