import { fromWireError, toWireError, type WireError } from '../errors/wire-error.ts';
import type { AppendReceipt, ExpectedVersion } from './append.ts';
import type { DirectAnswer, Frame } from './append-frame.ts';
import type { Delivery } from './delivery.ts';

/** What a host is asked to do with an actor. */
export type HostOperation =
  | 'send'
  | 'execute'
  | 'start'
  | 'deliver'
  | 'snapshot'
  | 'watch'
  | 'unwatch'
  | 'refresh'
  | 'wake';

/** A request to an actor. Payloads are text that the codec made at the door. */
export interface HostRequest {
  /**
   * Comes back with the answer. 0 until the request leaves: it gets a number with each host thread that it goes to
   * (`in-flight.ts`), or keeps one, which is negative, for as long as it watches (`watches.ts`). What comes from within
   * an actor, and what nobody waits for, has none.
   */
  id: number;
  operation: HostOperation;
  address: string;
  /** Type of the event, or name of the command; `''` otherwise. */
  name: string;
  payload: string;
  metadata: string | null;
  expectedVersion: ExpectedVersion | null;
  idempotencyKey: string | null;
  /** SHA-256 of what the key is used for; `''` without a key. */
  fingerprint: string;
  /** For `deliver`: where the event comes from and whom it is for. */
  delivery: Delivery | null;
}

/** A request without a number, and with nothing but what it is for. */
export function blankRequest(operation: HostOperation, address: string): HostRequest {
  return {
    id: 0,
    operation,
    address,
    name: '',
    payload: '',
    metadata: null,
    expectedVersion: null,
    idempotencyKey: null,
    fingerprint: '',
    delivery: null,
  };
}

/** Where an actor was when it answered. */
export interface HostReceipt {
  /** `unchanged`: the command decided on no event; nothing was written. */
  readonly outcome: 'appended' | 'already-appended' | 'unchanged';
  readonly version: number;
  readonly position: number;
  /** Id of the last event at that version; `''` if there is none. */
  readonly head: string;
  /** The state value: a string, or an object of strings and objects. */
  readonly state: unknown;
  /** The encoded context, with output, error and tags, when it was asked for. */
  readonly context: string | null;
  readonly status: string;
}

const requestFields = 6;
const receiptFields = 8;

/** What most requests do without: one field of a frame instead of one for each. */
type Rare = readonly [
  metadata: string | null,
  expectedVersion: ExpectedVersion | null,
  idempotencyKey: string | null,
  fingerprint: string,
  delivery: Delivery | null,
];

const nothingRare: Rare = [null, null, null, '', null];

function rareOf(request: HostRequest): Rare | null {
  const { metadata, expectedVersion, idempotencyKey, fingerprint, delivery } = request;
  const isRare =
    metadata !== null || expectedVersion !== null || idempotencyKey !== null || delivery !== null;
  return isRare ? [metadata, expectedVersion, idempotencyKey, fingerprint, delivery] : null;
}

/** Appends the fields of a request to a frame. */
export function writeHostRequest(frame: Frame, request: HostRequest): void {
  const { id, operation, address, name, payload } = request;
  frame.push(id, operation, address, name, payload, rareOf(request));
}

/** The requests of a frame, in order. */
export function readHostRequests(frame: Frame, each: (request: HostRequest) => void): void {
  for (let at = 0; at < frame.length; at += requestFields) {
    const [metadata, expectedVersion, idempotencyKey, fingerprint, delivery] =
      (frame[at + 5] as Rare | null) ?? nothingRare;
    each({
      id: frame[at] as number,
      operation: frame[at + 1] as HostOperation,
      address: frame[at + 2] as string,
      name: frame[at + 3] as string,
      payload: frame[at + 4] as string,
      metadata,
      expectedVersion,
      idempotencyKey,
      fingerprint,
      delivery,
    });
  }
}

/** Appends an answer to a frame. A change that a watcher is told of is an answer to its `watch`, one of many. */
export function writeHostAnswer(frame: Frame, id: number, answer: HostReceipt | Error): void {
  if (answer instanceof Error) {
    frame.push(id, 'failed', 0, 0, '', toWireError(answer), null, '');
    return;
  }
  const { outcome, version, position, head, state, context, status } = answer;
  frame.push(id, outcome, version, position, head, state, context, status);
}

/** Appends what the store tells the sender of a command itself: only that it was appended. The rest is for its host. */
export function writeDirectAnswer(
  frame: Frame,
  { requestId, state, status }: DirectAnswer,
  outcome: AppendReceipt | Error,
): void {
  if (outcome instanceof Error || outcome.outcome !== 'appended') return;
  frame.push(requestId, 'appended', outcome.version, outcome.position, outcome.head, state, null, status);
}

/** Appends an event that an actor has emitted, encoded. */
export function writeEmitted(frame: Frame, address: string, event: string): void {
  frame.push(0, 'emitted', 0, 0, '', address, event, '');
}

/** Appends that the host would like to read from a reader thread. */
export function writeReaderWanted(frame: Frame): void {
  frame.push(0, 'reader-wanted', 0, 0, '', null, null, '');
}

/** Who hears what a host says. */
export interface HostListener {
  readonly onAnswer: (id: number, answer: HostReceipt | Error) => void;
  readonly onEmitted: (address: string, event: string) => void;
  readonly onReaderWanted: () => void;
}

/** What a frame of a host says, in order. */
export function readHostAnswers(frame: Frame, listener: HostListener): void {
  const { onAnswer: each } = listener;
  for (let at = 0; at < frame.length; at += receiptFields) {
    const id = frame[at] as number;
    const outcome = frame[at + 1] as HostReceipt['outcome'] | 'failed' | 'emitted' | 'reader-wanted';
    if (outcome === 'emitted') {
      listener.onEmitted(frame[at + 5] as string, frame[at + 6] as string);
      continue;
    }
    if (outcome === 'reader-wanted') {
      listener.onReaderWanted();
      continue;
    }
    if (outcome === 'failed') {
      each(id, fromWireError(frame[at + 5] as WireError));
      continue;
    }
    each(id, {
      outcome,
      version: frame[at + 2] as number,
      position: frame[at + 3] as number,
      head: frame[at + 4] as string,
      state: frame[at + 5],
      context: frame[at + 6] as string | null,
      status: frame[at + 7] as string,
    });
  }
}
