import type { ActorPath } from '../../runtime/protocol/timer.ts';
import type { MachineEvent, MachineSnapshot } from '../xstate-adapter.ts';
import type { Asked } from './asked.ts';

/** One event for an actor, with its place in the stream. */
export interface Input {
  readonly event: MachineEvent;
  /** The id of the actor, which its machine sees as `self.id`. */
  readonly id: string;
  /** Who in the tree of the actor it is for. */
  readonly actor: ActorPath;
  /** Version of the stream that the event will have, or has. */
  readonly version: number;
  /**
   * Whether nobody waits for an answer who could be told that the machine threw: the actor then ends in status `error`,
   * as it does in XState.
   */
  readonly isInternal: boolean;
}

/** What one event does to a machine. */
export type Step =
  | { readonly accepted: true; readonly snapshot: MachineSnapshot; readonly asked: Asked }
  | { readonly accepted: false };

/** The answer to an event that changes nothing. */
export const notAccepted: Step = { accepted: false };

/**
 * Computes what events do to an actor, without doing it. A machine on its own is computed from bare snapshots; one with
 * child actors lives in a tree, whose steps can only be taken one after the other.
 */
export interface Stepper {
  /** Throws what a guard, an assign or a params function threw, unless the input is internal. */
  step(from: MachineSnapshot, input: Input): Step;
}

/** A transition asked for something that would be lost here. */
export class UnsupportedActionError extends Error {
  constructor(what: string) {
    super(`It ${what}.`);
  }
}

/** The refusal of an actor that XState could not restore. */
export function undeclaredActor(): UnsupportedActionError {
  return new UnsupportedActionError(
    'spawns an actor that is not declared in setup({ actors }), and could not be restored: declare its ' +
      'logic there and spawn it by that name',
  );
}
