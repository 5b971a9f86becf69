import { holdfastError } from '../runtime/errors/holdfast-error.ts';
import { messageOf } from '../runtime/errors/message-of.ts';
import { decode, encode } from '../runtime/protocol/codec.ts';
import { describe } from '../runtime/protocol/names.ts';
import type { ActorPath } from '../runtime/protocol/timer.ts';
import type { MachineEvent } from './xstate-adapter.ts';

/** What the stream of an actor holds besides the events of its machine. */
export const journalTypes = {
  /** The actor was started with an input of its own: `{ input }`. Only ever the first event. */
  started: 'holdfast.started',
  /** Work that the actor has invoked told something: `{ actor, event }`. */
  settled: 'holdfast.settled',
  /** A part of the tree below the root got an event: `{ actor, event }`. */
  delivered: 'holdfast.delivered',
  /** The machine threw on an event that nobody waited for, and ended: `{ event, error }`. */
  failed: 'holdfast.failed',
} as const;

/** An event as it is kept: its type, and the rest of it encoded. */
export interface JournalEntry {
  readonly type: string;
  readonly payload: string;
}

/** An entry with the id that it will have. */
export interface NewEntry extends JournalEntry {
  readonly id: string;
  /** Whether computing it asked for the time or for chance. */
  readonly usesEntropy: boolean;
}

/** The entry of an event that the root got: the event itself, so that whoever reads the log knows its type. */
export function entryOf(event: MachineEvent): JournalEntry {
  const { type, ...payload } = event;
  return { type, payload: encode(payload, type) };
}

/**
 * The same for an event that a machine or its work has made: its type must be none that the journal itself speaks in, or a
 * replay would take it for something else than the machine did.
 */
export function madeEntryOf(event: MachineEvent): JournalEntry {
  const { type } = event as { readonly type?: unknown };
  if (typeof type === 'string' && !type.startsWith('holdfast.')) return entryOf(event);
  throw holdfastError(
    'HOLDFAST_ERR_PAYLOAD_INVALID',
    `The type of an event must be a string that does not begin with "holdfast.", got ${describe(type)}. Nothing was written.`,
    { path: 'type' },
  );
}

/** The entry of an event that a part of the tree got. */
export function deliveredEntry(actor: ActorPath, event: MachineEvent): JournalEntry {
  if (actor === '') return entryOf(event);
  const type = event.type.startsWith('holdfast.work.') ? journalTypes.settled : journalTypes.delivered;
  return { type, payload: encode({ actor, event }, type) };
}

/** The entry of an event on which the machine threw. */
export function failedEntry(event: MachineEvent, error: unknown): JournalEntry {
  const type = journalTypes.failed;
  try {
    return { type, payload: encode({ event, error: keepable(error) }, type) };
  } catch {
    // Together they are larger or deeper than an entry may be.
    const short = { event: { type: event.type }, error: new Error(messageOf(error)) };
    return { type, payload: encode(short, type) };
  }
}

/** The entry of a start. */
export function startedEntry(input: unknown): JournalEntry {
  return { type: journalTypes.started, payload: encode({ input }, journalTypes.started) };
}

/** What one entry says. */
export type Recorded =
  | {
      readonly kind: 'event';
      readonly actor: ActorPath;
      readonly event: MachineEvent;
      readonly isInternal: boolean;
    }
  | { readonly kind: 'started'; readonly input: unknown }
  | { readonly kind: 'failed'; readonly error: unknown };

/** The reverse of the functions above: what an entry with this payload, decoded, says. */
export function recorded(type: string, payload: unknown): Recorded {
  if (!type.startsWith('holdfast.')) {
    return { kind: 'event', actor: '', event: eventOf(type, payload), isInternal: false };
  }
  const content = payload as {
    actor: ActorPath;
    event: MachineEvent;
    input: unknown;
    error: unknown;
  };
  switch (type) {
    case journalTypes.started:
      return { kind: 'started', input: content.input };
    case journalTypes.failed:
      return { kind: 'failed', error: content.error };
    default:
      return { kind: 'event', actor: content.actor, event: content.event, isInternal: true };
  }
}

/** The event a machine sees: its payload with its type. A payload that is no object, of another writer, is `data`. */
export function toEvent(type: string, payload: string): MachineEvent {
  return eventOf(type, decode(payload));
}

function eventOf(type: string, content: unknown): MachineEvent {
  if (typeof content !== 'object' || content === null) return { type, data: content } as MachineEvent;
  const event = content as { type: string };
  event.type = type;
  return event;
}

/** What was thrown; of an error that cannot be kept as a whole, what of it can. */
export function keepable(thrown: unknown, depth = 0): unknown {
  if (isKeepable(thrown)) return thrown;
  try {
    if (thrown instanceof Error && depth <= causesMax) return partsOf(thrown, depth);
  } catch {
    // A proxy that was revoked, or a getter that throws.
  }
  return new Error(messageOf(thrown));
}

function partsOf(thrown: Error, depth: number): Error {
  const kept = new Error(messageOf(thrown));
  for (const key of new Set(['name', 'stack', ...Object.keys(thrown)])) {
    const value = (thrown as unknown as Record<string, unknown>)[key];
    if (isKeepable(value)) Object.defineProperty(kept, key, property(value));
  }
  if (thrown.cause !== undefined)
    Object.defineProperty(kept, 'cause', property(keepable(thrown.cause, depth + 1)));
  const { errors } = thrown as { errors?: unknown };
  if (Array.isArray(errors)) {
    const all = errors.map((error) => keepable(error, depth + 1));
    Object.defineProperty(kept, 'errors', property(all));
  }
  return kept;
}

const causesMax = 5;

const property = (value: unknown): PropertyDescriptor => ({
  value,
  enumerable: true,
  configurable: true,
  writable: true,
});

function isKeepable(value: unknown): boolean {
  try {
    encode(value);
    return true;
  } catch {
    return false;
  }
}
