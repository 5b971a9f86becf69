import type { Cause } from './cause.ts';
import type { NewDeadLetter } from './dead-letter.ts';

/**
 * Where in the tree of an actor something belongs: the ids of its child actors from the root downwards as JSON, and
 * `''` for the root itself.
 */
export type ActorPath = string;

/** What becomes of a timer's due time when the runtime was not running meanwhile. */
export type TimerPolicy = 'deadline' | 'remaining' | 'restart';

/** The policies that a definition can choose from. */
export const timerPolicies: readonly TimerPolicy[] = ['deadline', 'remaining', 'restart'];

/** Who gets a delayed event: a part of the same tree, or another actor. */
export type Recipient = { readonly actor: ActorPath } | { readonly address: string };

/** A delayed event begins to wait. `actor` is who set it. */
export interface SetTimer {
  readonly change: 'set';
  readonly actor: ActorPath;
  /** Unique for the actor that sets it; a second timer of the name replaces the first. */
  readonly name: string;
  readonly to: Recipient;
  readonly type: string;
  readonly data: string;
  readonly delayMs: number;
  readonly policy: TimerPolicy;
}

/**
 * Delayed events are forgotten. `cancel` reaches only what `actor` has set itself; `cancel-all` is for an actor that has
 * stopped: it takes what it set and what was to come to it, also from others.
 */
export type CancelTimers =
  | { readonly change: 'cancel'; readonly actor: ActorPath; readonly name: string }
  | { readonly change: 'cancel-all'; readonly actor: ActorPath };

/** One change of the timers of an actor. */
export type TimerChange = SetTimer | CancelTimers;

/** An event for another actor, to be delivered after the commit. */
export interface OutgoingMessage {
  readonly target: string;
  readonly type: string;
  readonly data: string;
}

/** What a timer is known by: who in the tree set it, under which name, and for whom. */
export type TimerPlace = Pick<SetTimer, 'actor' | 'name' | 'to'>;

/** Where in its tree the event of a timer is brought, and to whom it is passed on from there, if to another actor. */
export function placeOfTimer({
  actor,
  to,
}: Pick<TimerPlace, 'actor' | 'to'>): Pick<Delivery, 'actor' | 'passOnTo'> {
  return 'actor' in to ? { actor: to.actor, passOnTo: null } : { actor, passOnTo: to.address };
}

/** A row that a delivery takes with it: it is gone in the same transaction that holds what came of it, or not at all. */
export interface Consumed {
  readonly from: 'timers' | 'outbox' | 'dead_letters';
  readonly id: number;
}

/** What a decision writes besides its events. Everything is committed with them or not at all. */
export interface Consequences {
  /** Refuses the whole append, as repeated, if the row is gone: somebody else has delivered it. */
  readonly consumed: Consumed | null;
  readonly timers: readonly TimerChange[];
  readonly messages: readonly OutgoingMessage[];
  /** Whether invoked work is under way from now on; `null` if that has not changed. */
  readonly hasWork: boolean | null;
  /** What could not be delivered, and why. */
  readonly deadLetter: NewDeadLetter | null;
  /** What led to the timers and messages. */
  readonly cause?: Cause | null;
}

/** An event that comes from within: a timer, another actor, or work that the actor has invoked. */
export interface Delivery {
  readonly consumed: Consumed | null;
  /** Who in the tree it is for. */
  readonly actor: ActorPath;
  /** For a timer that was set for another actor: passed on as a message, in the transaction that consumes it. */
  readonly passOnTo: string | null;
  /** The address it comes from, if it is a message. */
  readonly sender: string | null;
  /** Of which invoked work it tells; an outcome of work that has been left is dropped. */
  readonly workKey: string | null;
  /** What led to it; `null` or absent if that is not known. */
  readonly cause?: Cause | null;
}

/** How much of what actors wait for there is in a file. */
export interface PendingCounts {
  /** Timers that are still to come. */
  readonly timers: number;
  /** Messages that are not delivered. */
  readonly messages: number;
  /** Actors with invoked work under way, of all processes. */
  readonly work: number;
}

/** A timer that is due, or a message that waits, as the store hands it out. */
export interface PendingDelivery {
  readonly from: 'timers' | 'outbox';
  readonly id: number;
  /** The actor that handles it: who set the timer, or whom the message is for. */
  readonly address: string;
  readonly actor: ActorPath;
  readonly passOnTo: string | null;
  readonly sender: string | null;
  readonly type: string;
  readonly data: string;
  readonly cause?: Cause | null;
}

/** What is not to be handed out: deliveries on their way already, and those to where nothing can be delivered for now. */
export interface HeldBack {
  readonly ids: readonly number[];
  readonly addresses: readonly string[];
  readonly kinds: readonly string[];
}

/** Which messages are looked at: those after one of them, to all addresses or to one. */
export interface MessageRange {
  readonly after: number;
  readonly only: string | null;
}
