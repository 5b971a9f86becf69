// The only importer of XState outside of machines/: everything that hosts a machine goes through here, so that another
// version of XState is a change of this file. Only documented members are used.
import {
  type AnyStateMachine,
  type AnyTransitionDefinition,
  type ContextFrom,
  createEmptyActor,
  type EventFromLogic,
  getNextTransitions,
  type InputFrom,
  type SnapshotFrom,
  type StateValueFrom,
} from 'xstate';

export type { AnyStateMachine, ContextFrom, EventFromLogic, InputFrom, SnapshotFrom, StateValueFrom };

/** A bare machine snapshot: half a kilobyte, where a live actor takes several. */
export type MachineSnapshot = SnapshotFrom<AnyStateMachine>;

/** A side effect that a transition asked for, to be carried out once the transition is durable. */
export interface Effect {
  readonly type: string;
  run(): unknown;
}

/** What one event does to a machine. */
export type Step =
  | { readonly accepted: true; readonly snapshot: MachineSnapshot; readonly effects: readonly Effect[] }
  | { readonly accepted: false };

/** What a machine may go through in one event before it is taken for an endless loop. */
const microstepsMax = 10_000;

type Action = {
  type: string;
  info: unknown;
  params: unknown;
  exec?: ((info: unknown, params: unknown) => unknown) | undefined;
};
type Scope = Parameters<AnyStateMachine['transition']>[2];

type StateNode = AnyStateMachine['root'];

let collected: Action[] = [];

/**
 * One inert scope for all machines of a thread: building one for each transition, as XState's own pure functions do,
 * costs six times as much. It carries nothing out and only collects what a transition asks for.
 */
const scope: Scope = createScope();

function createScope(): Scope {
  const self = createEmptyActor();
  return {
    self,
    system: self.system,
    id: '',
    sessionId: '',
    logger: () => undefined,
    defer: () => undefined,
    stopChild: () => undefined,
    emit: () => undefined,
    actionExecutor: (action: Action) => {
      collected.push(action);
    },
  } as unknown as Scope;
}

/** Bounds a machine that has no bound of its own against endless `always` and `raise` loops. */
export function boundMicrosteps(machine: AnyStateMachine): void {
  const options = machine.options as { maxIterations?: number } | undefined;
  if (options?.maxIterations === Number.POSITIVE_INFINITY) options.maxIterations = microstepsMax;
}

/** The state a machine begins in. Throws what its context factory threw. Entry actions are not carried out. */
export function initialSnapshot(machine: AnyStateMachine, input: unknown): MachineSnapshot {
  collected = [];
  const snapshot = machine.getInitialSnapshot(scope, input as never) as MachineSnapshot;
  if (snapshot.status === 'error') throw snapshot.error;
  // Entry actions are not carried out, but what could not be hosted is refused here too.
  toEffects(collected);
  refuseChildren(snapshot);
  return snapshot;
}

/** Computes what an event does, without doing it. Throws what a guard, an assign or a params function threw. */
export function step(
  machine: AnyStateMachine,
  snapshot: MachineSnapshot,
  event: { readonly type: string },
): Step {
  if (snapshot.status !== 'active') return { accepted: false };
  collected = [];
  const next = machine.transition(snapshot, event as never, scope) as MachineSnapshot;
  // An event that is not accepted leaves the same snapshot, and so does one that is accepted and changes nothing.
  if (next === snapshot && !machine.getTransitionData(snapshot, event as never).some(doesSomething)) {
    return { accepted: false };
  }
  if (next.status === 'error') throw next.error;
  refuseChildren(next);
  refuseTornStates(next);
  // A set of its own for each state without tags would be a quarter of what an actor takes in memory.
  if (next.tags.size === 0) next.tags = noTags as typeof next.tags;
  return { accepted: true, snapshot: next, effects: toEffects(collected) };
}

/** The types of the events that a machine may accept in a state; guards are not evaluated. */
export function acceptedTypes(snapshot: MachineSnapshot): string[] {
  if (snapshot.status !== 'active') return [];
  const types = getNextTransitions(snapshot)
    .filter(doesSomething)
    .map(({ eventType }) => eventType);
  return [...new Set(types)].filter((type) => type !== '' && !type.startsWith('xstate.')).sort();
}

/**
 * Whether any state of a machine names a type of event, also to forbid it; by itself, as `files.*`, or as `*`. What
 * Holdfast and XState send themselves is not asked for.
 */
