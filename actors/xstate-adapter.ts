// The only importer of XState outside of machines/: everything that hosts a machine goes through here, so that another
// version of XState is a change of this file. Only documented members are used.
import {
  type AnyStateMachine,
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
  if (next === snapshot && machine.getTransitionData(snapshot, event as never).length === 0)
    return { accepted: false };
  if (next.status === 'error') throw next.error;
  return { accepted: true, snapshot: next, effects: toEffects(collected) };
}

/** The types of the events that a machine may accept in a state; guards are not evaluated. */
export function acceptedTypes(snapshot: MachineSnapshot): string[] {
  if (snapshot.status !== 'active') return [];
  const types = getNextTransitions(snapshot).map(({ eventType }) => eventType as string);
  return [...new Set(types)].filter((type) => type !== '' && !type.startsWith('xstate.')).sort();
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

/** The reverse of {@link persist}. Takes ownership of its argument. */
export function restore(machine: AnyStateMachine, persisted: PersistedSnapshot): MachineSnapshot {
  const whole = { ...persisted, output: persisted.output, error: undefined, children: {} };
  return machine.restoreSnapshot(whole as never, scope) as MachineSnapshot;
}

const noEffects: readonly Effect[] = [];

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
