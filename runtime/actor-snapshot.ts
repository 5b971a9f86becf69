import type {
  AnyStateMachine,
  ContextFrom,
  OutputFrom,
  StateValueFrom,
  TagFrom,
} from '../actors/xstate-adapter.ts';
import { decode } from './protocol/codec.ts';
import type { HostReceipt } from './protocol/host-messages.ts';
import { isRecord } from './protocol/options.ts';

/** A durable state of an actor. Structured clones, such as what is sent to a window or a thread, lack its functions. */
export interface ActorSnapshot<Machine extends AnyStateMachine = AnyStateMachine> {
  /** The stream of the actor, which is its address. */
  readonly stream: string;
  /** Version of the stream; 0 for an actor without events. */
  readonly version: number;
  /** Position in the log of its last event: what a query can wait for; 0 for an actor without events. */
  readonly position: number;
  /** State value: a string, or an object for nested and parallel states. */
  readonly state: StateValueFrom<Machine>;
  readonly context: ContextFrom<Machine>;
  /** `done` once a final state was reached; `error` if it ended by an error that its machine did not handle. */
  readonly status: 'active' | 'done' | 'error';
  /** The output of a machine that is done. */
  readonly output: OutputFrom<Machine> | undefined;
  /** What a machine in status `error` ended with. */
  readonly error: unknown;
  /** The tags of the states that are active. */
  readonly tags: ReadonlySet<TagFrom<Machine>>;
  /** Whether the actor is in a state: `'draft'`, `'paying.card'` or `{ paying: 'card' }`. */
  matches(state: PartialState<StateValueFrom<Machine>> | `${string}.${string}`): boolean;
  /** Whether a state with the tag is active. */
  hasTag(tag: TagFrom<Machine>): boolean;
}

/** A part of a state value: a name at its top, or an object that goes as deep as it is asked for. */
export type PartialState<State> = State extends string
  ? State
  : (keyof State & string) | { readonly [Name in keyof State]?: PartialState<NonNullable<State[Name]>> };

interface Shown<Machine extends AnyStateMachine> {
  readonly context: ContextFrom<Machine>;
  readonly output?: OutputFrom<Machine>;
  readonly error?: unknown;
  readonly tags?: readonly TagFrom<Machine>[];
}

/** Decodes the answer of a host. */
export function toActorSnapshot<Machine extends AnyStateMachine>(
  stream: string,
  { version, position, state, context: text, status }: HostReceipt,
): ActorSnapshot<Machine> {
  const shown = decode(text ?? 'null') as Shown<Machine>;
  const tags = new Set(shown.tags);
  const snapshot: Omit<ActorSnapshot<Machine>, 'matches' | 'hasTag'> = {
    stream,
    version,
    position,
    state: state as StateValueFrom<Machine>,
    context: shown.context,
    status: status as 'active' | 'done' | 'error',
    output: shown.output,
    error: shown.error,
    tags,
  };
  // Hidden from copies: a window or a thread that is sent one could not take a function.
  return Object.defineProperties(snapshot, {
    matches: { value: (wanted: unknown) => contains(state, wanted) },
    hasTag: { value: (tag: TagFrom<Machine>) => tags.has(tag) },
  }) as ActorSnapshot<Machine>;
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
