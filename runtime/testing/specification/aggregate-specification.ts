import { type NewEntry, toEvent } from '../../../actors/journal.ts';
import { installEntropy } from '../../../actors/steps/install-entropy.ts';
import type { AnyStateMachine, EventFromLogic, SnapshotFrom } from '../../../actors/xstate-adapter.ts';
import { messageOf } from '../../errors/message-of.ts';
import { describe } from '../../protocol/names.ts';
import { checkOptions, invalidOption, isRecord } from '../../protocol/options.ts';
import { answerOf } from '../model/answer.ts';
import { checkKnown } from '../model/known-steps.ts';
import type { Model } from '../model/model.ts';
import { ModelActor, type Taken } from '../model/model-actor.ts';
import {
  type CommandStep,
  kindOf,
  type ModelStep,
  nameOf,
  stepSource,
  type TimerStep,
  type WorkStep,
} from '../model/model-step.ts';
import { toSource } from '../model/to-source.ts';
import { expectationFailed, expectSame, isAwaited } from './expectation.ts';
import { isMeant, isRejection, type Rejection } from './rejection.ts';

/** What may happen to an actor: an event, a command, a timer that is due, or something that its work tells. */
export type StepOf<Machine extends AnyStateMachine> =
  | EventFromLogic<Machine>
  | CommandStep
  | TimerStep
  | WorkStep;

interface AnyEvent {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** An event that XState or Holdfast sends, as it is in the journal: of a timer, such as `xstate.after.1000.order.waiting`. */
export interface InternalEvent {
  readonly type: `xstate.${string}` | `holdfast.${string}`;
  readonly [field: string]: unknown;
}

/** What an actor has asked for besides its next state, in order. Nothing of it is carried out. */
export interface Asked {
  /** Messages to other actors. */
  readonly messages?: readonly { readonly to: string; readonly event: AnyEvent }[];
  /** What it has emitted. */
  readonly emitted?: readonly AnyEvent[];
  /** Delayed events that it has set. */
  readonly timers?: readonly { readonly event: string; readonly delayMs: number }[];
  /** The names of work that it has begun. */
  readonly work?: readonly string[];
}

/** Parts of a state: of the context, only what is named. */
export interface ExpectedState<Machine extends AnyStateMachine> {
  readonly value?: SnapshotFrom<Machine>['value'];
  readonly context?: Partial<SnapshotFrom<Machine>['context']>;
  readonly status?: 'active' | 'done' | 'error';
  readonly output?: unknown;
}

/** What was given, tried, and came of it; ends with an expectation, and may go on after it. */
export class AggregateScenario<Machine extends AnyStateMachine> {
  readonly #model: Model;
  readonly #actor: ModelActor;
  readonly #story: string[];
  #taken: Taken | undefined;
  #isExpected = false;
  /** Whether the last step was refused, and it has not been said that it has to be. */
  #refusal: Error | undefined;

  /** @internal */
  constructor(model: Model, actor: ModelActor, story: string[]) {
    this.#model = model;
    this.#actor = actor;
    this.#story = story;
  }

