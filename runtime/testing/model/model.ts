import {
  type AggregateDefinition,
  type AnyAggregateDefinition,
  defineAggregate,
  isAggregateDefinition,
} from '../../../actors/definitions/define-aggregate.ts';
import type { EventData } from '../../../actors/definitions/event-data.ts';
import { HostedDefinition } from '../../../actors/definitions/hosted-definition.ts';
import type { StandardSchema } from '../../../actors/definitions/standard-schema.ts';
import {
  type AnyStateMachine,
  type EventFromLogic,
  type InputFrom,
  isMachine,
  knownTypes,
  namedTypes,
  type SnapshotFrom,
} from '../../../actors/xstate-adapter.ts';
import { nearestName } from '../../errors/nearest-name.ts';
import { describe, isReservedType } from '../../protocol/names.ts';
import { checkOptions, invalidOption, isRecord } from '../../protocol/options.ts';
import { isReservedKind } from '../../protocol/volatile-kinds.ts';
import type { Arbitrary } from './arbitrary.ts';
import { type KnownNames, knownNames } from './known-names.ts';
import type { ModelStep } from './model-step.ts';
import { checkSource, hasJsonSchema, isValid } from './payload-source.ts';

// biome-ignore lint/suspicious/noExplicitAny: what a schema takes stands where nothing narrower is a supertype
type AnySchema = StandardSchema<any, unknown>;

/**
 * Where values come from: an arbitrary of fast-check; a Standard Schema that knows its JSON Schema (zod 4.2, ArkType
 * 2.1.28 or newer), whose values are also validated by it; a list of examples; or a function of the state that the value
 * is for and of the steps that were accepted before, which returns an arbitrary or the value itself.
 */
export type ValueSource<Value, Snapshot> =
  | Arbitrary<Value>
  | AnySchema
  | readonly Value[]
  | ((snapshot: Snapshot, past: readonly ModelStep[]) => Arbitrary<Value> | Value);

/**
 * How invoked and spawned work may end, since the work itself does not run. What is not named does not happen: without
 * `error` it never fails, and of work that is not named at all nothing is ever heard.
 */
export interface WorkOutcomes<Snapshot> {
  /** What a promise resolves with; for an observable that it completes, and the value is not looked at. */
  readonly done?: ValueSource<unknown, Snapshot>;
  /** What it is rejected with. */
  readonly error?: ValueSource<unknown, Snapshot>;
  /** The values of an observable. */
  readonly next?: ValueSource<unknown, Snapshot>;
  /** The events that a callback or an observable of events sends to its parent, with their `type`. */
  readonly send?: ValueSource<{ readonly type: string; readonly [key: string]: unknown }, Snapshot>;
}

/** Options of {@link defineModel}. */
export interface ModelOptions<Machine extends AnyStateMachine = AnyStateMachine> {
  /** The input of the machine. Default: what the definition makes of the id, or none. */
  readonly input?: Arbitrary<InputFrom<Machine>> | AnySchema | readonly InputFrom<Machine>[];
  /**
   * The payloads of events, by type: without their `type`. An event without a source has that of the definition's
   * `events`, or no payload.
   */
  readonly events?: {
    readonly [Type in EventFromLogic<Machine>['type']]?: ValueSource<
      EventData<EventFromLogic<Machine>, Type>,
      SnapshotFrom<Machine>
    >;
  };
  /** Inputs of the definition's commands, by name. A command whose schema knows its JSON Schema needs none. */
  readonly commands?: { readonly [name: string]: ValueSource<unknown, SnapshotFrom<Machine>> };
  /** Outcomes of work, by the name of its logic in `setup({ actors })`, or by its id. */
  readonly outcomes?: { readonly [name: string]: WorkOutcomes<SnapshotFrom<Machine>> };
  /** How likely types of events, commands and names of work are tried beside the others. Default 1 each; 0: never. */
  readonly weights?: { readonly [name: string]: number };
  /**
   * When events can come at all, by type: a function of the state and of the steps before it. For what the world around
   * never does, such as an answer to what was not asked. Default: always.
   */
  readonly when?: {
    readonly [Type in EventFromLogic<Machine>['type']]?: (
      snapshot: SnapshotFrom<Machine>,
      past: readonly ModelStep[],
    ) => boolean;
  };
  /** States in which nothing more need be possible although they are not final. Default: none. */
  readonly mayEnd?: (snapshot: SnapshotFrom<Machine>) => boolean;
}

