import {
  type AnyAggregateDefinition,
  isAggregateDefinition,
} from '../../../actors/definitions/define-aggregate.ts';
import { isActorLogic, withActors } from '../../../actors/xstate-adapter.ts';
import { nearestName } from '../../errors/nearest-name.ts';
import { type AnyBlueprint, isBlueprint } from '../../protocol/container-blueprint.ts';
import { describe } from '../../protocol/names.ts';
import { checkOptions, checkWholeOption, invalidOption } from '../../protocol/options.ts';
import { checkFaults, faultKinds, type SimulationFaults } from './faults.ts';
import type { DurableWorld, SimulatedWorld } from './world.ts';

/** What must hold: `false` says that it does not, and so does an error. */
export type SimulationInvariant = (world: DurableWorld) => unknown;

/** Options of {@link simulate}. */
export interface SimulationOptions {
  /** Decides everything that chance decides: a whole number of at least 0. */
  readonly seed: number;
  /** What {@link defineAggregate} returned, of every kind that takes part. */
  readonly definitions: readonly AnyAggregateDefinition[];
  /** What happens, in order. Faults happen meanwhile. Either this or a workload. */
  readonly script?: (world: SimulatedWorld) => unknown;
  /**
   * What happens at one step, called `steps` times with a short random pause between. What it returns is awaited: return
   * nothing to have commands overlap.
   */
  readonly workload?: (world: SimulatedWorld) => unknown;
  /** Steps of the workload. Default 100. */
  readonly steps?: number;
  /** What goes wrong, and how often. Default: nothing. */
  readonly faults?: SimulationFaults;
  /** What must hold of what is durable after every commit, by name. */
  readonly invariants?: Readonly<Record<string, SimulationInvariant>>;
  /** What must hold when nothing is left to do, at the end, by name. */
  readonly invariantsAtRest?: Readonly<Record<string, SimulationInvariant>>;
  /**
   * What runs in place of the actors that a machine invokes, by kind and by their names in `setup({ actors })`: a
   * simulation has no network and no disk but its own. See {@link outcomes}.
   */
  readonly actors?: { readonly [kind: string]: { readonly [src: string]: unknown } };
  /**
   * What `defineContainer` returned: every host makes a container of its own from it, for `servicesOf`. A simulation has no
   * network and no disk but its own, so replace what needs one: `services.with({ mailer: new FakeMailer() })`.
   */
  readonly container?: AnyBlueprint;
  /** Host threads. Default 2. */
  readonly hosts?: number;
  /**
   * How long is waited at the end for everything to come to rest, in virtual milliseconds. Give it where something never rests,
   * such as a timer that is set again each time. Default 86,400,000, a day, in no more than a twenty-fifth of `tasksMax`.
   */
  readonly restMs?: number;
  /** Tasks after which a simulation is given up that does not end. Default 5,000,000. */
  readonly tasksMax?: number;
}

/** The options with defaults filled in. */
export interface ResolvedSimulation extends Omit<SimulationOptions, 'actors' | 'container'> {
  readonly container: AnyBlueprint | undefined;
  readonly steps: number;
  readonly faults: SimulationFaults;
  readonly invariants: Readonly<Record<string, SimulationInvariant>>;
  readonly invariantsAtRest: Readonly<Record<string, SimulationInvariant>>;
  readonly hosts: number;
  readonly restMs: number;
  /** Tasks after which what does not come to rest is given up; where nobody has said how long it may take. */
  readonly restTasksMax: number;
  readonly tasksMax: number;
}

const optionNames = [
  'seed',
  'definitions',
  'script',
  'workload',
  'steps',
  'faults',
  'invariants',
  'invariantsAtRest',
  'actors',
  'container',
  'hosts',
  'restMs',
  'tasksMax',
];

