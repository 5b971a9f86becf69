import type { Definitions } from '../../actors/definitions/definition-of.ts';
import { decode } from '../protocol/codec.ts';
import type { ProjectionEvent } from './projection-event.ts';

/** Values of one event in a page for projections. */
export const fieldsOfEvent = 10;

/** That of before a thread makes its own of it, which takes longer. */
const SystemDate = Date;

type Fields = [
  position: number,
  eventId: string,
  stream: string,
  version: number,
  type: string,
  schemaVersion: number,
  data: string,
  metadata: string | null,
  recordedAt: number,
  hlcMs: number,
];

/** An event as it is stored, and what the definition of its kind makes of it. */
export interface StoredForProjection {
  readonly position: number;
  readonly stream: string;
  readonly version: number;
  readonly type: string;
  /** What its handlers take time and chance from. */
  readonly seed: string;
  /** It in the shape of today: one event, several, or none. Throws what the upcasters throw. */
  readonly events: () => readonly ProjectionEvent[];
}

/** The event at an index of a page. */
export function storedEventAt(
  row: readonly unknown[],
  at: number,
  definitions: Definitions,
): StoredForProjection {
  const [position, eventId, stream, version, type, schemaVersion, data, metadata, recordedAt, hlcMs] =
    row.slice(at, at + fieldsOfEvent) as Fields;
  const slash = stream.indexOf('/');
  const kind = slash > 0 ? stream.slice(0, slash) : '';
  const id = stream.slice(kind === '' ? 0 : slash + 1);
  const about = metadata === null ? {} : (decode(metadata) as Record<string, unknown>);
  const toEvent = (as: string, payload: string): ProjectionEvent => ({
    id,
    kind,
    stream,
    version,
    position,
    type: as,
    data: decode(payload) as Record<string, unknown>,
    metadata: about,
    eventId,
    correlationId: textOr(about['correlationId'], eventId),
    causationId: textOr(about['causationId'], null),
    recordedAt: new SystemDate(recordedAt),
  });
  const events = (): readonly ProjectionEvent[] => {
    const hosted = definitions.get(kind);
    if (hosted === undefined || hosted instanceof Error) return [toEvent(type, data)];
    if (hosted.upcasting.schemaVersionOf(type) === schemaVersion) return [toEvent(type, data)];
    const page = {
      types: [type],
      schemaVersions: [schemaVersion],
      data: [data],
      positions: [position],
      version,
      head: eventId,
      position,
      more: false,
      workOwner: null,
      reply: null,
    };
    return hosted.upcasting.event(stream, page, 0).map((event) => toEvent(event.type, event.data));
  };
  return { position, stream, version, type, seed: `${eventId}@${hlcMs}`, events };
}

/** Types under which an event of these keys may be stored; `null` for any. */
export function storedTypesOf(keys: readonly string[], definitions: Definitions): readonly string[] | null {
  if (keys.some((key) => key === '*' || key.endsWith('.*'))) return null;
  const types = new Set<string>();
  for (const key of keys) {
    types.add(key);
    // A kind and a type may have dots: every end of the key may be the type.
    for (let dot = key.indexOf('.'); dot >= 0; dot = key.indexOf('.', dot + 1)) types.add(key.slice(dot + 1));
  }
  // What was stored under another type may be upcast to one of these.
  for (const hosted of definitions.values()) {
    if (hosted instanceof Error) continue;
    for (const type of Object.keys(hosted.definition.upcast)) types.add(type);
  }
  return [...types];
}

function textOr<Other>(value: unknown, other: Other): string | Other {
  return typeof value === 'string' ? value : other;
}
