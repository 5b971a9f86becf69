import { isAddressRef } from '../../runtime/protocol/address-ref.ts';
import { giveServices, type ThreadServices } from '../../runtime/protocol/container-blueprint.ts';
import { createEventId } from '../../runtime/protocol/event-id.ts';
import type { ActorPath, CancelTimers } from '../../runtime/protocol/timer.ts';
import {
  type Action,
  type ActorLogic,
  type AnyStateMachine,
  answers,
  boundMicrosteps,
  createLiveActor,
  isEffectful,
  isMachine,
  type LiveActor,
  type LiveSystem,
  type MachineEvent,
  type MachineSnapshot,
} from '../xstate-adapter.ts';
import { pathOf } from './actor-path.ts';
import {
  type Asked,
  type AskedSoFar,
  type AskedTimer,
  askedNothing,
  askNothingYet,
  asksAnything,
  delayMsOf,
  type WorkDescription,
} from './asked.ts';
import { freshContext } from './fresh-context.ts';
import { isRestorable } from './is-restorable.ts';
import { type Beginning, type StandInListener, type StandInSnapshot, standInFor } from './stand-in.ts';
import { type Input, notAccepted, type Step, type Stepper, undeclaredActor } from './stepper.ts';
import { refuseTornStates } from './torn-states.ts';
import { TreeMembers } from './tree-members.ts';

/** Which actor a machine is made for, and who hears of events that reach it between steps. */
export interface ActorIdentity {
  readonly id: string;
  readonly address: string;
  readonly onInput: (address: string, actor: ActorPath, event: MachineEvent) => void;
  /** What actions may ask. */
  readonly services?: ThreadServices | undefined;
}

/** How many events the actors of a tree may send each other in one step before it is taken for an endless loop. */
const relayedMax = 10_000;

/** How a tree begins: from nothing, or from what was persisted. */
export type TreeOrigin = { readonly input: unknown } | { readonly persisted: unknown };

/**
 * A machine with its child actors, as XState itself runs them: parents and children exchange events within one step, so
 * that the whole tree is one actor with one stream. Nothing leaves it: actions, timers, messages and the starting of
 * work are collected, and what comes from outside between steps (a callback, a late `self.send`) goes to `onInput`
 * instead of the machine, to be journaled first.
 */
export class ActorTree implements Stepper {
  /** What beginning asked for; of interest as long as there is no event. */
  readonly initiallyAsked: Asked;
  readonly #identity: ActorIdentity;
  readonly #root: LiveActor;
  readonly #members = new TreeMembers();
  /** The logic that stand-ins stand for. */
  readonly #real = new WeakMap<LiveActor, ActorLogic>();
  readonly #began = new WeakMap<LiveActor, Beginning>();
  #relay: LiveSystem['_relay'] = () => undefined;
  #asked: AskedSoFar | undefined;
  /** What the last step has asked of timers: also one that has thrown has them ended. */
  #timers: readonly AskedTimer[] = [];
  #version = 0;
  /** What the step under way has done: actors made, work begun by its place, and events from one actor to another. */
  #made = 0;
  #begun: Map<ActorPath, number> | undefined;
  #relayed = 0;
  /** XState tells parents of the snapshots of their children when it restores them, as if they were new. */
  #isRestoring = false;
  #undeclared: unknown;
  #failed: MachineSnapshot | undefined;
  #steps = 0;

  constructor(machine: AnyStateMachine, identity: ActorIdentity, origin: TreeOrigin) {
    const { id } = identity;
    this.#identity = identity;
    const asked = askNothingYet();
    this.#asked = asked;
    this.#isRestoring = 'persisted' in origin;
    const onActor = (actor: LiveActor): void => this.#adopt(actor);
    this.#root = createLiveActor(
      machine,
      'input' in origin ? { id, onActor, input: origin.input } : { id, onActor, snapshot: origin.persisted },
    );
    this.#root.start();
    this.#asked = undefined;
    this.#isRestoring = false;
    if (this.#relayed > relayedMax) throw endlessLoop();
    const { snapshot } = this;
    if (snapshot.status === 'error' && 'input' in origin) throw snapshot.error;
    this.#refuseUndeclared();
    this.initiallyAsked = 'input' in origin ? asked : askedNothing;
  }

  /** The state of the root. */
  get snapshot(): MachineSnapshot {
    return this.#failed ?? (this.#root.getSnapshot() as unknown as MachineSnapshot);
  }

