import type { HostRequest } from '../../runtime/protocol/host-messages.ts';
import type { HostedDefinition } from '../definitions/hosted-definition.ts';
import type { ActorIdentity, ActorTree } from '../steps/actor-tree.ts';
import type { MachineSnapshot } from '../xstate-adapter.ts';
import type { WorkSet } from './work-set.ts';

/** A state of an actor with its place in the stream. */
export interface Place {
  readonly snapshot: MachineSnapshot;
  readonly version: number;
  /** Id of the last event; `''` for a stream without events. */
  readonly head: string;
}

/**
 * An actor in memory: a bare snapshot and its place, and a live tree only if its machine has child actors. `loading`
 * while its state is read, `catchingUp` as soon as it has to be, once nothing is in flight; both keep what arrives in
 * `queue`.
 */
export interface Resident extends ActorIdentity {
  readonly hosted: HostedDefinition;
  phase: 'loading' | 'ready' | 'catchingUp';
  /** What is durable. */
  committed: Place;
  /** What will be durable once the appends under way are: the next command is computed on top of it. */
  tip: Place;
  /** The child actors at `tip`; `undefined` for a machine that has none. */
  tree: ActorTree | undefined;
  /** The count of steps of the tree that belong to `tip`: it is ahead after a decision that failed half way. */
  treeSteps: number;
  /** Whether it is on record, as of `tip`, that work is under way. A state without events is on no record. */
  hasWork: boolean;
  /** Whether that work belongs to this runtime, and no other one runs it. */
  ownsWork: boolean;
  /** Work that runs; `undefined` when there is none, which is nearly always. */
  work: WorkSet | undefined;
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
    resident.watchers === undefined &&
    resident.work === undefined
  );
}

/** What all actors of a host share. */
export type Reach = Pick<ActorIdentity, 'onInput' | 'services'>;

/** An actor whose state is not read yet. */
export function newResident(
  address: string,
  id: string,
  hosted: HostedDefinition,
  { onInput, services }: Reach,
): Resident {
  return {
    address,
    id,
    hosted,
    onInput,
    services,
    phase: 'loading',
    committed: unread,
    tip: unread,
    tree: undefined,
    treeSteps: 0,
    hasWork: false,
    ownsWork: false,
    work: undefined,
    position: 0,
    snapshotVersion: 0,
    inFlight: 0,
    isSuspect: false,
    queue: undefined,
    retried: undefined,
    watchers: undefined,
    isTouched: true,
  };
}

/** Stands where a state will be; nobody looks at an actor that is still loading. */
const unread: Place = { snapshot: undefined as unknown as MachineSnapshot, version: 0, head: '' };

/** Ends the watch of a request. */
export function unwatch(resident: Resident, id: number): void {
  resident.watchers?.delete(id);
  if (resident.watchers?.size === 0) resident.watchers = undefined;
}

/**
 * Has a request wait until the state is known. Others look for news as often as another process writes: one look that has
 * not begun is enough for all of them.
 */
export function wait(resident: Resident, request: HostRequest): void {
  if (request.operation === 'refresh' && willBeRefreshed(resident)) return;
  resident.queue ??= [];
  resident.queue.push(request);
}

function willBeRefreshed({ phase, queue = [] }: Resident): boolean {
  // While it is read, the first may be the one that it is read for: what is written by now may come too late for that.
  const begun = phase === 'loading' ? 1 : 0;
  return queue.some(({ operation }, index) => index >= begun && operation === 'refresh');
}
