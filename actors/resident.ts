import type { HostRequest } from '../runtime/protocol/host-messages.ts';
import type { HostedDefinition } from './hosted-definition.ts';
import type { MachineSnapshot } from './xstate-adapter.ts';

/** A state of an actor with its place in the stream. */
export interface Place {
  readonly snapshot: MachineSnapshot;
  readonly version: number;
  /** Id of the last event; `''` for a stream without events. */
  readonly head: string;
}

/**
 * An actor in memory: a bare snapshot and its place, never a live XState actor. `loading` until its state is read,
 * `catchingUp` while it makes sure that its state is the newest; both keep what arrives in `queue`.
 */
export interface Resident {
  readonly address: string;
  readonly id: string;
  readonly hosted: HostedDefinition;
  phase: 'loading' | 'ready' | 'catchingUp';
  /** What is durable. */
  committed: Place;
  /** What will be durable once the appends under way are: the next command is computed on top of it. */
  tip: Place;
  /** Position in the log of the last event of `committed`; 0 without events. */
  position: number;
  /** Version of the newest snapshot on disk that is known of. */
  snapshotVersion: number;
  /** Appends under way. */
  inFlight: number;
  /** Whether memory cannot be trusted after a failure, so that the state must be read anew. */
  isSuspect: boolean;
  /** Requests that wait, in order; `undefined` when there are none, which is nearly always. */
  queue: HostRequest[] | undefined;
  /** Requests whose append failed because another process was faster; they come before those in `queue`. */
  retried: HostRequest[] | undefined;
  /** Requests that are to be told of every change; `undefined` when there are none. */
  watchers: Set<number> | undefined;
  /** Whether it was used since the last sweep. */
  isTouched: boolean;
}

/** Whether an actor can be dropped from memory: nothing would be lost or have to be told to anyone. */
export function isIdle(resident: Resident): boolean {
  return (
    resident.phase === 'ready' &&
    resident.inFlight === 0 &&
    resident.queue === undefined &&
    resident.watchers === undefined
  );
}
