import type { MessagePort } from 'node:worker_threads';
import type { WireError } from '../errors/wire-error.ts';

/** Asks for the state of an actor at a version. */
export interface FoldStateRequest {
  readonly modules: readonly string[];
  readonly stream: string;
  readonly upTo: number;
  /** A request port of the reader. */
  readonly reads: MessagePort;
}

/** The state, encoded, or why there is none. */
export type FoldedState = { readonly state: string } | { readonly failed: WireError };