/** The names of {@link ModelOptions}. */
export const modelOptionNames = [
  'input',
  'events',
  'commands',
  'outcomes',
  'weights',
  'when',
  'mayEnd',
] as const;

/** A machine with the values that its tests try: what {@link defineModel} returns. */
export interface Model<Machine extends AnyStateMachine = AnyStateMachine> {
  readonly holdfast: 'model';
  readonly machine: Machine;
  readonly definition: AnyAggregateDefinition;
  /** @internal */
  readonly hosted: HostedDefinition;
  /** @internal Whether it was given as a definition, whose steps draw time and chance from their event. */
  readonly drawsFromEvents: boolean;
  /** @internal Types of events that may be sent, in the order in which they are named. */
  readonly eventTypes: readonly string[];
  /** @internal What it is called in a program that is printed, to be pasted into a test. */
  readonly calledAs: string;
  readonly options: ModelOptions<Machine>;
}

/** What can be tested: a machine, a definition of an aggregate, or a model of either. */
export type Testable<Machine extends AnyStateMachine> =
  | Machine
  // biome-ignore lint/suspicious/noExplicitAny: inputs stand in parameter positions, where nothing narrower is a supertype
  | AggregateDefinition<Machine, any>
  | Model<Machine>;

/**
 * A machine, or a definition of an aggregate, with the values that its tests try. It is stepped by the code that hosts
 * step it with: timers, invoked work and child actors are part of it, and nothing of it runs for real.
 *
 * @throws HOLDFAST_ERR_OPTION_INVALID for a type of event, command or work that is not there;
 * HOLDFAST_ERR_MACHINE_UNSUPPORTED for a machine that could not be hosted.
 *
 * @example
 * const model = defineModel(order, {
 *   events: {
 *     ADD: fc.record({ sku: fc.constantFrom('tea', 'milk'), count: fc.integer({ min: 1, max: 9 }) }),
 *     REFUND: ({ context }) => fc.record({ cents: fc.constantFrom(1, context.paid) }),
 *   },
 *   outcomes: { gateway: { done: [{ receipt: 'r-1' }], error: [new Error('declined')] } },
 * });
 */
export function defineModel<Machine extends AnyStateMachine>(
  // biome-ignore lint/suspicious/noExplicitAny: as above
  subject: Machine | AggregateDefinition<Machine, any>,
  options: ModelOptions<Machine> = {},
): Model<Machine> {
  const given = subject as unknown;
  const isDefinition = isAggregateDefinition(given);
  if (!isDefinition && !isMachine(given)) {
    throw invalidOption(
      `defineModel takes a machine of XState 5 or what defineAggregate returned, got ${describe(given)}.`,
    );
  }
  const definition = isDefinition ? given : definitionOf(given);
  const owner = `defineModel('${definition.kind}')`;
  checkOptions(owner, options, modelOptionNames);
  checkParts(owner, options);
  const machine = definition.machine as Machine;
  const eventTypes = checkEvents(owner, definition, options.events ?? {});
  checkWhen(owner, options.when ?? {}, eventTypes);
  checkNames(owner, 'commands', options.commands ?? {}, Object.keys(definition.commands as object));
  const { outcomes, weights } = options;
  if (outcomes !== undefined || weights !== undefined) {
    const known = knownNames(machine);
    checkOutcomes(owner, outcomes ?? {}, known);
    const sent = [...eventTypes, ...Object.keys(definition.commands as object)];
    checkWeights(owner, weights ?? {}, sent, knownTypes(machine), known);
  }
  if (options.input !== undefined) checkSource(`${owner}: "input"`, options.input);
  const hosted = new HostedDefinition(definition);
  return {
    holdfast: 'model',
    machine,
    definition,
    hosted,
    drawsFromEvents: isDefinition,
    eventTypes,
    calledAs: 'model',
    options,
  };
}

/** Whether a value is a model. */
export function isModel(value: unknown): value is Model {
  return typeof value === 'object' && value !== null && (value as Partial<Model>).holdfast === 'model';
}

/** A machine alone, as an aggregate with its id for a kind. */
function definitionOf(machine: AnyStateMachine): AnyAggregateDefinition {
  const kind = machine.id.replaceAll(/[^\w-]+/g, '-').replaceAll(/^-+|-+$/g, '');
  return defineAggregate(kind === '' || isReservedKind(kind) ? 'machine' : kind, { machine });
}

