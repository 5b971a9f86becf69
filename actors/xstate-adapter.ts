// The only importer of XState outside of machines/: everything that hosts a machine goes through here, so that another
// version of XState is a change of this file. Members of XState that are not documented are declared here and nowhere
// else, and tests/unit/xstate-internals.test.ts fails when one of them changes.
import {
  type ActorRef,
  type AnyActorRef,
  type AnyStateMachine,
  type AnyTransitionDefinition,
  type ContextFrom,
  createActor,
  createEmptyActor,
  type EmittedFrom,
  type EventFromLogic,
  fromPromise,
  getNextTransitions,
  type InputFrom,
  type OutputFrom,
  type SnapshotFrom,
  type StateValueFrom,
} from 'xstate';
import { giveServices, type ThreadServices } from '../runtime/protocol/container-blueprint.ts';

export type {
  ActorRef,
  AnyActorRef,
  AnyStateMachine,
  ContextFrom,
  EmittedFrom,
  EventFromLogic,
  InputFrom,
  OutputFrom,
  SnapshotFrom,
  StateValueFrom,
};

/** The tags of the states of a machine. */
export type TagFrom<Machine extends AnyStateMachine> =
  SnapshotFrom<Machine> extends { hasTag: (tag: infer Tag extends string) => boolean } ? Tag : string;

/** A bare machine snapshot: half a kilobyte, where a live actor takes several. */
export type MachineSnapshot = SnapshotFrom<AnyStateMachine>;

/** A node of a chart. */
export type StateNode = AnyStateMachine['root'];

/** Any event. */
export interface MachineEvent {
  readonly type: string;
}

/** An action as XState hands it to whoever executes it. Its own begin with `xstate.`. */
export interface Action {
  readonly type: string;
  readonly info: object;
  readonly params: unknown;
  readonly exec?: ((info: unknown, params: unknown) => unknown) | undefined;
}

/** Any logic that XState can run as an actor. */
export interface ActorLogic {
  readonly config?: unknown;
  transition(state: never, event: never, scope: never): unknown;
  getInitialSnapshot(scope: never, input: never): unknown;
  getPersistedSnapshot(state: never, options?: never): unknown;
  restoreSnapshot?(persisted: never, scope: never): unknown;
  start?(state: never, scope: never): void;
}

/** What every actor's snapshot has. */
export interface AnySnapshot {
  readonly status: 'active' | 'done' | 'error' | 'stopped';
  readonly output?: unknown;
  readonly error?: unknown;
  readonly context?: unknown;
  readonly children?: Readonly<Record<string, LiveActor | undefined>>;
}

/** The part of an actor's scope through which everything leaves that a transition asks for. */
export interface LiveScope {
  actionExecutor: (action: Action) => void;
  emit: (event: MachineEvent) => void;
}

/** The part of an actor system through which all events and all timers go. */
export interface LiveSystem {
  /** A name for an actor, which is its id if it was not given one. */
  _bookId: () => string;
  /** Called with each actor that is started, and that has stopped. */
  _register: (name: string, actor: LiveActor) => string;
  _unregister: (actor: LiveActor) => void;
  _relay: (source: LiveActor | undefined, target: unknown, event: MachineEvent) => void;
  scheduler: {
    schedule(source: LiveActor, target: unknown, event: MachineEvent, delay: number, id?: string): void;
    cancel(source: LiveActor, id: string): void;
    cancelAll(actor: LiveActor): void;
  };
}

/** An actor of XState, as far as it is used. */
export interface LiveActor {
  readonly id: string;
  /** The name of its logic in `setup({ actors })`; the logic itself if it was given in place. */
  readonly src: unknown;
  logic: ActorLogic;
  readonly system: LiveSystem;
  readonly _parent?: LiveActor | undefined;
  readonly _actorScope: LiveScope;
  start(): void;
  stop: () => unknown;
  getSnapshot(): AnySnapshot;
  getPersistedSnapshot(): unknown;
  subscribe(observer: { next?: (snapshot: AnySnapshot) => void; error: (error: unknown) => void }): unknown;
  /** `stop`, also for an actor that has a parent. */
  _stop(): void;
}

/** Whether a value is logic that XState can run as an actor. */
export function isActorLogic(value: unknown): value is ActorLogic {
  if (typeof value !== 'object' || value === null) return false;
  const { transition, getInitialSnapshot } = value as Partial<ActorLogic>;
  return typeof transition === 'function' && typeof getInitialSnapshot === 'function';
}

/** The logic of a promise. */
export function promiseLogic(
  create: (args: { readonly input: unknown; readonly signal: AbortSignal }) => Promise<unknown>,
): ActorLogic {
  return fromPromise(create) as unknown as ActorLogic;
}

/** A machine that invokes other logic under the names that it has declared. */
export function withActors(
  machine: AnyStateMachine,
  actors: Readonly<Record<string, unknown>>,
): AnyStateMachine {
  return machine.provide({ actors: actors as never }) as AnyStateMachine;
}