  /**
   * Has something happen.
   *
   * @throws HOLDFAST_ERR_EXPECTATION_FAILED for a timer that is not set or work that is not under way, and if what was tried
   * before it was refused and nobody has expected that; HOLDFAST_ERR_OPTION_INVALID for an event or a command of a name that
   * the machine does not know.
   */
  when(step: StepOf<Machine>): this {
    checkStep('when', step);
    this.#refuseRefusal();
    // A name that nothing has is refused in every state: to expect that would say nothing. Timers and work have to be there.
    if ('type' in step || 'command' in step) checkKnown('when', this.#model, [step as ModelStep]);
    this.#isExpected = false;
    this.#story.push(`when  ${stepSource(step as ModelStep)}`);
    const taken = this.#actor.take(step as ModelStep);
    this.#taken = taken;
    this.#refusal = 'error' in taken ? taken.error : undefined;
    if (taken.outcome !== 'impossible') return this;
    throw expectationFailed(
      this.#story,
      notThere(this.#actor, step as ModelStep),
      'nothing to happen',
      'something that can happen',
    );
  }

  /**
   * Expects these events to follow, and no others; or that it is refused. What only changes the state of a part of the
   * actor (the outcome of work) is in `thenState`.
   *
   * @throws HOLDFAST_ERR_EXPECTATION_FAILED.
   */
  // biome-ignore lint/suspicious/noThenProperty: given, when, then is what everybody calls it; being awaited is refused
  then(expected: readonly (EventFromLogic<Machine> | InternalEvent)[] | Rejection): this {
    // biome-ignore lint/complexity/noArguments: `await` passes two functions, which is all that tells it
    if (isAwaited([...arguments], this.#isExpected)) return this;
    const taken = this.#lastTaken('then');
    if (isRejection(expected)) {
      this.#expectRejection(taken, expected);
      this.#refusal = undefined;
    } else {
      if (!Array.isArray(expected))
        throw invalidOption(`then takes an array of events or rejection(), got ${describe(expected)}.`);
      this.#expectAccepted(taken);
      const events = taken.outcome === 'accepted' ? taken.events : [];
      expectSame(this.#story, 'the events', events.map(shownEvent), expected);
    }
    this.#story.push(`then  ${isRejection(expected) ? 'it was refused' : toSource(expected)}`);
    this.#isExpected = true;
    return this;
  }

  /**
   * Expects the state to be so: parts of it, or a function that says otherwise by returning false or throwing. After a step that
   * was refused, `then(rejection())` comes before it: the state is then that of before the step.
   *
   * @throws HOLDFAST_ERR_EXPECTATION_FAILED.
   */
  thenState(expected: ExpectedState<Machine> | ((snapshot: SnapshotFrom<Machine>) => unknown)): this {
    this.#refuseRefusal();
    this.#isExpected = true;
    const snapshot = this.#actor.snapshot as SnapshotFrom<Machine>;
    if (typeof expected === 'function') {
      const verdict = attempt(() => expected(snapshot));
      if (verdict.isFine) return this;
      const { value, context } = this.#actor.snapshot as { value: unknown; context: unknown };
      const state = { value, context };
      throw expectationFailed(
        this.#story,
        `the state ${toSource(state)} is not as expected: ${verdict.why}`,
        state,
        'a state for which the function holds',
        verdict.cause,
      );
    }
    if (isRecord(expected) && 'state' in expected)
      throw invalidOption('thenState: the state is called "value" here, as in a snapshot of XState.');
    checkOptions('thenState', expected, ['value', 'context', 'status', 'output']);
    const { context, ...others } = expected as ExpectedState<AnyStateMachine>;
    const actual = snapshot as unknown as Record<string, unknown>;
    const picked = Object.fromEntries(Object.keys(others).map((key) => [key, actual[key]]));
    const whole = (actual['context'] ?? {}) as Record<string, unknown>;
    const names = Object.keys(context ?? {});
    const inContext =
      context === undefined ? {} : { context: Object.fromEntries(names.map((key) => [key, whole[key]])) };
    expectSame(this.#story, 'the state', { ...picked, ...inContext }, { ...expected });
    return this;
  }

  /**
   * Expects the last step to have asked for this, of the kinds that are named.
   *
   * @throws HOLDFAST_ERR_EXPECTATION_FAILED.
   */
  thenAsked(expected: Asked): this {
    checkOptions('thenAsked', expected, ['messages', 'emitted', 'timers', 'work']);
    const taken = this.#lastTaken('thenAsked');
    this.#isExpected = true;
    this.#expectAccepted(taken);
    const asked: Record<string, unknown> = { ...askedBy(taken) };
    const picked = Object.fromEntries(Object.keys(expected).map((kind) => [kind, asked[kind]]));
    expectSame(this.#story, 'to have asked for', picked, { ...expected });
    return this;
  }

  #lastTaken(by: string): Taken {
    if (this.#taken === undefined)
      throw invalidOption(`${by} says what comes of a step: call when(step) before.`);
    return this.#taken;
  }

  #expectAccepted(taken: Taken): void {
    if ('error' in taken) throw this.#refused(taken.error, '');
  }

  #refuseRefusal(): void {
    if (this.#refusal === undefined) return;
    throw this.#refused(
      this.#refusal,
      ' If that is meant, say so with then(rejection()) before what comes next.',
    );
  }

  #refused(error: Error, hint: string): Error {
    return expectationFailed(
      this.#story,
      `it was refused: ${error.message}${hint}`,
      error,
      'to be accepted',
      error,
    );
  }

  #expectRejection(taken: Taken, expected: Rejection): void {
    const { code = 'a refusal', message } = expected;
    const wanted = message === undefined ? code : `${code} with ${String(message)}`;
    if (taken.outcome === 'accepted')
      throw expectationFailed(
        this.#story,
        `expected ${wanted}, and it was accepted with ${toSource(taken.events.map(shownEvent))}`,
        'accepted',
        wanted,
      );
    if (taken.outcome !== 'impossible' && !isMeant(expected, taken.error))
      throw expectationFailed(
        this.#story,
        `expected ${wanted}, got ${taken.error.message}`,
        taken.error,
        wanted,
        taken.error,
      );
  }
}

/** Begins an actor and has happen to it what is given, each of which has to be accepted. */
export function givenTo<Machine extends AnyStateMachine>(
  model: Model,
  steps: readonly StepOf<Machine>[],
  options: { readonly input?: unknown },
): AggregateScenario<Machine> {
  if (!Array.isArray(steps)) throw invalidOption(`given takes an array of steps, got ${describe(steps)}.`);
  checkOptions('given', options, ['input']);
  installEntropy();
  const actor = ModelActor.begin(model, 'input' in options ? { input: options.input } : undefined);
  const story: string[] = [];
  for (const step of steps) {
    checkStep('given', step);
    story.push(`given ${stepSource(step as ModelStep)}`);
    const taken = actor.take(step as ModelStep);
    if (taken.outcome === 'accepted') continue;
    const why = taken.outcome === 'impossible' ? notThere(actor, step as ModelStep) : messageOf(taken.error);
    throw expectationFailed(
      story,
      `what is given could not have happened: ${why}`,
      taken.outcome,
      'accepted',
    );
  }
  return new AggregateScenario<Machine>(model, actor, story);
}

/** Why a timer or work cannot come now, and which could. */
function notThere(actor: ModelActor, step: ModelStep): string {
  const listed = (names: readonly string[]) => [...new Set(names)].join(', ') || 'none';
  return (
    `there is no ${kindOf(step)} "${nameOf(step)}" now. Timers that are set: ${listed(actor.timers.map(({ label }) => label))}. ` +
    `Work under way: ${listed(actor.work.map(({ src }) => src))}.`
  );
}

function shownEvent({ type, payload }: NewEntry): object {
  return toEvent(type, payload);
}

function askedBy(taken: Taken): Required<Asked> {
  const { effects, timers, messages } =
    taken.outcome === 'accepted' ? taken.asked : { effects: [], timers: [], messages: [] };
  return {
    messages: messages.map(({ target, event }) => ({ to: target, event: { ...event } })),
    emitted: effects.flatMap((effect) => (effect.kind === 'emit' ? [{ ...effect.event }] : [])),
    timers: timers.flatMap((timer) =>
      timer.change === 'set' ? [{ event: timer.event.type, delayMs: timer.delayMs }] : [],
    ),
    work: effects.flatMap((effect) => (effect.kind === 'start' ? [effect.work.src] : [])),
  };
}

function attempt(check: () => unknown): { isFine: boolean; why: string; cause?: unknown } {
  try {
    return { isFine: answerOf(check) !== false, why: 'the function returned false' };
  } catch (cause) {
    return { isFine: false, why: messageOf(cause), cause };
  }
}

function checkStep(by: string, step: unknown): void {
  if (
    typeof step === 'object' &&
    step !== null &&
    ['type', 'command', 'timer', 'work'].some((key) => key in step)
  )
    return;
  throw invalidOption(
    `${by}: a step is an event with a type, or has a command, a timer or work; got ${describe(step)}.`,
  );
}
