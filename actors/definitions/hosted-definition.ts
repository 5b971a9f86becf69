import { holdfastError, isHoldfastError } from '../../runtime/errors/holdfast-error.ts';
import { messageOf } from '../../runtime/errors/message-of.ts';
import { sentence } from '../../runtime/errors/sentence.ts';
import { decode, encode } from '../../runtime/protocol/codec.ts';
import { createEventId } from '../../runtime/protocol/event-id.ts';
import { Payloads } from '../../runtime/protocol/payloads.ts';
import { checkMachine } from '../charts/check-machine.ts';
import { type Recorded, recorded } from '../journal.ts';
import { type ActorIdentity, ActorTree } from '../steps/actor-tree.ts';
import { type Asked, askedNothing, asksAnything } from '../steps/asked.ts';
import {
  BareStepper,
  initialSnapshot,
  initialStep,
  type PersistedSnapshot,
  persist,
  refuseImpossible,
  restore,
} from '../steps/bare-machine.ts';
import { Entropy } from '../steps/entropy.ts';
import { refuseUnkeepable } from '../steps/refuse-unkeepable.ts';
import type { Step, Stepper } from '../steps/stepper.ts';
import {
  type AnyStateMachine,
  boundMicrosteps,
  knownTypes,
  type MachineSnapshot,
} from '../xstate-adapter.ts';
import type { AnyAggregateDefinition } from './define-aggregate.ts';
import { fingerprintOf } from './fingerprint.ts';
import { type CurrentPage, Upcasting } from './upcasting.ts';

const noInput =
  ' It was given no input: if it needs one, give it with start({ input }), or to every actor with defineAggregate({ input }).';

/** Sets the time and chance of beginning apart from those of the first event. */
const beginning = 1;

/** The machine of one actor in memory. */
export interface Instance {
  readonly snapshot: MachineSnapshot;
  /** Present for a machine with child actors, which holds the state besides that of its root. */
  readonly tree: ActorTree | undefined;
}

/** A definition made ready to host: its machine checked and bounded, its fingerprint computed once. */
export class HostedDefinition {
  readonly definition: AnyAggregateDefinition;
  readonly machine: AnyStateMachine;
  readonly fingerprint: string;
  /** Whether instances may have child actors: their machine declares or invokes some. */
  readonly hasChildren: boolean;
  readonly upcasting: Upcasting;
  /** Those that are loaded along with it, which may still be on their way. */
  readonly others: ReadonlyMap<string, HostedDefinition | Error>;
  readonly #knows: (type: string) => boolean;
  readonly #bare: BareStepper;
  #beginsWithEntropy = false;
  #needsSeeds = false;
  /** Whether any instance asked for something when it began: what they ask for may depend on their input. */
  #asksInitially = false;

  constructor(
    definition: AnyAggregateDefinition,
    others: ReadonlyMap<string, HostedDefinition | Error> = new Map(),
  ) {
    this.others = others;
    this.definition = definition;
    this.machine = definition.machine as AnyStateMachine;
    checkMachine(definition.kind, this.machine);
    boundMicrosteps(this.machine);
    this.fingerprint = fingerprintOf(definition);
    this.hasChildren = mayHaveChildren(this.machine);
    this.#bare = new BareStepper(this.machine);
    this.#knows = knownTypes(this.machine);
    this.upcasting = new Upcasting(definition.kind, definition.upcast, this.#knows);
  }

  /** Whether any instance asked for the time or for chance when it began. */
  get beginsWithEntropy(): boolean {
    return this.#beginsWithEntropy;
  }

  /**
   * Whether a replay asked for the time or for chance at an event that had asked for neither when it was new: the code
   * has changed since, or somebody else wrote it. From then on a replay needs the ids of all events.
   */
  get needsSeeds(): boolean {
    return this.#needsSeeds;
  }

  /** Whether any state of the machine has to do with a type of event. */
  knows(type: string): boolean {
    return this.#knows(type);
  }

  /** Computes the steps of an instance. */
  stepperOf({ tree }: Pick<Instance, 'tree'>): Stepper {
    return tree ?? this.#bare;
  }

  /** An instance with no events. Its own each time: a context that a user's code mutates is not shared. */
  begin(
    identity: ActorIdentity,
    given?: { readonly input: unknown },
    eventId: string = createEventId(),
  ): Instance {
    try {
      const entropy = new Entropy(eventId, beginning);
      const instance = entropy.within(() => this.#begin(identity, given));
      this.#beginsWithEntropy ||= entropy.isUsed;
      return instance;
    } catch (error) {
      const hint = given?.input === undefined && this.definition.input === undefined ? noInput : '';
      throw this.#couldNotBegin(error, hint);
    }
  }

  /**
   * Refuses to begin with a context that could not be kept or shown, before anything of the actor is written: from then on
   * only what a step changes is looked at.
   */
  refuseUnkeepableBeginning(snapshot: MachineSnapshot): void {
    try {
      refuseUnkeepable({ context: undefined }, snapshot);
    } catch (error) {
      throw this.#couldNotBegin(error, '');
    }
  }

  #couldNotBegin(error: unknown, hint: string): Error {
    return holdfastError(
      'HOLDFAST_ERR_TRANSITION_FAILED',
      `The machine of "${this.definition.kind}" could not be started: ${sentence(messageOf(error))}${hint}`,
      undefined,
      error,
    );
  }

  #begin(identity: ActorIdentity, given: { readonly input: unknown } | undefined): Instance {
    const input = this.#inputOf(identity.id, given);
    if (!this.hasChildren) {
      const { snapshot, asked } = initialStep(this.machine, input, identity.id);
      this.#asksInitially ||= asksAnything(asked);
      return { snapshot, tree: undefined };
    }
    const tree = new ActorTree(this.machine, identity, { input });
    return { snapshot: tree.snapshot, tree };
  }

