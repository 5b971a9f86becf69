import { isAddressRef } from '../../runtime/protocol/address-ref.ts';
import { createEventId } from '../../runtime/protocol/event-id.ts';
import {
  type Action,
  type AnyStateMachine,
  answers,
  createInertScope,
  type MachineEvent,
  type MachineSnapshot,
} from '../xstate-adapter.ts';
import {
  type Asked,
  type AskedSoFar,
  askedNothing,
  askNothingYet,
  delayMsOf,
  type EffectSelf,
} from './asked.ts';
import { freshContext } from './fresh-context.ts';
import { referencesIn } from './references-in.ts';
import {
  type Input,
  notAccepted,
  type Step,
  type Stepper,
  UnsupportedActionError,
  undeclaredActor,
} from './stepper.ts';
import { isTorn, refuseTornStates } from './torn-states.ts';

let collected: Action[] = [];

/** Whose action is carried out; nobody's while a step is computed, also in the midst of an action that sends to its actor. */
let acting: EffectSelf | undefined;

/** Whose step is computed. */
let stepping = '';

/** The state that its transition begins in. */
let from: MachineSnapshot | undefined;

/** What an actor has sent to itself while a step was computed: in its mailbox before what its actions ask to be sent. */
let sentEarly: MachineEvent[] = [];

/**
 * One inert scope for all machines of a thread: building one for each transition, as XState's own pure functions do,
 * costs six times as much. It carries nothing out and only collects what a transition asks for.
 */
const scope = createInertScope((action) => void collected.push(action), {
  get id() {
    return acting?.id ?? stepping;
  },
  get snapshot() {
    return acting === undefined ? from : (acting.getSnapshot() as MachineSnapshot);
  },
  send(event) {
    if (acting === undefined) sentEarly.push(event);
    else acting.send(event);
  },
});

/** Before a step: `self` is whose step it is. Returns what is to be resumed after it. */
function enter(id: string): EffectSelf | undefined {
  const interrupted = acting;
  acting = undefined;
  stepping = id;
  return interrupted;
}

/** After a step: whoever has kept `self` is not shown whose it was. */
function leave(interrupted: EffectSelf | undefined): void {
  acting = interrupted;
  stepping = '';
  from = undefined;
}

/** Before a transition: what is collected is its own, and `self` has the state that it begins in, as in XState. */
function prepare(snapshot: MachineSnapshot | undefined): void {
  collected = [];
  if (sentEarly.length > 0) sentEarly = [];
  from = snapshot;
}

/** How many events a machine may send to itself in one step before it is taken for an endless loop. */
const selfSentMax = 10_000;

function asksNothing(): boolean {
  return collected.length === 0 && sentEarly.length === 0;
}

/** The state a machine begins in, and what beginning asks for. Throws what its context factory threw. */
export function initialStep(
  machine: AnyStateMachine,
  input: unknown,
  id = '',
): { snapshot: MachineSnapshot; asked: Asked } {
  const interrupted = enter(id);
  try {
    prepare(undefined);
    freshContext(machine);
    const snapshot = machine.getInitialSnapshot(scope, input as never) as MachineSnapshot;
    if (snapshot.status === 'error') throw snapshot.error;
    refuseChildren(snapshot);
    return asksNothing() ? { snapshot, asked: askedNothing } : settle(machine, snapshot);
  } finally {
    leave(interrupted);
  }
}

/** The state a machine begins in. */
export function initialSnapshot(machine: AnyStateMachine, input: unknown): MachineSnapshot {
  return initialStep(machine, input).snapshot;
}

/** Computes what an event does, without doing it. Throws what a guard, an assign or a params function threw. */
export function step(
  machine: AnyStateMachine,
  snapshot: MachineSnapshot,
  event: MachineEvent,
  id = '',
): Step {
  if (snapshot.status !== 'active') return notAccepted;
  const interrupted = enter(id);
  try {
    prepare(snapshot);
    const next = machine.transition(snapshot, event as never, scope) as MachineSnapshot;
    // An event that is not accepted leaves the same snapshot, and so does one that is accepted and changes nothing.
    if (next === snapshot && !answers(machine, snapshot, event)) return notAccepted;
    check(next);
    if (asksNothing() && next.status === 'active') {
      return { accepted: true, snapshot: next, asked: askedNothing };
    }
    return { accepted: true, ...settle(machine, next) };
  } finally {
    leave(interrupted);
  }
}

/** Steps of a machine that has no child actors. It keeps nothing: one serves all actors of a definition. */
export class BareStepper implements Stepper {
  readonly #machine: AnyStateMachine;

  constructor(machine: AnyStateMachine) {
    this.#machine = machine;
  }