/** What a machine may go through in one event before it is taken for an endless loop. */
const microstepsMax = 10_000;

/** Bounds a machine that has no bound of its own against endless `always` and `raise` loops. */
export function boundMicrosteps(machine: AnyStateMachine): void {
  const options = machine.options as { maxIterations?: number } | undefined;
  if (options?.maxIterations === Number.POSITIVE_INFINITY) options.maxIterations = microstepsMax;
}

/** Whether the application made a machine with a copy of XState that is older than ours: it could not be bounded, either. */
export function isOfOldXState(machine: AnyStateMachine): boolean {
  return machine.options === undefined;
}

/** Whether a logic is a machine. */
export function isMachine(logic: unknown): logic is AnyStateMachine {
  return typeof logic === 'object' && logic !== null && '__xstatenode' in logic && 'root' in logic;
}

/** Whether a value refers to an actor, by which XState tells what it persists as a reference. */
export function isActorRef(value: object): value is LiveActor {
  return 'sessionId' in value && 'send' in value && 'ref' in value;
}

/** Whether a logic does something outside of itself when it is started: promises, callbacks, observables. */
export function isEffectful(logic: ActorLogic): boolean {
  return typeof logic.start === 'function' && !isMachine(logic);
}

/** A transition of a machine, as it is written in its chart. */
export type TransitionDefinition = AnyTransitionDefinition;

/** One of the small steps that an event leads through: transitions that are taken together, and where they lead. */
export interface Microstep {
  readonly transitions: readonly TransitionDefinition[];
  readonly snapshot: MachineSnapshot;
}

interface InspectionEvent {
  readonly type: string;
  readonly actorRef: unknown;
  readonly snapshot?: unknown;
  readonly _transitions?: readonly TransitionDefinition[];
}

interface InspectableSystem {
  inspect(observer: (event: InspectionEvent) => void): { unsubscribe(): void };
}

let observeMicrostep: ((microstep: Microstep) => void) | undefined;
/** Those of inert scopes, which nobody inspects otherwise. */
const inertSystems: InspectableSystem[] = [];

function noteMicrostep({ type, snapshot, _transitions: transitions = [] }: InspectionEvent): void {
  if (observeMicrostep === undefined || type !== '@xstate.microstep') return;
  observeMicrostep({ transitions, snapshot: snapshot as MachineSnapshot });
}

/** Computes something, and tells of each microstep that any machine takes meanwhile. */
export function observingMicrosteps<T>(observe: (microstep: Microstep) => void, compute: () => T): T {
  const outer = observeMicrostep;
  observeMicrostep = observe;
  const inspections = inertSystems.map((system) => system.inspect(noteMicrostep));
  try {
    return compute();
  } finally {
    observeMicrostep = outer;
    for (const inspection of inspections) inspection.unsubscribe();
  }
}

/** How a live actor is created. */
export interface LiveActorOptions {
  readonly id: string;
  /** Called with every actor of the system as it is created, before it has a state. */
  readonly onActor: (actor: LiveActor) => void;
  readonly input?: unknown;
  /** A persisted snapshot to go on from; its object is taken over. */
  readonly snapshot?: unknown;
}

/** An actor with a system of its own, not yet started. Its error is observed, since XState throws unobserved ones. */
export function createLiveActor(logic: AnyStateMachine, options: LiveActorOptions): LiveActor {
  const { id, onActor, input, snapshot } = options;
  const actor = createActor(logic, {
    id,
    inspect: (event: InspectionEvent) => {
      if (event.type === '@xstate.actor') onActor(event.actorRef as LiveActor);
      else noteMicrostep(event);
    },
    ...(snapshot === undefined ? { input } : { snapshot }),
  } as never) as unknown as LiveActor;
  actor.subscribe({ error: () => undefined });
  return actor;
}

/** Whom a piece of running work tells what happens to it. */
export interface WorkListener {
  /** A new value of an observable. */
  next(value: unknown): void;
  done(output: unknown): void;
  failed(error: unknown): void;
  /** An event for the actor that started it. */
  sent(event: MachineEvent): void;
  emitted(event: MachineEvent): void;
}

/**
 * Runs effectful logic in a system of its own. Returns the running actor: an event reaches a callback's `receive`, and
 * `_stop` aborts a promise's `signal` and disposes of the others.
 */
