import { holdfastError } from '../../runtime/errors/holdfast-error.ts';
import { messageOf } from '../../runtime/errors/message-of.ts';
import { decode, encode } from '../../runtime/protocol/codec.ts';
import { isInternalType } from '../../runtime/protocol/internal-type.ts';
import { isPromised } from '../../runtime/protocol/is-async.ts';
import type { LoadedStream } from '../../runtime/protocol/load.ts';
import { describe, isReservedType } from '../../runtime/protocol/names.ts';
import type { AnyUpcastChains, Upcaster } from './upcast.ts';

/** Renamed and renamed again so often, an event goes in a circle. */
const renamesMax = 100;

const wanted = 'It must return a payload, or an array of events ([] to drop it)';

/** An event as the machine takes it, encoded. */
interface CurrentEvent {
  readonly type: string;
  readonly data: string;
}

/** Where an event is, and as what it was written. */
interface StoredPlace {
  readonly stream: string;
  /** 0, like its position, for one that waits to be delivered. */
  readonly version: number;
  readonly position: number;
  readonly type: string;
  readonly schemaVersion: number;
}

/** A delayed event or a message as it was written. */
interface WaitingEvent extends CurrentEvent {
  readonly schemaVersion: number;
}

/** Events of a page as the machine takes them, in columns. */
export interface CurrentPage {
  readonly types: readonly string[];
  readonly data: readonly string[];
  /** Version in the stream of the stored event that the one at an index comes from. */
  versionAt(index: number): number;
  /** What the step takes time and chance from, if it asked for them when it was new. */
  seedAt?(index: number): string | null | undefined;
}

/** Brings stored events to the schema versions of one definition. */
export class Upcasting {
  readonly #kind: string;
  readonly #chains: ReadonlyMap<string, readonly Upcaster<unknown>[]>;
  readonly #knows: (type: string) => boolean;

  constructor(kind: string, chains: AnyUpcastChains, knows: (type: string) => boolean) {
    this.#kind = kind;
    this.#chains = new Map(Object.entries(chains));
    this.#knows = knows;
  }

  /** The schema version that new events of a type are written with: one more than its chain is long. */
  schemaVersionOf(type: string): number {
    return (this.#chains.get(type)?.length ?? 0) + 1;
  }

  /**
   * The events of a page as the machine takes them. A page that is current already, as nearly all are, is not copied.
   *
   * @throws HOLDFAST_ERR_UPCAST_FAILED, HOLDFAST_ERR_EVENT_NEWER.
   */
  page(stream: string, page: LoadedStream): CurrentPage {
    const { types, data, seeds } = page;
    const first = page.version - types.length + 1;
    if (this.#isCurrent(page)) {
      return { types, data, versionAt: (index) => first + index, seedAt: (index) => seeds?.[index] };
    }
    const current: CurrentEvent[] = [];
    const versions: number[] = [];
    for (let index = 0; index < types.length; index++) {
      for (const event of this.event(stream, page, index)) {
        current.push(event);
        versions.push(first + index);
      }
    }
    return {
      types: current.map(({ type }) => type),
      data: current.map((event) => event.data),
      versionAt: (index) => versions[index] as number,
      seedAt: (index) => seeds?.[(versions[index] as number) - first],
    };
  }

  #isCurrent({ types, schemaVersions }: LoadedStream): boolean {
    let type = '';
    let supported = 0;
    for (let index = 0; index < types.length; index++) {
      // Neighbours are mostly of one type.
      if (types[index] !== type) {
        type = types[index] as string;
        supported = this.schemaVersionOf(type);
      }
      if (schemaVersions[index] !== supported) return false;
    }
    return true;
  }

  /** What one event of a page is for the machine: itself, several, or nothing. Throws what {@link page} throws. */
  event(stream: string, page: LoadedStream, index: number): readonly CurrentEvent[] {
    const type = page.types[index] as string;
    const data = page.data[index] as string;
    const schemaVersion = page.schemaVersions[index] as number;
    const version = page.version - page.types.length + 1 + index;
    const position = page.positions[index] as number;
    return this.#current({ stream, version, position, type, schemaVersion }, data);
  }