/** A list or a function has no names, so nothing of it would be used. */
function checkParts(owner: string, options: ModelOptions): void {
  for (const part of ['events', 'commands', 'outcomes', 'weights', 'when'] as const) {
    const given: unknown = options[part];
    if (given === undefined || isRecord(given)) continue;
    throw invalidOption(`${owner}: "${part}" must be an object, got ${describe(given)}.`);
  }
  for (const [name, weight] of Object.entries(options.weights ?? {}) as [string, unknown][]) {
    if (typeof weight === 'number' && weight >= 0 && Number.isFinite(weight)) continue;
    throw invalidOption(
      `${owner}: "weights.${name}" must be a number of at least 0, got ${describe(weight)}.`,
    );
  }
  const { mayEnd } = options;
  if (mayEnd === undefined || typeof mayEnd === 'function') return;
  throw invalidOption(`${owner}: "mayEnd" must be a function of the state, got ${describe(mayEnd)}.`);
}

function checkEvents(owner: string, definition: AnyAggregateDefinition, sources: object): string[] {
  const named = [...namedTypes(definition.machine as AnyStateMachine)];
  const patterns = named.filter((type) => type === '*' || type.endsWith('.*'));
  const types = named.filter((type) => !patterns.includes(type) && !isReservedType(type));
  for (const [type, source] of Object.entries(sources)) {
    if (source === undefined) continue;
    checkSource(`${owner}: "events.${type}"`, source);
    if (types.includes(type)) continue;
    const isMatched = patterns.some((pattern) => pattern === '*' || type.startsWith(pattern.slice(0, -1)));
    if (!isMatched) throw unknownName(owner, 'events', type, types);
    types.push(type);
  }
  checkSchemas(owner, definition.events, sources);
  return types;
}

/** An event whose values nobody can draw would never be accepted, and nothing would say so. */
function checkSchemas(owner: string, schemas: AnyAggregateDefinition['events'], sources: object): void {
  for (const [type, schema] of Object.entries(schemas as Record<string, StandardSchema | undefined>)) {
    const isKnown = schema === undefined || Object.hasOwn(sources, type) || hasJsonSchema(schema);
    if (isKnown || isValid(schema, {})) continue;
    throw invalidOption(
      `${owner}: the schema of "${type}" does not tell its JSON Schema, so no values can be drawn from it. Give some: events: { "${type}": ... }.`,
    );
  }
}

function checkWhen(owner: string, when: object, types: readonly string[]): void {
  for (const [type, condition] of Object.entries(when) as [string, unknown][]) {
    if (!types.includes(type)) throw unknownName(owner, 'when', type, types);
    if (typeof condition !== 'function')
      throw invalidOption(
        `${owner}: "when.${type}" must be a function of the state, got ${describe(condition)}.`,
      );
  }
}

function checkOutcomes(owner: string, outcomes: object, { work, mayNameWork }: KnownNames): void {
  for (const [name, each] of Object.entries(outcomes)) {
    if (!mayNameWork && !work.includes(name)) throw unknownName(owner, 'outcomes', name, work);
    checkOptions(`${owner}: "outcomes.${name}"`, each, ['done', 'error', 'next', 'send']);
    for (const [end, source] of Object.entries(each as object))
      checkSource(`${owner}: "outcomes.${name}.${end}"`, source);
  }
}

function checkWeights(
  owner: string,
  weights: object,
  names: readonly string[],
  isNamed: (type: string) => boolean,
  { work, timers, mayNameWork, mayNameTimers }: KnownNames,
): void {
  if (mayNameWork || mayNameTimers) return;
  const known = [...new Set([...names, ...work, ...timers])];
  for (const name of Object.keys(weights)) {
    if (!known.includes(name) && !isNamed(name)) throw unknownName(owner, 'weights', name, known);
  }
}

function checkNames(owner: string, option: string, given: object, known: readonly string[]): void {
  for (const [name, source] of Object.entries(given)) {
    if (!known.includes(name)) throw unknownName(owner, option, name, known);
    checkSource(`${owner}: "${option}.${name}"`, source);
  }
}

function unknownName(owner: string, option: string, name: string, known: readonly string[]): Error {
  const near = nearestName(name, known);
  const hint = near === undefined ? `It knows ${known.join(', ') || 'none'}.` : `Did you mean "${near}"?`;
  return invalidOption(`${owner}: "${option}.${name}" is nothing that the machine knows. ${hint}`);
}
