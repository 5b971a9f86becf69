import { decode } from '../protocol/codec.ts';
import type { RecordedEvent } from '../protocol/recorded-event.ts';

/** What an event store holds: facts with a type, a payload and optional metadata. */
export interface EventShape {
  readonly type: string;
  readonly data?: unknown;
}

/** A fact to append: its payload is required by type if the store is of known events. */
export type NewEvent<Event extends EventShape = EventShape> = Event extends EventShape
  ? NewEventFields<Event['type']> & NewEventData<Event['data']>
  : never;

interface NewEventFields<Type extends string> {
  /** A name in the past tense, such as `created`. */
  readonly type: Type;
  /** About the event rather than of it: who, why, correlation. Default `{}`. */
  readonly metadata?: Readonly<Record<string, unknown>>;
  /**
   * Which shape of its type the payload is in; matters for streams of actors with upcasters. Default 1, the first.
   */
  readonly schemaVersion?: number;
  /**
   * A unique id of the caller's; an append whose events all have one is recognised when it is repeated. Default: a new
   * UUID of version 7.
   */
  readonly id?: string;
}

/** The payload: plain data, Date, Map, Set, bigint, typed arrays, nested. Default `{}`. */
type NewEventData<Data> = unknown extends Data ? { readonly data?: Data } : { readonly data: Data };

/** A fact as it was appended, with its place in its stream and in the log. */
export type StoredEvent<Event extends EventShape = EventShape> = Event extends EventShape
  ? StoredEventFields & { readonly type: Event['type']; readonly data: Event['data'] }
  : never;

interface StoredEventFields {
  readonly id: string;
  readonly stream: string;
  /** Place in the stream: 1, 2, 3, ... without gaps. */
  readonly version: number;
  /** Place in the log, in order of arrival: 1, 2, 3, ... without gaps. What cursors point at. */
  readonly position: number;
  /** Which shape of its type the payload was written in: 1, 2, 3, ... */
  readonly schemaVersion: number;
  readonly metadata: Readonly<Record<string, unknown>>;
  /** When it was recorded, by the clock of the machine. For people; order is `position`. */
  readonly recordedAt: Date;
}

/** Decodes an event as it left the backend. */
export function toStoredEvent<Event extends EventShape>(event: RecordedEvent): StoredEvent<Event> {
  const { id, stream, version, position, type, schemaVersion, data, metadata, recordedAt } = event;
  return {
    id,
    stream,
    version,
    position,
    type,
    schemaVersion,
    data: decode(data),
    metadata: metadata === null ? {} : (decode(metadata) as Record<string, unknown>),
    recordedAt: new Date(recordedAt),
  } as StoredEvent<Event>;
}
