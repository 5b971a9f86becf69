import type { AnyAggregateDefinition } from '../../../actors/definitions/define-aggregate.ts';
import type { AnyProjectionDefinition, ProjectionDefinition } from '../../projections/define-projection.ts';
import type { ReactorDefinition } from '../../projections/define-reactor.ts';
import type { QueryParameters } from '../../projections/projection-options.ts';
import { describe } from '../../protocol/names.ts';
import { invalidOption } from '../../protocol/options.ts';
import { toSource } from '../model/to-source.ts';
import { expectSame, isAwaited } from './expectation.ts';

/** An event of the log, as it is appended to a stream. */
export interface LogEvent {
  /** `kind/id`. */
  readonly stream: string;
  readonly type: string;
  readonly data?: object;
  readonly metadata?: object;
  /** The version of its shape. Default: that of today, if its definition is in `from`, and else 1. */
  readonly schemaVersion?: number;
}

/** What is asked of a projection: a query with its values, or a partition. */
export type Question =
  | { readonly sql: string; readonly values: QueryParameters }
  | { readonly partition: string };

/** A projection that was given events. */
export class ProjectionScenario<Result> {
  readonly #definition: AnyProjectionDefinition | ReactorDefinition;
  readonly #events: readonly LogEvent[];
  readonly #from: readonly AnyAggregateDefinition[];
  readonly #question: Question | undefined;

  /** @internal */
  constructor(
    definition: AnyProjectionDefinition | ReactorDefinition,
    events: readonly LogEvent[],
    from: readonly AnyAggregateDefinition[],
    question?: Question,
  ) {
    this.#definition = definition;
    this.#events = events;
    this.#from = from;
    this.#question = question;
  }

  /**
   * Asks for something: of a projection into tables, a query with its values; of one that folds a state in partitions, the
   * partition. One that folds a single state, and a reactor, need not be asked.
   */
  when(
    question: string | { readonly partition: string },
    values: QueryParameters = [],
  ): ProjectionScenario<Result> {
    const isQuery = typeof question === 'string';
    if (!isQuery && typeof question?.partition !== 'string')
      throw invalidOption(`when takes a query, or { partition }, got ${describe(question)}.`);
    const asked = isQuery ? { sql: question, values } : question;
    return new ProjectionScenario<Result>(this.#definition, this.#events, this.#from, asked);
  }

  /**
   * Expects the rows that the query finds, the state, or the messages of a reactor (`{ to, event }`). The events are
   * written to a log in a temporary file, the handlers run on this thread, and what they return is applied as the runtime
   * applies it: await the result.
   *
   * @throws HOLDFAST_ERR_EXPECTATION_FAILED, HOLDFAST_ERR_PROJECTION_FAILED for an event whose handler throws or whose
   * statement is refused, HOLDFAST_ERR_PROJECTION_INVALID, HOLDFAST_ERR_QUERY_INVALID.
   */
  // biome-ignore lint/suspicious/noThenProperty: given, when, then is what everybody calls it; being awaited is refused
  then(expected: Result): Promise<void> {
    // biome-ignore lint/complexity/noArguments: `await` passes two functions, which is all that tells it
    if (isAwaited([...arguments])) return Promise.resolve();
    return this.#compare(expected);
  }

  async #compare(expected: Result): Promise<void> {
    const { project } = await import('./project.ts');
    const actual = await project(this.#definition, this.#events, this.#from, this.#question);
    const story = [
      ...this.#events.map((event) => `given ${toSource(event)}`),
      ...(this.#question === undefined ? [] : [`when  ${toSource(this.#question)}`]),
    ];
    const what = this.#definition.holdfast === 'reactor' ? 'the messages' : 'to find';
    expectSame(story, what, actual, expected);
  }
}

/** What a projection or reactor is expected to come to. */
export type ResultOf<Definition> = Definition extends ReactorDefinition
  ? readonly {
      readonly to: string;
      readonly event: { readonly type: string; readonly [field: string]: unknown };
    }[]
  : Definition extends ProjectionDefinition<infer State>
    ? State extends undefined
      ? readonly object[]
      : State
    : never;
