import { journalTypes } from '../../../actors/journal.ts';
import type { AnyStateMachine, EventFromLogic } from '../../../actors/xstate-adapter.ts';
import { holdfastError } from '../../errors/holdfast-error.ts';
import { describe } from '../../protocol/names.ts';
import type { CommandStep, ModelStep, TimerStep, WorkStep } from './model-step.ts';

/** An event of a stream, as the event store reads it. */
export interface JournalEvent {
  readonly type: string;
  readonly data: unknown;
}

/** What happened to an actor, as {@link stepsOf} tells it. */
export interface StepsOfStream<Machine extends AnyStateMachine = AnyStateMachine> {
  readonly steps: readonly (EventFromLogic<Machine> | CommandStep | TimerStep | WorkStep)[];
  /** Present if the actor was started with an input. */
  readonly input?: unknown;
}

/**
 * What happened to an actor, as steps for {@link replay}: to look at what is in a user's database with the properties of
 * today, or to keep it as a test. Takes the events of its stream, all and in order, and the type of its machine, which is
 * not checked. A delayed event of the actor itself that is of no `after` is told as an event that was sent.
 *
 * @throws HOLDFAST_ERR_ARGUMENT_INVALID for what is no event of a stream.
 *
 * @example
 * const { steps, input } = stepsOf<typeof order>(await Array.fromAsync(store.read('order/7')));
 * await replay(order, steps, { ...properties, ...(input === undefined ? {} : { input }) });
 */
export function stepsOf<Machine extends AnyStateMachine = AnyStateMachine>(
  events: readonly JournalEvent[],
): StepsOfStream<Machine> {
  let given: { readonly input?: unknown } = {};
  const steps: ModelStep[] = [];
  for (const event of events as readonly unknown[]) {
    const { type, data } = checked(event);
    const content = data as { actor: string; event: { type: string }; input?: unknown };
    switch (type) {
      case journalTypes.started:
        if (content.input !== undefined) given = { input: content.input };
        break;
      case journalTypes.settled:
        steps.push(workStep(content.actor, content.event as WorkEvent));
        break;
      case journalTypes.delivered:
        steps.push({ timer: content.event.type });
        break;
      case journalTypes.failed:
        steps.push(eventStep(content.event.type, content.event));
        break;
      default:
        steps.push(eventStep(type, data));
    }
  }
  return { steps: steps as readonly unknown[] as StepsOfStream<Machine>['steps'], ...given };
}

type WorkEvent = {
  readonly type: string;
  readonly output?: unknown;
  readonly error?: unknown;
  readonly value?: unknown;
};

function workStep(actor: string, { type, output, error, value }: WorkEvent): ModelStep {
  const work = (JSON.parse(actor) as string[]).at(-1) as string;
  if (type === 'holdfast.work.done') return { work, actor, done: output };
  return type === 'holdfast.work.failed' ? { work, actor, error } : { work, actor, next: value };
}

function eventStep(type: string, data: unknown): ModelStep {
  if (type.startsWith('xstate.after.')) return { timer: type };
  return { ...(typeof data === 'object' && data !== null ? data : { data }), type };
}

function checked(event: unknown): JournalEvent {
  const { type } = (event ?? {}) as Partial<JournalEvent>;
  if (typeof type === 'string') return event as JournalEvent;
  throw holdfastError(
    'HOLDFAST_ERR_ARGUMENT_INVALID',
    `stepsOf takes the events of a stream, with type and data, got ${describe(event)}.`,
  );
}
