import type { MachineEvent, MachineSnapshot } from '../xstate-adapter.ts';

/**
 * Told of the events of a commit, and of the place of the actor after them: `position` is that of the last event in the
 * log, 0 for an actor that is not written. It is told of every commit, so whoever does not listen must not make it cost.
 */
export type TransitionListener = (
  address: string,
  events: readonly Pick<MachineEvent, 'type'>[],
  after: { readonly snapshot: MachineSnapshot; readonly version: number },
  position: number,
) => void;
