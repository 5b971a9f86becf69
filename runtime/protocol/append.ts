import type { Consequences } from './consequences.ts';

/** What a stream must be at for an append to be accepted: an exact version, or one of three conditions. */
export type ExpectedVersion = number | 'any' | 'no-stream' | 'stream-exists';

/**
 * An event as it crosses threads and reaches the disk: payloads are text that the codec made at the door, so that
 * nothing on the way parses or encodes them again.
 */
export interface EncodedEvent {
  readonly id: string;
  readonly type: string;
  readonly schemaVersion: number;
  readonly data: string;
  /** `null` when the event has no metadata. */
  readonly metadata: string | null;
  /** SHA-256 over content and parents, hex; empty when the writer shall seal the event. See `seal-event.ts`. */
  readonly hash: string;
  /** When it was recorded, in milliseconds since 1970, for one that was recorded elsewhere. Default: now. */
  readonly recordedAt?: number;
}

/** One atomic append to one stream. */
export interface AppendRequest {
  readonly stream: string;
  readonly events: readonly EncodedEvent[];
  readonly expectedVersion: ExpectedVersion;
  /**
   * Id of the event the first of these was decided upon, `''` for a new stream, `null` if the caller does not know.
   * Equal versions with different heads mean that another process wrote in between.
   */
  readonly expectedHead: string | null;
  /** Whether the caller chose the ids, so that an event which is there already was meant to be the same. */
  readonly idsAreKeys: boolean;
  readonly idempotencyKey: string | null;
  /** SHA-256 of what the key was used for; `''` without a key. */
  readonly fingerprint: string;
  /** Kept with the key and given back to a duplicate; `null` for none. */
  readonly reply: string | null;
  /** A snapshot at the version reached, to be saved in the same transaction. */
  readonly snapshot: EncodedSnapshot | null;
  /** What is written besides the events: timers, messages, what was delivered; `null` for nothing. */
  readonly consequences: Consequences | null;
}

/** The state of a stream at a version: a cache, never the truth. */
export interface EncodedSnapshot {
  readonly version: number;
  /** Identifies the code that folded it; `''` for a snapshot saved through the store's own method. */
  readonly fingerprint: string;
  readonly state: string;
}

/** A snapshot with the stream that it is of. */
export interface StreamSnapshot extends EncodedSnapshot {
  readonly stream: string;
}

/** What became of an append that is durable. */
export interface AppendReceipt {
  /** `already-appended`: the same content was appended before under the same key or ids; nothing was written now. */
  readonly outcome: 'appended' | 'already-appended';
  /** Version of the stream after the last event of this append. */
  readonly version: number;
  /** Position in the log of the last event of this append. */
  readonly position: number;
  /** Id of the last event of this append. */
  readonly head: string;
  /** What the first append under the key kept; `null` without. */
  readonly reply: string | null;
}
