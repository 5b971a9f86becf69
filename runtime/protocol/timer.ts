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
  /** Of the event; `null` if it is not known, or if events are not brought up to date where it goes. */
  readonly schemaVersion: number | null;
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

/** What a timer is known by: who in the tree set it, under which name, and for whom. */
export type TimerPlace = Pick<SetTimer, 'actor' | 'name' | 'to'> & Partial<Pick<SetTimer, 'schemaVersion'>>;

/** Where in its tree the event of a timer is brought, and to whom it is passed on from there, if to another actor. */
export function placeOfTimer({ actor, to }: Pick<TimerPlace, 'actor' | 'to'>): {
  readonly actor: ActorPath;
  readonly passOnTo: string | null;
} {
  return 'actor' in to ? { actor: to.actor, passOnTo: null } : { actor, passOnTo: to.address };
}
