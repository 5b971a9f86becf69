import type { AnyStateMachine, ContextFrom, StateValueFrom } from '../actors/xstate-adapter.ts';
import { decode } from './protocol/codec.ts';
import type { HostReceipt } from './protocol/host-messages.ts';

/** A durable state of an actor. */
export interface ActorSnapshot<Machine extends AnyStateMachine = AnyStateMachine> {
  /** The stream of the actor, which is its address. */
  readonly stream: string;
  /** Version of the stream; 0 for an actor without events. */
  readonly version: number;
  /** State value: a string, or an object for nested and parallel states. */
  readonly state: StateValueFrom<Machine>;
  readonly context: ContextFrom<Machine>;
  /** `done` once a final state was reached. */
  readonly status: 'active' | 'done';
  /** Whether the actor is in a state: `'draft'`, `'paying.card'` or `{ paying: 'card' }`. */
  matches(state: string | object): boolean;
}

/** Decodes the answer of a host. */
export function toActorSnapshot<Machine extends AnyStateMachine>(
  stream: string,
  { version, state, context, status }: HostReceipt,
): ActorSnapshot<Machine> {
  return {
    stream,
    version,
    state: state as StateValueFrom<Machine>,
    context: decode(context ?? 'null') as ContextFrom<Machine>,
    status: status as 'active' | 'done',
    matches: (wanted) => contains(state, wanted),
  };
}

/** Whether a state value lies within another: every state that is asked for is active. */
function contains(state: unknown, wanted: unknown): boolean {
  if (typeof wanted === 'string') {
    const [first, ...rest] = wanted.split('.');
    if (typeof state === 'string') return rest.length === 0 && state === first;
    if (!isRecord(state) || !Object.hasOwn(state, first as string)) return false;
    return rest.length === 0 || contains(state[first as string], rest.join('.'));
  }
  if (!isRecord(wanted)) return false;
  return (
    isRecord(state) &&
    Object.entries(wanted).every(([key, value]) => key in state && contains(state[key], value))
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