  /** Ends the tree in status `error`, as it was recorded that it did; `from` is the state before a step that is undone. */
  fail(error: unknown, from: MachineSnapshot = this.snapshot): MachineSnapshot {
    this.#failed = { ...from, status: 'error', error } as MachineSnapshot;
    return this.#failed;
  }

  /** What is left of what the last step has asked for if that ended the tree: no timer of anybody in it comes any more. */
  askedAtTheEnd(): Asked {
    const changedBy = this.#timers.map(({ actor }) => actor);
    const setBy = new Set(['', ...[...this.#members.all()].map(pathOf), ...changedBy]);
    return { ...askedNothing, timers: [...setBy].map((actor) => ({ change: 'cancel-all', actor })) };
  }

  /** Counts the events that have changed something: two equal counts are the same state of the tree. */
  get steps(): number {
    return this.#steps;
  }

  step(_from: MachineSnapshot, { event, actor, version, isInternal }: Input): Step {
    const before = this.snapshot;
    const target = before.status === 'active' ? this.#at(actor) : undefined;
    if (target === undefined) return notAccepted;
    const targetBefore = target.getSnapshot();
    const asked = this.#relayStep(target, event, version);
    const after = this.#relayed > relayedMax ? this.fail(endlessLoop()) : this.snapshot;
    // What a part of the tree passes on to another part changes the tree, although it stays the same itself.
    const hasChanged =
      after !== before || target.getSnapshot() !== targetBefore || asksAnything(asked) || this.#relayed > 0;
    const isRoot = actor === '';
    if (!hasChanged && !(isRoot && answers(before.machine, before, event))) return notAccepted;
    this.#steps++;
    if (after.status === 'error' && !isInternal) throw after.error;
    this.#refuseUndeclared();
    if (after.status === 'active') refuseTornStates(after);
    return { accepted: true, snapshot: after, asked };
  }

  #relayStep(target: LiveActor, event: MachineEvent, version: number): Asked {
    const asked = askNothingYet();
    this.#version = version;
    this.#made = 0;
    this.#begun = undefined;
    this.#relayed = 0;
    this.#asked = asked;
    this.#timers = asked.timers;
    try {
      this.#relay(undefined, target, event);
    } finally {
      this.#asked = undefined;
    }
    return asked;
  }

  #at(path: ActorPath): LiveActor | undefined {
    return path === '' ? this.#root : this.#members.at(path);
  }

  #isThere(actor: LiveActor): boolean {
    return this.#at(pathOf(actor)) === actor;
  }