export function knownTypes(machine: AnyStateMachine): (type: string) => boolean {
  const descriptors = new Set<string>();
  const visit = ({ transitions, states }: StateNode): void => {
    for (const descriptor of transitions.keys()) descriptors.add(descriptor);
    for (const child of Object.values(states)) visit(child as StateNode);
  };
  visit(machine.root);
  if (descriptors.has('*')) return () => true;
  const prefixes = [...descriptors].filter((each) => each.endsWith('.*')).map((each) => each.slice(0, -2));
  return (type) =>
    descriptors.has(type) || prefixes.some((prefix) => type === prefix || type.startsWith(`${prefix}.`));
}

/** A transition without target and actions is XState's way to forbid an event (https://stately.ai/docs/transitions). */
function doesSomething({ target, actions }: AnyTransitionDefinition): boolean {
  return target !== undefined || actions.length > 0;
}

/** What has to be kept of a snapshot to restore it. */
export interface PersistedSnapshot {
  readonly status: string;
  readonly value: unknown;
  readonly context: unknown;
  readonly historyValue: unknown;
  readonly output?: unknown;
}

/** The part of a snapshot to keep. It shares the context with the snapshot: encode it at once. */
export function persist(machine: AnyStateMachine, snapshot: MachineSnapshot): PersistedSnapshot {
  const { status, value, context, historyValue, output } = machine.getPersistedSnapshot(
    snapshot,
  ) as unknown as PersistedSnapshot;
  return { status, value, context, historyValue, ...(output === undefined ? {} : { output }) };
}

/** The reverse of {@link persist}. Takes ownership of its argument. Throws if the machine cannot be in that state. */
export function restore(machine: AnyStateMachine, persisted: PersistedSnapshot): MachineSnapshot {
  const whole = { ...persisted, output: persisted.output, error: undefined, children: {} };
  const snapshot = machine.restoreSnapshot(whole as never, scope) as MachineSnapshot;
  if (isTorn(snapshot._nodes)) throw new Error('The state value is none that the machine can be in.');
  return snapshot;
}

/** An actor that was spawned within an assign asks for no action: it shows only as a child, and would be lost. */
function refuseChildren(snapshot: MachineSnapshot): void {
  for (const _child in snapshot.children) throw new UnsupportedActionError('spawn');
}

/**
 * XState 5 takes two transitions of different regions although they exclude each other, when one of them leads to a
 * history state. It is then in states that cannot be together, which neither its value nor a snapshot shows: a replay
 * from one would go elsewhere. Each compound state has one active child, and each parallel state all of them.
 */
function refuseTornStates({ _nodes: active }: MachineSnapshot): void {
  if (!isTorn(active)) return;
  throw new Error(
    'Two regions answered the event with transitions that exclude each other, one of them to a history state. ' +
      'Let only one region answer it.',
  );
}

function isTorn(active: readonly StateNode[]): boolean {
  let expected = 1;
  for (let index = 0; index < active.length; index++) {
    const { type, states, parent } = active[index] as StateNode;
    if (type === 'compound') expected++;
    else if (type === 'parallel') {
      for (const region of Object.values(states)) if ((region as StateNode).type !== 'history') expected++;
    }
    if (parent === undefined) continue;
    if (!active.includes(parent)) return true;
    if (parent.type !== 'compound') continue;
    for (let other = 0; other < index; other++) if (active[other]?.parent === parent) return true;
  }
  return expected !== active.length;
}

const noEffects: readonly Effect[] = [];
const noTags: ReadonlySet<string> = new Set();

function toEffects(actions: readonly Action[]): readonly Effect[] {
  if (actions.length === 0) return noEffects;
  const effects: Effect[] = [];
  for (const { type, info, params, exec } of actions) {
    if (isDone(type, params)) continue;
    if (type.startsWith('xstate.')) throw new UnsupportedActionError(type);
    effects.push({ type, run: () => exec?.(info, params) });
  }
  return effects;
}

/** Actions of XState that the transition itself has carried out, or that have nothing to act on here. */
function isDone(type: string, params: unknown): boolean {
  if (type === 'xstate.raise') return typeof (params as { delay?: unknown }).delay !== 'number';
  return type === 'xstate.log' || type === 'xstate.cancel';
}

/** A transition asked for something that would be lost here. */
export class UnsupportedActionError extends Error {
  constructor(type: string) {
    super(`The action "${type}" needs what this version does not host: a durable timer or another actor.`);
  }
}
