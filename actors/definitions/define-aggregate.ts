import { holdfastError } from '../../runtime/errors/holdfast-error.ts';
import { nearestName } from '../../runtime/errors/nearest-name.ts';
import { isAsync } from '../../runtime/protocol/is-async.ts';
import { checkName, describe } from '../../runtime/protocol/names.ts';
import {
  checkFunction,
  checkOneOf,
  checkOptions,
  checkWholeOption,
  invalidOption,
  isRecord,
} from '../../runtime/protocol/options.ts';
import { type TimerPolicy, timerPolicies } from '../../runtime/protocol/timer.ts';
import { isReservedKind } from '../../runtime/protocol/volatile-kinds.ts';
import {
  type AnyStateMachine,
  type ContextFrom,
  type EventFromLogic,
  type InputFrom,
  isMachine,
  type StateValueFrom,
} from '../xstate-adapter.ts';
import type { EventData } from './event-data.ts';
import type { Migrate } from './migrate.ts';
import type { StandardSchema } from './standard-schema.ts';
import { type AnyUpcastChains, checkUpcast, type UpcastChains } from './upcast.ts';

/** What a decide function knows. */
export interface DecideArgs<Machine extends AnyStateMachine, Input> {
  readonly context: ContextFrom<Machine>;
  readonly state: StateValueFrom<Machine>;
  readonly input: Input;
}

/** Turns a command into the events that follow from it; throws to refuse it. Pure: it may be run more than once. */
export type Decide<Machine extends AnyStateMachine, Input, Type extends string = string> = (
  args: DecideArgs<Machine, Input>,
) => DecidedEvent<Machine, Type> | readonly DecidedEvent<Machine, Type>[];

/**
 * An event of the machine. `Type` is inferred from what is returned: without a type parameter there, the compiler would
 * widen the literal of a returned `{ type: 'created' }` to a string.
 */
type DecidedEvent<Machine extends AnyStateMachine, Type extends string> =
  EventFromLogic<Machine> extends infer Event extends { type: string }
    ? Event & { readonly type: Type }
    : never;

/** A command: what it takes and what it decides. */
export interface CommandDefinition<
  Machine extends AnyStateMachine,
  Input,
  Output = Input,
  Type extends string = string,
> {
  /** Validates the input at the door; what it returns reaches `decide`. */
  readonly input: StandardSchema<Input, Output>;
  readonly decide: Decide<Machine, Output, Type>;
}

type CommandInputs = Record<string, unknown>;

/** Two mapped types, because a schema may turn what the caller gives (`Inputs`) into something else (`Outputs`). */
type CommandDefinitions<
  Machine extends AnyStateMachine,
  Inputs extends CommandInputs,
  Outputs extends CommandInputs = Inputs,
  Type extends string = string,
> = {
  readonly [Name in keyof Inputs]: { readonly input: StandardSchema<Inputs[Name], unknown> } | object;
} & {
  readonly [Name in keyof Outputs]:
    | CommandDefinition<Machine, unknown, Outputs[Name], Type>
    | Decide<Machine, Outputs[Name], Type>;
};

/**
 * What the caller of each command gives: what its schema takes, or what a plain function names as its input. TypeScript
 * infers nothing from functions none of whose parameters is annotated but their names: their input may be anything.
 */
type GivenInputs<Inputs extends CommandInputs, Outputs extends CommandInputs, Name extends string> = {
  [Each in keyof Outputs]: Each extends keyof Inputs
    ? unknown extends Inputs[Each]
      ? Outputs[Each]
      : Inputs[Each]
    : Outputs[Each];
} & { [Each in Exclude<Name, keyof Outputs>]: unknown };

/** Schemas of event payloads, by event type. Events without one are not checked. */
export type EventSchemas<Machine extends AnyStateMachine> = {
  readonly [Type in EventFromLogic<Machine>['type']]?: StandardSchema<
    unknown,
    EventData<EventFromLogic<Machine>, Type>
  >;
};

/** How one of a machine's declared actors is treated. */
export interface WorkOptions {
  /**
   * What becomes of it when its process or its thread ends while it runs. `rerun`, as without options: it is run again with the
   * same idempotency key. `fail`: it is not; its machine gets an error with the code `HOLDFAST_ERR_WORK_INTERRUPTED` and the
   * key.
   */
  readonly onRestart: 'rerun' | 'fail';
}

/** Options of {@link defineAggregate}. */
export interface AggregateOptions<
  Machine extends AnyStateMachine,
  Inputs extends CommandInputs,
  Outputs extends CommandInputs = Inputs,
  Type extends string = string,
  Upcast extends string = string,
  State extends string | object = string | object,
  Name extends string = string,
