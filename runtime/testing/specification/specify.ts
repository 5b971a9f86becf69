import {
  type AggregateDefinition,
  type AnyAggregateDefinition,
  isAggregateDefinition,
} from '../../../actors/definitions/define-aggregate.ts';
import { type AnyStateMachine, isMachine } from '../../../actors/xstate-adapter.ts';
import { type AnyProjectionDefinition, isProjectionDefinition } from '../../projections/define-projection.ts';
import { isReactorDefinition, type ReactorDefinition } from '../../projections/define-reactor.ts';
import type { QueryParameters } from '../../projections/projection-options.ts';
import { describe } from '../../protocol/names.ts';
import { checkOptions, invalidOption } from '../../protocol/options.ts';
import { defineModel, isModel, type Model } from '../model/model.ts';
import { type AggregateScenario, givenTo, type StepOf } from './aggregate-specification.ts';
import { type LogEvent, ProjectionScenario, type ResultOf } from './projection-specification.ts';

/** Begins scenarios of one aggregate. */
export interface AggregateSpecification<Machine extends AnyStateMachine> {
  /**
   * An actor to which this has happened: events, commands, timers and outcomes of work, which have to be accepted.
   *
   * @throws HOLDFAST_ERR_EXPECTATION_FAILED for one that is not.
   */
  given(
    steps: readonly StepOf<Machine>[],
    options?: { readonly input?: unknown },
  ): AggregateScenario<Machine>;
  /** Has something happen to an actor at its beginning: `given([]).when(step)`. */
  when(step: StepOf<Machine>): AggregateScenario<Machine>;
}

/** Begins scenarios of one projection or reactor. */
export interface ProjectionSpecification<Result> {
  /**
   * A log with these events, in order. `from`: the definitions whose events they are, if some are of an older shape and have
   * to be upcast.
   */
  given(
    events: readonly LogEvent[],
    options?: { readonly from?: readonly AnyAggregateDefinition[] },
  ): ProjectionScenario<Result>;
  /** Asks of an empty log: `given([]).when(...)`. */
  when(
    question: string | { readonly partition: string },
    values?: QueryParameters,
  ): ProjectionScenario<Result>;
}

/**
 * Says by examples what a definition does: given what has happened, when something happens, then this follows. Of an
 * aggregate or a machine, events follow, or a {@link rejection}; of a projection, rows or a state; of a reactor, messages.
 *
 * @throws HOLDFAST_ERR_OPTION_INVALID for what is no definition; HOLDFAST_ERR_MACHINE_UNSUPPORTED.
 *
 * @example
 * specify(account)
 *   .given([{ type: 'paid', cents: 100 }])
 *   .when({ command: 'withdraw', input: { cents: 30 } })
 *   .then([{ type: 'paid', cents: -30 }])
 *   .thenState({ context: { cents: 70 } });
 *
 * await specify(titles)
 *   .given([{ stream: 'document/1', type: 'created', data: { title: 'Tides' } }])
 *   .when('select title from titles')
 *   .then([{ title: 'Tides' }]);
 */
export function specify<Machine extends AnyStateMachine>(
  // biome-ignore lint/suspicious/noExplicitAny: inputs stand in parameter positions, where nothing narrower is a supertype
  subject: Machine | AggregateDefinition<Machine, any> | Model<Machine>,
): AggregateSpecification<Machine>;
export function specify<Definition extends AnyProjectionDefinition | ReactorDefinition>(
  subject: Definition,
): ProjectionSpecification<ResultOf<Definition>>;
export function specify(subject: unknown): object {
  if (isProjectionDefinition(subject) || isReactorDefinition(subject)) {
    return {
      given: (events: readonly LogEvent[], options: { from?: readonly AnyAggregateDefinition[] } = {}) => {
        checkEvents(events);
        checkOptions('given', options, ['from']);
        return new ProjectionScenario(subject, events, options.from ?? []);
      },
      when: (question: string, values?: QueryParameters) =>
        new ProjectionScenario(subject, [], []).when(question, values),
    };
  }
  if (!isModel(subject) && !isMachine(subject) && !isAggregateDefinition(subject)) {
    throw invalidOption(
      `specify takes a machine, or what defineAggregate, defineProjection, defineReactor or defineModel returned, got ${describe(subject)}.`,
    );
  }
  const model = isModel(subject) ? subject : (defineModel(subject) as unknown as Model);
  return {
    given: (steps: never, options = {}) => givenTo(model, steps, options),
    when: (step: never) => givenTo(model, [], {}).when(step),
  };
}

function checkEvents(events: unknown): void {
  if (!Array.isArray(events)) throw invalidOption(`given takes an array of events, got ${describe(events)}.`);
  for (const event of events as readonly unknown[]) {
    const { stream, type } = (event ?? {}) as Partial<LogEvent>;
    if (typeof stream === 'string' && typeof type === 'string') continue;
    throw invalidOption(
      `given: an event of a log has a stream, such as 'document/1', and a type; got ${describe(event)}.`,
    );
  }
}