export function runLogic(
  logic: ActorLogic,
  options: {
    readonly id: string;
    readonly parentId: string;
    readonly input: unknown;
    readonly idempotencyKey: string;
    readonly services?: ThreadServices | undefined;
    readonly listener: WorkListener;
  },
): { send(event: MachineEvent): void; stop(): void } {
  const { id, parentId, input, idempotencyKey, services, listener } = options;
  const done = `xstate.done.actor.${id}`;
  const failed = `xstate.error.actor.${id}`;
  const { system } = createEmptyActor() as unknown as LiveActor;
  const hear = (event: MachineEvent & { output?: unknown; error?: unknown }): void => {
    if (event.type === done) listener.done(event.output);
    else if (event.type === failed) listener.failed(event.error);
    else listener.sent(event);
  };
  const parent = { id: parentId, sessionId: parentId, system, _send: hear, send: hear };
  const actor = createActor(withKey(logic, idempotencyKey) as never, { id, parent, input } as never);
  const live = actor as unknown as LiveActor;
  Object.defineProperty(live, keyOfWork, { value: idempotencyKey });
  if (services !== undefined) giveServices(live, () => services);
  live._actorScope.emit = (event) => listener.emitted(event);
  // XState tells observers of each event, whether or not it changed anything.
  let known = live.getSnapshot();
  live.subscribe({
    next: (snapshot) => {
      if (snapshot.status === 'active' && snapshot !== known) listener.next(snapshot.context);
      known = snapshot;
    },
    error: () => undefined,
  });
  live.start();
  return { send: (event) => actor.send(event as never), stop: () => live._stop() };
}

/** A registered symbol: the modules of an application may have a copy of this one, and ask it. */
const keyOfWork = Symbol.for('holdfast.idempotencyKey');

/** The idempotency key of running work, by its `self`. */
export function keyOfRunning(self: object): string | undefined {
  return (self as { [keyOfWork]?: string } | undefined)?.[keyOfWork];
}

type PromiseCreator = (args: object) => PromiseLike<unknown>;

/** Promises get an idempotency key beside their `signal`. */
function withKey(logic: ActorLogic, idempotencyKey: string): ActorLogic {
  if (!isPromiseLogic(logic)) return logic;
  const creator = logic.config as PromiseCreator;
  return fromPromise((args) => creator({ ...args, idempotencyKey })) as unknown as ActorLogic;
}

/** XState does not tell which helper made a logic; only that of `fromPromise` takes this event. */
function isPromiseLogic(logic: ActorLogic): boolean {
  if (typeof logic.config !== 'function') return false;
  const resolved = { type: 'xstate.promise.resolve', data: undefined } as never;
  try {
    const next = logic.transition({ status: 'active' } as never, resolved, { self: {} } as never);
    return (next as { status?: string } | undefined)?.status === 'done';
  } catch {
    return false;
  }
}

/** What XState calls the scope of a transition. */
export type Scope = Parameters<AnyStateMachine['transition']>[2];

/** Who the `self` of an inert scope is at the moment. */
export interface InertSelf {
  readonly id: string;
  readonly snapshot: MachineSnapshot | undefined;
  send(event: MachineEvent): void;
}

/** A scope that carries nothing out and only collects what transitions ask for. */
export function createInertScope(collect: (action: Action) => void, who: InertSelf): Scope {
  const self = createEmptyActor();
  Object.defineProperties(self, {
    id: { get: () => who.id },
    // What `getSnapshot` gives.
    _snapshot: { get: () => who.snapshot },
    send: { value: (event: MachineEvent) => who.send(event) },
  });
  // Actors are refused where this scope is used, and must not be in the way of the next one of their name.
  (self.system as unknown as { _set(systemId: string, actor: unknown): void })._set = () => undefined;
  inertSystems.push(self.system as unknown as InspectableSystem);
  return {
    self,
    system: self.system,
    id: '',
    sessionId: '',
    logger: (self as unknown as { logger: unknown }).logger,
    defer: () => undefined,
    stopChild: () => undefined,
    emit: () => undefined,
    actionExecutor: collect,
  } as unknown as Scope;
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
  const descriptors = namedTypes(machine);
  if (descriptors.has('*')) return () => true;
  const prefixes = [...descriptors].filter((each) => each.endsWith('.*')).map((each) => each.slice(0, -2));
  return (type) =>
    descriptors.has(type) || prefixes.some((prefix) => type === prefix || type.startsWith(`${prefix}.`));
}

/** What the states of a machine name as events: types, and wildcards such as `files.*` and `*`. */
export function namedTypes(machine: AnyStateMachine): Set<string> {
  const descriptors = new Set<string>();
  const visit = ({ transitions, states }: StateNode): void => {
    for (const descriptor of transitions.keys()) descriptors.add(descriptor);
    for (const child of Object.values(states)) visit(child as StateNode);
  };
  visit(machine.root);
  return descriptors;
}

/** Whether a machine answers an event although the state stays the same: with actions, or by entering it again. */
export function answers(machine: AnyStateMachine, snapshot: MachineSnapshot, event: MachineEvent): boolean {
  return machine.getTransitionData(snapshot, event as never).some(doesSomething);
}

/** A transition without target and actions is XState's way to forbid an event (https://stately.ai/docs/transitions). */
function doesSomething({ target, actions }: AnyTransitionDefinition): boolean {
  return target !== undefined || actions.length > 0;
}