> {
  /** Any machine made with `setup()`. Its events are the stream, its states decide which of them are accepted. */
  readonly machine: Machine;
  /** Input of the machine, computed from the id of the instance. Must always give the same for the same id. */
  readonly input?: (id: string) => InputFrom<Machine>;
  /** Saves a snapshot with every so many events, which bounds what an activation reads. Default 100. */
  readonly snapshotEvery?: number;
  /**
   * Raise it when code changed that the machine only calls, or values that it only closes over: snapshots of another
   * version are not used, unless `migrate` makes something of them. Changes of the machine itself are noticed without
   * it. Default 1.
   */
  readonly version?: number;
  /**
   * What becomes of delayed events (`after`, and `raise` or `sendTo` with a delay) while the runtime is not running:
   * `deadline` keeps the moment at which they were to come, and what is overdue comes at once; `remaining` goes on with
   * the time that was left; `restart` begins again with the whole delay. Default `deadline`.
   */
  readonly timers?: TimerPolicy;
  /**
   * How actors of `setup({ actors })` that do work outside of the machine are treated when a thread or the process ended
   * while they ran. An outcome that is journaled is never asked for again. `rerun` (the default) runs the work again
   * with the same idempotency key, `fail` gives the machine an error with `HOLDFAST_ERR_WORK_INTERRUPTED`.
   */
  readonly actors?: { readonly [Src in string]?: WorkOptions };
  /**
   * Brings stored events to the shape of today, by type: element `i` of a chain turns the payload at schema version
   * `i + 1` into that of `i + 2`. New events are written at one more than the length of their chain. The first elements
   * are for ever: the oldest files come in at the beginning. See `docs/how-to/evolve.md`.
   */
  readonly upcast?: UpcastChains<Machine, Upcast>;
  /** Makes a snapshot of an older `version` usable. Without it, such a snapshot is dropped and the stream replayed. */
  readonly migrate?: Migrate<Machine, State>;
  /** Commands beside plain events: one command may become several facts, or none. */
  readonly commands?: CommandDefinitions<Machine, Inputs, Outputs, Type> & {
    readonly [Each in Name]: object;
  };
  /** Standard Schemas for the payloads of events: of what is sent, before it leaves, and of what commands decide on. */
  readonly events?: EventSchemas<Machine>;
}

/** What {@link defineAggregate} returns: plain data, safe to import on any thread. */
export interface AggregateDefinition<
  Machine extends AnyStateMachine = AnyStateMachine,
  Inputs extends CommandInputs = CommandInputs,
  Kind extends string = string,
> {
  readonly holdfast: 'aggregate';
  readonly kind: Kind;
  readonly machine: Machine;
  readonly input: ((id: string) => InputFrom<Machine>) | undefined;
  readonly snapshotEvery: number;
  readonly version: number;
  readonly timers: TimerPolicy;
  readonly actors: { readonly [Src in string]?: WorkOptions };
  readonly commands: CommandDefinitions<Machine, Inputs>;
  readonly events: EventSchemas<Machine>;
  readonly upcast: AnyUpcastChains;
  readonly migrate: Migrate<Machine> | undefined;
}

/** Any definition, whatever its machine. */
// biome-ignore lint/suspicious/noExplicitAny: inputs stand in parameter positions, where nothing narrower is a supertype
export type AnyAggregateDefinition = AggregateDefinition<any, any>;

const optionNames = [
  'machine',
  'input',
  'snapshotEvery',
  'version',
  'timers',
  'actors',
  'commands',
  'events',
  'upcast',
  'migrate',
];

/**
 * Defines a kind of aggregate: each instance is one machine, and its stream is `kind/id`. Export the result from a
 * module that is given to `createRuntime({ modules })`.
 *
 * @throws HOLDFAST_ERR_OPTION_INVALID, HOLDFAST_ERR_ARGUMENT_INVALID for a kind that is no name or has a slash.
 *
 * @example
 * const machine = setup({
 *   types: {} as { context: { n: number }; events: { type: 'added'; by: number } },
 * }).createMachine({
 *   context: { n: 0 },
 *   on: { added: { actions: assign({ n: ({ context, event }) => context.n + event.by }) } },
 * });
 *
 * export const counter = defineAggregate('counter', {
 *   machine,
 *   commands: {
 *     addDozens: {
 *       input: z.object({ dozens: z.int().positive() }),
 *       decide: ({ input }) => ({ type: 'added', by: 12 * input.dozens }),
 *     },
 *     reset: ({ context }) => (context.n === 0 ? [] : { type: 'added', by: -context.n }),
 *   },
 * });
 *
 * // With a runtime: sends an event, and carries out commands.
 * await runtime.actor(counter, 'visits').send({ type: 'added', by: 2 });
 * await runtime.actor(counter, 'visits').execute('addDozens', { dozens: 3 });
 * await runtime.actor(counter, 'visits').execute('reset');
 */
export function defineAggregate<
  Machine extends AnyStateMachine,
  Inputs extends CommandInputs = Record<never, never>,
  Outputs extends CommandInputs = Inputs,
  Type extends string = string,
  Upcast extends string = never,
  const State extends string | object = string | object,
  const Kind extends string = string,
  Name extends string = never,