  /** What an event that has waited for an actor is for its machine today. Throws what {@link page} throws. */
  waited(stream: string, { type, data, schemaVersion }: WaitingEvent): readonly CurrentEvent[] {
    return this.#current({ stream, version: 0, position: 0, type, schemaVersion }, data);
  }

  #current(place: StoredPlace, data: string): readonly CurrentEvent[] {
    const { type, schemaVersion } = place;
    const supported = this.schemaVersionOf(type);
    if (schemaVersion === supported || isInternalType(type)) return [{ type, data }];
    if (schemaVersion < supported)
      return this.#upcast(place, type, Math.max(1, schemaVersion), decode(data), 0);
    // What the machine does not know at all is skipped, so that it cannot be misread.
    if (this.#chains.has(type) || this.#knows(type)) throw newer(this.#kind, place, supported);
    return [{ type, data }];
  }

  #upcast(place: StoredPlace, type: string, from: number, data: unknown, renames: number): CurrentEvent[] {
    if (renames > renamesMax) throw failed(place, type, from, 'the upcasters rename it in a circle.');
    const chain = this.#chains.get(type) ?? [];
    let payload = data;
    for (let at = from; at <= chain.length; at++) {
      const next = run(place, type, at, chain[at - 1] as Upcaster<unknown>, payload);
      if (!Array.isArray(next)) {
        payload = checkPayload(place, type, at, payload, next);
        continue;
      }
      return next.flatMap((event) => {
        const { type: as, ...rest } = checkEvent(place, type, at, event);
        return as === type
          ? this.#upcast(place, type, at + 1, rest, renames)
          : this.#upcast(place, as, 1, rest, renames + 1);
      });
    }
    try {
      return [{ type, data: encode(payload, type) }];
    } catch (error) {
      throw failed(place, type, chain.length, messageOf(error), error);
    }
  }
}

function run(
  place: StoredPlace,
  type: string,
  at: number,
  upcast: Upcaster<unknown>,
  payload: unknown,
): unknown {
  let next: unknown;
  try {
    next = upcast(payload);
  } catch (error) {
    throw failed(place, type, at, messageOf(error), error);
  }
  if (isPromised(next)) throw failed(place, type, at, `${wanted}, and returned a promise.`);
  return next;
}

function checkPayload(place: StoredPlace, type: string, at: number, before: unknown, after: unknown): object {
  if (typeof after !== 'object' || after === null)
    throw failed(place, type, at, `${wanted}, and returned ${describe(after)}.`);
  const hadType = typeof before === 'object' && before !== null && 'type' in before;
  if (!hadType && 'type' in after) {
    const why =
      'It returned an object with a type, which is no payload. To rename an event, return it in an array.';
    throw failed(place, type, at, why);
  }
  return after;
}

function checkEvent(place: StoredPlace, type: string, at: number, event: unknown): { type: string } {
  const as = typeof event === 'object' && event !== null ? (event as { type?: unknown }).type : undefined;
  if (typeof as === 'string' && as !== '' && !isReservedType(as) && !isInternalType(as)) {
    return event as { type: string };
  }
  throw failed(place, type, at, `It returned an array with what is no event: ${describe(event)}.`);
}

function whereIs({ stream, version, position }: StoredPlace): string {
  return version === 0
    ? `that waits for ${stream}`
    : `of ${stream} at version ${version}, position ${position}`;
}

function failed(place: StoredPlace, type: string, at: number, why: string, cause?: unknown): Error {
  const { stream, version, position, type: eventType, schemaVersion } = place;
  const via = type === eventType ? '' : ` (stored as "${eventType}")`;
  return holdfastError(
    'HOLDFAST_ERR_UPCAST_FAILED',
    `The upcaster of "${type}"${via} from schema version ${at} failed on the event ${whereIs(place)}: ${why}`,
    { stream, version, position, eventType, schemaVersion },
    cause,
  );
}

function newer(kind: string, place: StoredPlace, supported: number): Error {
  const { stream, version, position, type: eventType, schemaVersion: found } = place;
  return holdfastError(
    'HOLDFAST_ERR_EVENT_NEWER',
    `The event "${eventType}" ${whereIs(place)} has schema version ${found}, and ` +
      `this definition of "${kind}" knows ${supported}: a newer version of the application wrote it. Use that version; ` +
      'nothing was changed.',
    { stream, version, position, eventType, found, supported },
  );
}
