import type { EncodedSnapshot } from './append.ts';
import type { UsableSnapshots } from './code-fingerprint.ts';

/** Asks for what an actor is folded from. */
export interface LoadRequest extends UsableSnapshots {
  readonly stream: string;
  /** Events after this version, unless a snapshot starts later. */
  readonly after: number;
  /** An idempotency key to look up in the same view. */
  readonly key: string | null;
  /** Whether the seeds of all events are wanted, and not only of those that are known to need theirs. */
  readonly allSeeds?: boolean;
}

/** One page of what an actor is folded from; columns instead of rows, which cross threads faster. */
export interface LoadedStream {
  readonly snapshot?: EncodedSnapshot;
  readonly types: readonly string[];
  readonly schemaVersions: readonly number[];
  readonly data: readonly string[];
  readonly positions: readonly number[];
  /**
   * What each event draws time and chance from: its id, `@`, and its hybrid logical time in milliseconds for ids that
   * hold none. `null` for events that asked for neither when they were new; absent if all did not.
   */
  readonly seeds?: readonly (string | null)[];
  /** Version, id and place in the log of the last event of this page, or of where it starts if it is empty. */
  readonly version: number;
  readonly head: string;
  readonly position: number;
  readonly more: boolean;
  /** Which run of a runtime has work of this actor under way; `null` if there is none. */
  readonly workOwner: string | null;
  /** What is kept under the key; `null` if nothing is. */
  readonly reply: {
    readonly fingerprint: string;
    readonly version: number;
    readonly position: number;
    readonly head: string;
    readonly reply: string | null;
  } | null;
}
