import type { ActorPath, CancelTimers, SetTimer } from '../../runtime/protocol/timer.ts';
import type { ActorLogic, MachineEvent } from '../xstate-adapter.ts';

/** Work outside of the machine: a promise, a callback or an observable that an actor has invoked or spawned. */
export interface WorkDescription {
  /** The same for the same piece of work after a crash: where it is in the tree, and the version that started it. */
  readonly key: string;
  readonly actor: ActorPath;
  readonly id: string;
  /** The name under which its logic is declared. */
  readonly src: string;
  readonly logic: ActorLogic;
  readonly input: unknown;
}

/** What an action may do through `self` when it is carried out: send on, through the journal. */
export interface EffectSelf {
  readonly id: string;
  readonly sessionId: string;
  send(event: MachineEvent): void;
  getSnapshot(): unknown;
}

/** Something to be carried out once the transition that asked for it is durable, in order. */
export type Effect =
  | { readonly kind: 'action'; readonly type: string; readonly run: (self: EffectSelf) => unknown }
  | { readonly kind: 'emit'; readonly event: MachineEvent }
  | { readonly kind: 'start'; readonly work: WorkDescription }
  | { readonly kind: 'stop'; readonly key: string }
  | { readonly kind: 'forward'; readonly key: string; readonly event: MachineEvent };

/** A change of timers, with the event as the machine gave it. */
export type AskedTimer =
  | (Omit<SetTimer, 'type' | 'data' | 'schemaVersion' | 'policy'> & { readonly event: MachineEvent })
  | CancelTimers;

/** A message to another actor, with the event as the machine gave it. */
export interface AskedMessage {
  readonly target: string;
  readonly event: MachineEvent;
  /** At which schema version it has waited already; absent for one that the transition makes. */
  readonly schemaVersion?: number | null | undefined;
}

/** What a transition asks for besides the next state. Nothing of it happens before the transition is durable. */
export interface Asked {
  readonly effects: readonly Effect[];
  readonly timers: readonly AskedTimer[];
  readonly messages: readonly AskedMessage[];
}

/** {@link Asked} while it is being collected. */
export interface AskedSoFar extends Asked {
  readonly effects: Effect[];
  readonly timers: AskedTimer[];
  readonly messages: AskedMessage[];
}

/** The common case: one object for all transitions that ask for nothing. */
export const askedNothing: Asked = { effects: [], timers: [], messages: [] };

/** An empty {@link AskedSoFar}. */
export function askNothingYet(): AskedSoFar {
  return { effects: [], timers: [], messages: [] };
}

/** Whether anything was asked for. */
export function asksAnything({ effects, timers, messages }: Asked): boolean {
  return effects.length > 0 || timers.length > 0 || messages.length > 0;
}

/** What two transitions ask for, one after the other. */
export function askedInTurn(first: Asked, second: Asked): Asked {
  if (!asksAnything(first)) return second;
  if (!asksAnything(second)) return first;
  return {
    effects: [...first.effects, ...second.effects],
    timers: [...first.timers, ...second.timers],
    messages: [...first.messages, ...second.messages],
  };
}

/** A delay as a timer takes it. XState's would fire at once for what is no number, and so does this. */
export function delayMsOf(delay: number): number {
  if (Number.isNaN(delay) || delay < 0) return 0;
  return Math.min(Math.ceil(delay), delayMsMax);
}

/** A hundred thousand years: what is longer, or infinite, never comes. */
const delayMsMax = 3_155_760_000_000_000;
