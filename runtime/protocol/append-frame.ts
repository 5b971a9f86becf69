import { fromWireError, toWireError, type WireError } from '../errors/wire-error.ts';
import type { AppendReceipt, AppendRequest, EncodedEvent, ExpectedVersion } from './append.ts';

/**
 * The hot frames between a caller and the store thread: flat arrays of primitives, since cloning one array of strings
 * is several times cheaper than cloning the objects they stand for. Field order is this file's secret.
 */
export type Frame = unknown[];

/** What the store needs to answer the sender of a command itself, once it is appended. */
export interface DirectAnswer {
  /** The number of the command at its host. */
  readonly requestId: number;
  /** State value and status after it. */
  readonly state: unknown;
  readonly status: string;
}

/**
 * What most appends do without: one field of a frame instead of one for each, since every field takes the time of a
 * short string.
 */
type Rare = readonly [
  idsAreKeys: boolean,
  idempotencyKey: string | null,
  fingerprint: string,
  reply: string | null,
  snapshot: AppendRequest['snapshot'],
  consequences: AppendRequest['consequences'],
  /** When each of the events was recorded elsewhere. */
  recordedAt: readonly (number | undefined)[],
];

const nothingRare: Rare = [false, null, '', null, null, null, []];

function rareOf(request: AppendRequest): Rare | null {
  const { events, idsAreKeys, idempotencyKey, fingerprint, reply, snapshot, consequences } = request;
  const isRecordedElsewhere = events.some(({ recordedAt }) => recordedAt !== undefined);
  const isRare =
    idsAreKeys ||
    idempotencyKey !== null ||
    snapshot !== null ||
    consequences !== null ||
    isRecordedElsewhere;
  if (!isRare && fingerprint === '' && reply === null) return null;
  const recordedAt = isRecordedElsewhere ? events.map((event) => event.recordedAt) : [];
  return [idsAreKeys, idempotencyKey, fingerprint, reply, snapshot, consequences, recordedAt];
}

/** Appends the fields of a request to a frame; `id` comes back with its outcome. */
export function writeAppend(
  frame: Frame,
  id: number,
  request: AppendRequest,
  answer: DirectAnswer | null,
): void {
  const { stream, expectedVersion, expectedHead, events } = request;
  frame.push(id, stream, expectedVersion, expectedHead, rareOf(request), answer?.requestId ?? null);
  if (answer !== null) frame.push(answer.state, answer.status);
  frame.push(events.length);
  for (const { id: eventId, type, schemaVersion, data, metadata, hash } of events)
    frame.push(eventId, type, schemaVersion, data, metadata, hash);
}

/** Calls `each` for every request of a frame, in order. */
export function readAppends(
  frame: Frame,
  each: (id: number, request: AppendRequest, answer: DirectAnswer | null) => void,
): void {
  let at = 0;
  const next = <Value>() => frame[at++] as Value;
  while (at < frame.length) {
    const id = next<number>();
    const stream = next<string>();
    const expectedVersion = next<ExpectedVersion>();
    const expectedHead = next<string | null>();
    const [idsAreKeys, idempotencyKey, fingerprint, reply, snapshot, consequences, recordedAt] =
      next<Rare | null>() ?? nothingRare;
    const requestId = next<number | null>();
    const answer = requestId === null ? null : { requestId, state: next<unknown>(), status: next<string>() };
    const count = next<number>();
    const events: EncodedEvent[] = [];
    for (let index = 0; index < count; index++) {
      const event = {
        id: next<string>(),
        type: next<string>(),
        schemaVersion: next<number>(),
        data: next<string>(),
        metadata: next<string | null>(),
        hash: next<string>(),
      };
      const moment = recordedAt[index];
      events.push(moment === undefined ? event : { ...event, recordedAt: moment });
    }
    const request: AppendRequest = {
      stream,
      events,
      expectedVersion,
      expectedHead,
      idsAreKeys,
      idempotencyKey,
      fingerprint,
      reply,
      snapshot,
      consequences,
    };
    each(id, request, answer);
  }
}

const outcomeFields = 6;

/** Appends the fields of an outcome to a frame. */
export function writeOutcome(frame: Frame, id: number, outcome: AppendReceipt | Error): void {
  if (outcome instanceof Error) frame.push(id, 'failed', 0, 0, '', toWireError(outcome));
  else frame.push(id, outcome.outcome, outcome.version, outcome.position, outcome.head, outcome.reply);
}

/** Calls `each` for every outcome of a frame, in order. */
export function readOutcomes(frame: Frame, each: (id: number, outcome: AppendReceipt | Error) => void): void {
  for (let at = 0; at < frame.length; at += outcomeFields) {
    const outcome = frame[at + 1] as AppendReceipt['outcome'] | 'failed';
    if (outcome === 'failed') {
      each(frame[at] as number, fromWireError(frame[at + 5] as WireError));
      continue;
    }
    each(frame[at] as number, {
      outcome,
      version: frame[at + 2] as number,
      position: frame[at + 3] as number,
      head: frame[at + 4] as string,
      reply: frame[at + 5] as string | null,
    });
  }
}