/** Checks the options, puts the given actors in the place of the real ones, and fills in the defaults. */
export function resolveSimulation(
  owner: string,
  options: SimulationOptions,
  others: readonly string[] = [],
): ResolvedSimulation {
  checkOptions(owner, options, [...optionNames, ...others]);
  const {
    seed,
    script,
    workload,
    faults = {},
    invariants = {},
    invariantsAtRest = {},
    actors = {},
    tasksMax = 5_000_000,
  } = options;
  if (seed === undefined)
    throw invalidOption(`${owner}: "seed" is missing. Give a whole number of at least 0.`);
  checkWholeOption(owner, 'seed', seed, 0);
  checkWholeOption(owner, 'steps', options.steps, 1);
  checkWholeOption(owner, 'hosts', options.hosts, 1, 16);
  checkWholeOption(owner, 'restMs', options.restMs, 0);
  checkWholeOption(owner, 'tasksMax', tasksMax, 1);
  if ((typeof script === 'function') === (typeof workload === 'function')) {
    throw invalidOption(`${owner} takes either a "script" or a "workload", which is a function.`);
  }
  if (script !== undefined && options.steps !== undefined)
    throw invalidOption(`${owner}: "steps" are those of a workload, and there is a script.`);
  if (options.container !== undefined && !isBlueprint(options.container))
    throw invalidOption(
      `${owner}: "container" must be what defineContainer returned, got ${describe(options.container)}.`,
    );
  checkOptions(`${owner}: "faults"`, faults, faultKinds);
  checkFaults(owner, faults);
  for (const [name, group] of Object.entries({ invariants, invariantsAtRest }))
    checkInvariants(owner, name, group);
  return {
    seed,
    ...(script === undefined ? {} : { script }),
    ...(workload === undefined ? {} : { workload }),
    definitions: provided(owner, checkDefinitions(owner, options.definitions), actors),
    steps: options.steps ?? 100,
    faults,
    invariants,
    invariantsAtRest,
    container: options.container,
    hosts: options.hosts ?? 2,
    restMs: options.restMs ?? 86_400_000,
    restTasksMax: options.restMs === undefined ? Math.ceil(tasksMax / 25) : Number.POSITIVE_INFINITY,
    tasksMax,
  };
}

function checkInvariants(owner: string, name: string, invariants: unknown): void {
  if (typeof invariants !== 'object' || invariants === null)
    throw invalidOption(`${owner}: "${name}" must be functions by their names, got ${describe(invariants)}.`);
  for (const [what, holds] of Object.entries(invariants)) {
    if (typeof holds !== 'function')
      throw invalidOption(`${owner}: "${name}.${what}" must be a function, got ${describe(holds)}.`);
  }
}

function checkDefinitions(owner: string, definitions: unknown): readonly AnyAggregateDefinition[] {
  if (!Array.isArray(definitions) || definitions.length === 0)
    throw invalidOption(`${owner}: "definitions" must be an array of what defineAggregate returned.`);
  const kinds = new Set<string>();
  for (const definition of definitions) {
    if (!isAggregateDefinition(definition))
      throw invalidOption(
        `${owner}: "definitions" holds ${describe(definition)}, which defineAggregate did not return.`,
      );
    if (kinds.has(definition.kind))
      throw invalidOption(`${owner}: two of the "definitions" have the kind "${definition.kind}".`);
    kinds.add(definition.kind);
  }
  return definitions as AnyAggregateDefinition[];
}

/** Definitions whose machines invoke what was given in place of the real actors. */
function provided(
  owner: string,
  definitions: readonly AnyAggregateDefinition[],
  actors: NonNullable<SimulationOptions['actors']>,
): readonly AnyAggregateDefinition[] {
  checkOptions(
    `${owner}: "actors"`,
    actors,
    definitions.map(({ kind }) => kind),
  );
  return definitions.map((definition) => {
    const given = actors[definition.kind];
    if (given === undefined) return definition;
    const declared = Object.keys(definition.machine.implementations.actors as object);
    for (const [src, logic] of Object.entries(given)) {
      const where = `${owner}: "actors.${definition.kind}.${src}"`;
      if (!declared.includes(src)) {
        const near = nearestName(src, declared);
        throw invalidOption(
          `${where} is no actor that its machine declares. ` +
            (near === undefined
              ? `It declares ${declared.join(', ') || 'none'}.`
              : `Did you mean "${near}"?`),
        );
      }
      if (!isActorLogic(logic))
        throw invalidOption(
          `${where} must be what fromPromise or outcomes returned, got ${describe(logic)}.`,
        );
    }
    return { ...definition, machine: withActors(definition.machine, given) };
  });
}
