import { decode } from '../protocol/codec.ts';
import type { RecordedEvent } from '../protocol/recorded-event.ts';

/** What an event store holds: facts with a type, a payload and optional metadata. */
export interface EventShape {
  readonly type: string;
  readonly data: unknown;
}

/** A fact to append. */
export interface NewEvent {
  /** A name in the past tense, such as `created`. */
  readonly type: string;
  /** The payload: plain data, Date, Map, Set, bigint, typed arrays, nested. Default `{}`. */
  readonly data?: unknown;
  /** About the event rather than of it: who, why, correlation. Default `{}`. */
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** A unique id of the caller's, by which a repeated append is recognised. Default: a new UUID of version 7. */
  readonly id?: string;
}

/** A fact as it was appended, with its place in its stream and in the log. */
export interface StoredEvent<Event extends EventShape = EventShape> {
  readonly id: string;
  readonly stream: string;
  /** Place in the stream: 1, 2, 3, ... without gaps. */
  readonly version: number;
  /** Place in the log, in order of arrival: 1, 2, 3, ... without gaps. What cursors point at. */
  readonly position: number;
  readonly type: Event['type'];
  readonly data: Event['data'];
  readonly metadata: Readonly<Record<string, unknown>>;
  /** When it was recorded, by the clock of the machine. For people; order is `position`. */
  readonly recordedAt: Date;
}

/** Decodes an event as it left the backend. */
export function toStoredEvent<Event extends EventShape>(event: RecordedEvent): StoredEvent<Event> {
  const { id, stream, version, position, type, data, metadata, recordedAt } = event;
  return {
    id,
    stream,
    version,
    position,
    type,
    data: decode(data),
    metadata: metadata === null ? {} : (decode(metadata) as Record<string, unknown>),
    recordedAt: new Date(recordedAt),
  };
}