  step(from: MachineSnapshot, { event, actor, id, isInternal }: Input): Step {
    // Part of a tree that an older version of the machine had.
    if (actor !== '') return notAccepted;
    if (!isInternal) return step(this.#machine, from, event, id);
    try {
      return step(this.#machine, from, event, id);
    } catch (error) {
      const snapshot = { ...from, status: 'error', error } as MachineSnapshot;
      // A machine that has ended leaves no timer behind.
      const asked = { ...askedNothing, timers: [{ change: 'cancel-all', actor: '' }] as const };
      return { accepted: true, snapshot, asked };
    }
  }
}

/** What has to be kept of a snapshot to restore it. */
export interface PersistedSnapshot {
  readonly status: string;
  readonly value: unknown;
  readonly context: unknown;
  readonly historyValue: unknown;
  readonly output?: unknown;
  readonly error?: unknown;
}

/**
 * The part of a snapshot to keep. It shares the context with the snapshot: encode it at once. Only the context of a machine
 * that refers to itself is another one, which XState would restore without that.
 */
export function persist(machine: AnyStateMachine, snapshot: MachineSnapshot): PersistedSnapshot {
  const { status, value, context, historyValue, output, error } = machine.getPersistedSnapshot(
    snapshot,
  ) as unknown as PersistedSnapshot;
  const ended = { ...(output === undefined ? {} : { output }), ...(error === undefined ? {} : { error }) };
  return { status, value, context, historyValue, ...ended };
}

/** The context as it is kept, where actors are references; `id` is that of a machine that refers to itself. */
export function contextToKeep({ context }: MachineSnapshot, id: string): unknown {
  const interrupted = enter(id);
  try {
    return referencesIn(context);
  } finally {
    leave(interrupted);
  }
}

/** The reverse of {@link persist}. Takes ownership of its argument. Throws if the machine cannot be in that state. */
export function restore(machine: AnyStateMachine, persisted: PersistedSnapshot): MachineSnapshot {
  const { context, output, error } = persisted;
  // XState would look for actors in the context, which are children, and take data that looks like one for one.
  const whole = { ...persisted, context: {}, output, error, children: {} };
  const snapshot = machine.restoreSnapshot(whole as never, scope) as MachineSnapshot;
  snapshot.context = context as MachineSnapshot['context'];
  refuseImpossible(snapshot);
  return snapshot;
}

/** Refuses a restored state that the machine cannot be in, of an older version of it. */
export function refuseImpossible(snapshot: MachineSnapshot): void {
  if (isTorn(snapshot._nodes)) throw new Error('The state value is none that the machine can be in.');
}

function check(next: MachineSnapshot): void {
  if (next.status === 'error') throw next.error;
  refuseChildren(next);
  refuseTornStates(next);
  // A set of its own for each state without tags would be a quarter of what an actor takes in memory.
  if (next.tags.size === 0) next.tags = noTags as typeof next.tags;
}

const noTags: ReadonlySet<string> = new Set();

/** An actor that was spawned without being declared asks for no action that could be kept: it would be lost. */
function refuseChildren(snapshot: MachineSnapshot): void {
  for (const _child in snapshot.children) throw undeclaredActor();
}

/** What was collected, sorted; events that the machine sent to itself are processed as XState's mailbox would. */
function settle(
  machine: AnyStateMachine,
  from: MachineSnapshot,
): { snapshot: MachineSnapshot; asked: Asked } {
  const asked = askNothingYet();
  const selfSent = [...sentEarly];
  let snapshot = from;
  sortOut(collected, asked, selfSent);
  for (let index = 0; index < selfSent.length && snapshot.status === 'active'; index++) {
    if (index >= selfSentMax) throw new Error('It sends events to itself without an end.');
    prepare(snapshot);
    snapshot = machine.transition(snapshot, selfSent[index] as never, scope) as MachineSnapshot;
    check(snapshot);
    selfSent.push(...sentEarly);
    sortOut(collected, asked, selfSent);
  }
  // A machine that has ended leaves no timer behind.
  if (snapshot.status !== 'active') asked.timers.push({ change: 'cancel-all', actor: '' });
  return { snapshot, asked };
}

interface SendParams {
  readonly to: unknown;
  readonly event: MachineEvent;
  readonly id?: string;
  readonly delay?: number;
}

function sortOut(actions: readonly Action[], asked: AskedSoFar, selfSent: MachineEvent[]): void {
  for (const action of actions) {
    const { type, info, params, exec } = action;
    switch (type) {
      case 'xstate.raise':
        // Without a delay it was processed within the transition.
        if (typeof (params as SendParams).delay === 'number') {
          setTimer({ ...(params as SendParams), to: scope.self }, asked);
        }
        break;
      case 'xstate.sendTo':
        if (typeof (params as SendParams).delay === 'number') setTimer(params as SendParams, asked);
        else send(params as SendParams, asked, selfSent);
        break;
      case 'xstate.cancel':
        asked.timers.push({ change: 'cancel', actor: '', name: (params as { sendId: string }).sendId });
        break;
      case 'xstate.emit':
        asked.effects.push({ kind: 'emit', event: (params as SendParams).event });
        break;
      case 'xstate.spawnChild':
        throw undeclaredActor();
      case 'xstate.stopChild':
        break;
      default:
        if (exec === undefined) break;
        asked.effects.push({
          kind: 'action',
          type,
          run: (self) => {
            const interrupted = acting;
            acting = self;
            try {
              return exec({ ...info, self }, params);
            } finally {
              acting = interrupted;
            }
          },
        });
    }
  }
}

function setTimer({ to, event, id, delay }: SendParams, asked: AskedSoFar): void {
  const address = addressOrSelf(to);
  const recipient = address === undefined ? { actor: '' } : { address };
  // XState, too, gives a random id to a delayed event without one.
  const name = id ?? createEventId();
  asked.timers.push({
    change: 'set',
    actor: '',
    name,
    to: recipient,
    event,
    delayMs: delayMsOf(delay as number),
  });
}

function send({ to, event }: SendParams, asked: AskedSoFar, selfSent: MachineEvent[]): void {
  const target = addressOrSelf(to);
  if (target === undefined) selfSent.push(event);
  else asked.messages.push({ target, event });
}

/** The address of another actor, or `undefined` for the machine itself. */
function addressOrSelf(to: unknown): string | undefined {
  if (isAddressRef(to)) return to.address;
  if (to === scope.self) return undefined;
  throw new UnsupportedActionError(
    'sends to something that is no actor of its own: name another one with addressOf(definition, id)',
  );
}
