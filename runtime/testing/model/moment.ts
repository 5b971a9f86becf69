import type {
  AnyStateMachine,
  EventFromLogic,
  MachineSnapshot,
  SnapshotFrom,
} from '../../../actors/xstate-adapter.ts';
import type { ModelActor, Taken } from './model-actor.ts';
import type { CommandStep, ModelStep, TimerStep, WorkStep } from './model-step.ts';

/** What a machine has asked for and what has not come yet. */
export interface Pending {
  /** The delayed events, the next one first: how a step names them, and the delay that was asked for, in milliseconds. */
  readonly timers: readonly { readonly name: string; readonly delayMs: number }[];
  /** Invoked and spawned work that is under way: the name of its logic, and its id. */
  readonly work: readonly { readonly name: string; readonly id: string }[];
}

/** A step that took place, and where it led. */
export interface Moment<Machine extends AnyStateMachine = AnyStateMachine> {
  readonly step: EventFromLogic<Machine> | CommandStep | TimerStep | WorkStep;
  readonly outcome: Taken['outcome'];
  readonly before: SnapshotFrom<Machine>;
  readonly after: SnapshotFrom<Machine>;
  /** What is pending after it. */
  readonly pending: Pending;
}

/** What is pending of an actor. */
export function pendingOf({ timers, work }: ModelActor): Pending {
  return {
    timers: timers.map(({ label, delayMs }) => ({ name: label, delayMs })),
    work: work.map(({ src, id }) => ({ name: src, id })),
  };
}

/** The moment in which an actor is, after a step. */
export function momentOf(
  before: MachineSnapshot,
  step: ModelStep,
  outcome: Taken['outcome'],
  actor: ModelActor,
): Moment {
  return { step: step as Moment['step'], outcome, before, after: actor.snapshot, pending: pendingOf(actor) };
}