  /** The same, for an actor that may yet be started with an input of its own: until then it has a failure to begin. */
  beginOrFail(identity: ActorIdentity, eventId?: string): Instance {
    try {
      return this.begin(identity, undefined, eventId);
    } catch (error) {
      return { snapshot: notBegun(error), tree: undefined };
    }
  }

  /** The same for a replay; `seed` is that of the first event. */
  beginReplay(identity: ActorIdentity, seed: string | undefined): Instance {
    return this.#beginAgain(() => this.beginOrFail(identity, seed), seed);
  }

  /** What an instance asks for when it begins: to be carried out with its first event. */
  initiallyAsked(
    id: string,
    { tree }: Pick<Instance, 'tree'>,
    eventId: string,
    given?: { readonly input: unknown },
  ): Asked {
    if (tree !== undefined) return tree.initiallyAsked;
    if (!this.#asksInitially) return askedNothing;
    const { asked } = new Entropy(eventId, beginning).within(() =>
      initialStep(this.machine, this.#inputOf(id, given), id),
    );
    return asked;
  }

  /** The state of an instance with no events. */
  initial(id: string): MachineSnapshot {
    return initialSnapshot(this.machine, this.#inputOf(id));
  }

  /** The persisted form of a state, or `undefined` if it holds what the codec or XState cannot keep. */
  encode(instance: Instance, address: string): string | undefined {
    try {
      const { tree, snapshot } = instance;
      if (tree !== undefined) return tree.isRestorable ? encode(tree.persist(), address) : undefined;
      const persisted = persist(this.machine, snapshot);
      return persisted.context === snapshot.context ? encode(persisted, address) : undefined;
    } catch {
      // A snapshot is a cache: a context that cannot be kept is replayed, and never fails a command.
      return undefined;
    }
  }

  /** The state that was persisted, or `undefined` if this machine cannot take it. */
  restore(text: string, identity: ActorIdentity): Instance | undefined {
    try {
      const instance = this.revive(decode(text) as PersistedSnapshot, identity);
      return instance.snapshot.status === 'error' ? undefined : instance;
    } catch {
      // A snapshot is a cache: what cannot be used is replayed.
      return undefined;
    }
  }

  /** An instance in a persisted state, which it takes over. Throws if the machine cannot be in it. */
  revive(persisted: PersistedSnapshot, identity: ActorIdentity): Instance {
    if (!this.hasChildren) return { snapshot: restore(this.machine, persisted), tree: undefined };
    const tree = new ActorTree(this.machine, identity, { persisted });
    refuseImpossible(tree.snapshot);
    return { snapshot: tree.snapshot, tree };
  }

  /**
   * Folds events that were accepted once. One that is not accepted now changes nothing: it stays a fact, and its index is
   * told to `onSkipped`. What they ask for was carried out when they were new, and is dropped.
   */
  fold(
    from: Instance,
    identity: ActorIdentity,
    page: CurrentPage,
    onSkipped?: (index: number) => void,
  ): Instance {
    const unseeded = new Entropy(createEventId());
    const skipped: number[] = [];
    const neededSeeds = this.#needsSeeds;
    try {
      return unseeded.within(() => this.#foldAll(from, identity, page, (index) => skipped.push(index)));
    } finally {
      this.#needsSeeds ||= unseeded.isUsed;
      // A replay that turns out to need seeds is done again.
      if (this.#needsSeeds === neededSeeds) for (const index of skipped) onSkipped?.(index);
    }
  }

  #foldAll(
    from: Instance,
    identity: ActorIdentity,
    { types, data, versionAt, seedAt }: CurrentPage,
    onSkipped: (index: number) => void,
  ): Instance {
    let instance = from;
    let type = '';
    let before = 0;
    let entropy: Entropy | undefined;
    const payloads = new Payloads(data);
    for (let index = 0; index < types.length; index++) {
      // Each type came as a string of its own; XState looks one up faster that it has looked up before.
      if (types[index] !== type) type = types[index] as string;
      try {
        const entry = recorded(type, payloads.at(index));
        const seed = seedAt?.(index) ?? undefined;
        const version = versionAt(index);
        // What was upcast to several events draws on where the one before stopped.
        if (version !== before) entropy = seed === undefined ? undefined : new Entropy(seed);
        before = version;
        const from = instance;
        const next =
          entropy === undefined
            ? this.#foldOne(from, identity, version, entry, seed)
            : entropy.within(() => this.#foldOne(from, identity, version, entry, seed));
        if (next === undefined) onSkipped(index);
        else instance = next;
      } catch (error) {
        // What cannot be read is no fault of the machine, and mended by a backup.
        throw isHoldfastError(error, 'HOLDFAST_ERR_STORAGE_CORRUPT')
          ? error
          : this.#replayFailed(type, error);
      }
    }
    return instance;
  }

  #foldOne(
    instance: Instance,
    identity: ActorIdentity,
    version: number,
    entry: Recorded,
    seed: string | undefined,
  ): Instance | undefined {
    const { tree, snapshot } = instance;
    const failure = failureToBegin(snapshot);
    if (failure !== undefined && entry.kind !== 'started') throw failure;
    switch (entry.kind) {
      case 'started':
        if (version !== 1) return instance;
        return this.#beginAgain(() => this.begin(identity, { input: entry.input }, seed), seed);
      case 'failed':
        return { tree, snapshot: tree?.fail(entry.error) ?? failed(snapshot, entry.error) };
      case 'event': {
        const { actor, event, isInternal } = entry;
        const next: Step = this.stepperOf(instance).step(snapshot, {
          event,
          actor,
          isInternal,
          version,
          id: identity.id,
        });
        return next.accepted ? { tree, snapshot: next.snapshot } : undefined;
      }
    }
  }

  /** The beginning of an actor that has events, as it was when the first of them was decided. */
  #beginAgain(begin: () => Instance, seed: string | undefined): Instance {
    const instance = begin();
    this.#needsSeeds ||= seed === undefined && this.#beginsWithEntropy;
    return instance;
  }

  #inputOf(id: string, given?: { readonly input: unknown }): unknown {
    return given === undefined ? this.definition.input?.(id) : given.input;
  }

  #replayFailed(type: string, error: unknown): Error {
    return holdfastError(
      'HOLDFAST_ERR_TRANSITION_FAILED',
      `The machine of "${this.definition.kind}" failed on a recorded "${type}", which another version of it or another ` +
        `writer appended: ${sentence(messageOf(error))} Make it accept what is recorded.`,
      undefined,
      error,
    );
  }
}

/** A state in which the machine has ended with an error. */
export function failed(snapshot: MachineSnapshot, error: unknown): MachineSnapshot {
  return { ...snapshot, status: 'error', error } as MachineSnapshot;
}

/** Stands for the state of an actor whose machine cannot begin without an input. */
function notBegun(error: unknown): MachineSnapshot {
  return { status: 'error', error, children: {}, tags: new Set() } as unknown as MachineSnapshot;
}

/** Why an actor has no state. */
export function failureToBegin({ machine, error }: MachineSnapshot): Error | undefined {
  return machine === undefined ? (error as Error) : undefined;
}

function mayHaveChildren(machine: AnyStateMachine): boolean {
  if (Object.keys(machine.implementations.actors).length > 0) return true;
  return invokes(machine.root);
}

function invokes(node: AnyStateMachine['root']): boolean {
  return node.invoke.length > 0 || Object.values(node.states).some((child) => invokes(child as typeof node));
}
