import { holdfastError } from '../runtime/errors/holdfast-error.ts';
import { decode, encode } from '../runtime/protocol/codec.ts';
import type { AnyAggregateDefinition } from './define-aggregate.ts';
import { fingerprintOf } from './fingerprint.ts';
import { checkMachine } from './machine-check.ts';
import {
  type AnyStateMachine,
  boundMicrosteps,
  initialSnapshot,
  type MachineSnapshot,
  type PersistedSnapshot,
  persist,
  restore,
  step,
} from './xstate-adapter.ts';

/** A definition made ready to host: its machine checked and bounded, its fingerprint computed once. */
export class HostedDefinition {
  readonly definition: AnyAggregateDefinition;
  readonly machine: AnyStateMachine;
  readonly fingerprint: string;

  constructor(definition: AnyAggregateDefinition) {
    this.definition = definition;
    this.machine = definition.machine as AnyStateMachine;
    checkMachine(definition.kind, this.machine);
    boundMicrosteps(this.machine);
    this.fingerprint = fingerprintOf(definition);
  }

  /** The state of an instance with no events. Its own each time: a context that a user's code mutates is not shared. */
  initial(id: string): MachineSnapshot {
    try {
      return initialSnapshot(this.machine, this.definition.input?.(id));
    } catch (error) {
      throw holdfastError(
        'HOLDFAST_ERR_TRANSITION_FAILED',
        `The machine of "${this.definition.kind}" could not be started: ${messageOf(error)}`,
        undefined,
        error,
      );
    }
  }

  /** The persisted form of a state, or `undefined` if its context holds what the codec cannot keep. */
  encode(snapshot: MachineSnapshot, address: string): string | undefined {
    try {
      return encode(persist(this.machine, snapshot), address);
    } catch {
      // A snapshot is a cache: a context that cannot be kept is replayed, and never fails a command.
      return undefined;
    }
  }

  /** The state that was persisted, or `undefined` if this machine cannot take it. */
  restore(text: string): MachineSnapshot | undefined {
    try {
      const snapshot = restore(this.machine, decode(text) as PersistedSnapshot);
      return snapshot.status === 'error' ? undefined : snapshot;
    } catch {
      // A snapshot is a cache: what cannot be used is replayed.
      return undefined;
    }
  }

  /** Folds events that were accepted once. One that is not accepted now changes nothing: it stays a fact. */
  fold(from: MachineSnapshot, types: readonly string[], payloads: readonly string[]): MachineSnapshot {
    let snapshot = from;
    let type = '';
    const { machine } = this;
    for (let index = 0; index < types.length; index++) {
      // Each type came as a string of its own; XState looks one up faster that it has looked up before.
      if (types[index] !== type) type = types[index] as string;
      try {
        const next = step(machine, snapshot, toEvent(type, payloads[index] as string));
        if (next.accepted) snapshot = next.snapshot;
      } catch (error) {
        throw this.#replayFailed(type, error);
      }
    }
    return snapshot;
  }

  #replayFailed(type: string, error: unknown): Error {
    return holdfastError(
      'HOLDFAST_ERR_TRANSITION_FAILED',
      `The machine of "${this.definition.kind}" failed on a recorded "${type}", which another version of it or another ` +
        `writer appended: ${messageOf(error)} Make it accept what is recorded.`,
      undefined,
      error,
    );
  }
}

/** The event a machine sees: its payload with its type. A payload that is no object, of another writer, is `data`. */
export function toEvent(type: string, payload: string): { type: string } {
  const content = decode(payload);
  if (typeof content !== 'object' || content === null) return { type, data: content } as { type: string };
  const event = content as { type: string };
  event.type = type;
  return event;
}

/** The message of whatever was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