>(
  kind: Kind,
  options: AggregateOptions<Machine, Inputs, Outputs, Type, Upcast, State, Name>,
): AggregateDefinition<Machine, GivenInputs<Inputs, Outputs, Name>, Kind> {
  checkName('The kind of an aggregate', kind);
  if (kind.includes('/') || isReservedKind(kind)) {
    throw holdfastError(
      'HOLDFAST_ERR_ARGUMENT_INVALID',
      `The kind "${kind}" has a slash, which separates it from an id, or begins with "holdfast.", which is reserved.`,
    );
  }
  const owner = `defineAggregate('${kind}')`;
  checkOptions(owner, options, optionNames);
  checkWholeOption(owner, 'snapshotEvery', options.snapshotEvery, 1);
  checkWholeOption(owner, 'version', options.version, 1);
  const { machine, input, snapshotEvery = 100, version = 1, commands = {}, events = {} } = options;
  const { timers = 'deadline', actors = {} } = options;
  const { upcast = {}, migrate } = options;
  if (typeof machine?.transition !== 'function' || typeof machine.getTransitionData !== 'function') {
    throw invalidOption(`${owner}: "machine" must be a machine of XState 5, got ${describe(machine)}.`);
  }
  checkParts(owner, options);
  checkUpcast(owner, upcast);
  checkMigrate(owner, migrate, version);
  return Object.freeze({
    holdfast: 'aggregate',
    kind,
    machine,
    input,
    snapshotEvery,
    version,
    timers,
    actors,
    commands: commands as never,
    events,
    upcast: upcast as AnyUpcastChains,
    migrate,
  });
}

/** Names under which a machine, and the machines among its actors, declare actors; one may be among its own. */
function declaredActors(machine: AnyStateMachine, seen = new Set<AnyStateMachine>()): string[] {
  if (seen.has(machine)) return [];
  seen.add(machine);
  return Object.entries<unknown>(machine.implementations.actors).flatMap(([name, logic]) =>
    isMachine(logic) ? [name, ...declaredActors(logic, seen)] : [name],
  );
}

function unknownActor(owner: string, src: string, declared: readonly string[]): Error {
  const near = nearestName(src, declared);
  const hint =
    near === undefined ? `It declares ${declared.join(', ') || 'none'}.` : `Did you mean "${near}"?`;
  return invalidOption(`${owner}: "actors.${src}" is no actor that the machine declares. ${hint}`);
}

interface Parts {
  readonly machine?: unknown;
  readonly input?: unknown;
  readonly timers?: unknown;
  readonly actors?: object;
  readonly commands?: object;
  readonly events?: object;
}

function checkParts(owner: string, options: Parts): void {
  const { input, timers, actors = {}, commands = {}, events = {} } = options;
  if (timers !== undefined) checkOneOf(owner, 'timers', timers, timerPolicies);
  for (const [name, part] of Object.entries({ actors, commands, events }))
    if (!isRecord(part)) throw invalidOption(`${owner}: "${name}" must be an object, got ${describe(part)}.`);
  const declared = declaredActors(options.machine as AnyStateMachine);
  for (const [src, work] of Object.entries(actors)) {
    if (!declared.includes(src)) throw unknownActor(owner, src, declared);
    const { onRestart } = (work ?? {}) as Partial<WorkOptions>;
    if (onRestart === 'rerun' || onRestart === 'fail') continue;
    throw invalidOption(`${owner}: "actors.${src}" must be { onRestart: 'rerun' } or { onRestart: 'fail' }.`);
  }
  checkFunction(owner, 'input', input);
  for (const [name, command] of Object.entries(commands)) {
    const { decide, input: schema } = (command ?? {}) as { decide?: unknown; input?: unknown };
    if (isAsync(command) || isAsync(decide))
      throw invalidOption(`${owner}: the command "${name}" must not be async; invoke what takes time.`);
    if (typeof command === 'function' || (typeof decide === 'function' && isSchema(schema))) continue;
    throw invalidOption(
      `${owner}: the command "${name}" must be a function, or { input: a Standard Schema, decide: a function }.`,
    );
  }
  for (const [type, schema] of Object.entries(events)) {
    if (!isSchema(schema))
      throw invalidOption(`${owner}: "events.${type}" must be a Standard Schema, got ${describe(schema)}.`);
  }
}

function checkMigrate(owner: string, migrate: unknown, version: number): void {
  if (migrate === undefined) return;
  checkFunction(owner, 'migrate', migrate);
  if (version === 1) {
    throw invalidOption(
      `${owner}: "migrate" is for snapshots of an older version, and there is none before 1. Raise "version".`,
    );
  }
}

function isSchema(value: unknown): boolean {
  return typeof (value as Partial<StandardSchema> | null | undefined)?.['~standard']?.validate === 'function';
}

/** Whether a value, such as an export of a module, is a definition of an aggregate. */
export function isAggregateDefinition(value: unknown): value is AnyAggregateDefinition {
  return (value as { holdfast?: unknown } | null | undefined)?.holdfast === 'aggregate';
}