  /** Whether {@link persist} keeps all of the tree; if it does not, the tree is replayed. */
  get isRestorable(): boolean {
    return this.snapshot.status !== 'error' && isRestorable(this.#root, this.#members.all());
  }

  /** What has to be kept of the tree to go on from it. It shares contexts with the tree: encode it at once. */
  persist(): unknown {
    return this.#root.getPersistedSnapshot();
  }

  /** The work that is under way in the state of the tree, whether or not it runs. */
  activeWork(): WorkDescription[] {
    if (this.snapshot.status !== 'active') return [];
    return [...this.#members.all()].flatMap((actor) => {
      const isActive = this.#real.has(actor) && actor.getSnapshot().status === 'active';
      return isActive ? [this.#describe(actor)] : [];
    });
  }

  /** The key of the work at a path; `undefined` if there is none under way. */
  workKeyAt(path: ActorPath): string | undefined {
    const actor = this.#members.at(path);
    if (actor === undefined || !this.#real.has(actor) || actor.getSnapshot().status !== 'active')
      return undefined;
    return this.#describe(actor).key;
  }

  /** Called with each actor when it is created, before it has a state. */
  #adopt(actor: LiveActor): void {
    if (actor._parent === undefined) {
      this.#takeOver(actor.system);
      actor.stop = refuseStop;
    } else {
      // XState keeps a child by the name of its logic: without one it could not be restored.
      if (typeof actor.src !== 'string') this.#undeclared ??= actor.src;
    }
    const { services } = this.#identity;
    // Not while a step is computed, which has to come to the same when it is replayed.
    if (services !== undefined)
      giveServices(actor, () => (this.#asked === undefined && !this.#isRestoring ? services : undefined));
    const scope = actor._actorScope;
    const execute = scope.actionExecutor;
    scope.actionExecutor = (action) => execute(this.#deferred(action));
    scope.emit = (event) => this.#asked?.effects.push({ kind: 'emit', event });
    if (isMachine(actor.logic)) {
      boundMicrosteps(actor.logic);
      freshContext(actor.logic);
    } else if (isEffectful(actor.logic)) {
      this.#real.set(actor, actor.logic);
      actor.logic = standInFor(actor.logic, this.#work);
    }
  }

  /** An action of the user is collected when XState would execute it; XState's own act within the tree. */
  #deferred(action: Action): Action {
    const { type, exec, info, params } = action;
    if (exec === undefined || (type.startsWith('xstate.') && type !== 'xstate.log')) return action;
    const collect = (): void => {
      this.#asked?.effects.push({ kind: 'action', type, run: () => exec(info, params) });
    };
    return { type, info, params, exec: collect };
  }

  /** Every event and every timer of the tree goes through its system. */
  #takeOver(system: LiveSystem): void {
    this.#relay = system._relay;
    // XState counts the actors of its process, and calls those by their number that have no id: a replay would not.
    system._bookId = () => `x:${this.#version}:${this.#made++}`;
    // Actors that are made and left within one step are never started, and have never been there.
    const { _register: register, _unregister: unregister } = system;
    system._register = (name, actor) => {
      if (actor._parent !== undefined) this.#members.add(actor);
      return register(name, actor);
    };
    system._unregister = (actor) => {
      this.#members.remove(actor);
      unregister(actor);
    };
    system._relay = (source, target, event) => {
      if (this.#isRestoring) return;
      // What leaves the tree comes back in another step, and makes no loop of this one.
      if (isAddressRef(target)) return void this.#asked?.messages.push({ target: target.address, event });
      if (this.#asked !== undefined && ++this.#relayed > relayedMax) return;
      if (this.#asked !== undefined) this.#relay(source, target, event);
      else this.#identity.onInput(this.#identity.address, pathOf(target as LiveActor), event);
    };
    system.scheduler = {
      schedule: (source, target, event, delay, name = createEventId()) => {
        // For an actor that is gone already, and whose place another one may have.
        if (!isAddressRef(target) && !this.#isThere(target as LiveActor)) return;
        const to = isAddressRef(target)
          ? { address: target.address }
          : { actor: pathOf(target as LiveActor) };
        const delayMs = delayMsOf(delay);
        this.#asked?.timers.push({ change: 'set', actor: pathOf(source), name, to, event, delayMs });
      },
      cancel: (source, name) => this.#cancel(source, { change: 'cancel', actor: pathOf(source), name }),
      cancelAll: (actor) => this.#cancel(actor, { change: 'cancel-all', actor: pathOf(actor) }),
    };
  }

  /** The timers of another one that has the place of this one are not its own. */
  #cancel(actor: LiveActor, change: CancelTimers): void {
    const there = this.#at(change.actor);
    if (there === undefined || there === actor) this.#asked?.timers.push(change);
  }

  #refuseUndeclared(): void {
    if (this.#undeclared === undefined) return;
    throw undeclaredActor();
  }

  readonly #work: StandInListener = this.#createWorkListener();

  #createWorkListener(): StandInListener {
    return {
      begin: (actor) => this.#placeInTime(actor),
      resume: (actor, began) => this.#began.set(actor, began),
      start: (actor) => this.#asked?.effects.push({ kind: 'start', work: this.#describe(actor) }),
      stop: (actor) => this.#asked?.effects.push({ kind: 'stop', key: this.#describe(actor).key }),
      forward: (actor, event) =>
        this.#asked?.effects.push({ kind: 'forward', key: this.#describe(actor).key, event }),
    };
  }

  /** A state that is left and entered again in one step begins the same work twice. */
  #placeInTime(actor: LiveActor): Beginning {
    this.#begun ??= new Map();
    const path = pathOf(actor);
    const nth = (this.#begun.get(path) ?? 0) + 1;
    this.#begun.set(path, nth);
    const began = nth === 1 ? { startedAt: this.#version } : { startedAt: this.#version, nth };
    this.#began.set(actor, began);
    return began;
  }

  #describe(actor: LiveActor): WorkDescription {
    const { input } = actor.getSnapshot() as StandInSnapshot;
    const { startedAt, nth } = this.#began.get(actor) as Beginning;
    const path = pathOf(actor);
    const moment = nth === undefined ? startedAt : `${startedAt}.${nth}`;
    return {
      key: `${this.#identity.address}@${moment}${path}`,
      actor: path,
      id: actor.id,
      src: String(actor.src),
      logic: this.#real.get(actor) as ActorLogic,
      input,
    };
  }
}

function endlessLoop(): Error {
  return new Error('Its actors send each other events without an end.');
}

function refuseStop(): never {
  throw new Error('A hosted actor cannot be stopped: it ends with a final state of its machine.');
}
