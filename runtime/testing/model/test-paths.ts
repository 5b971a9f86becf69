import { installEntropy } from '../../../actors/steps/install-entropy.ts';
import type { AnyStateMachine, InputFrom, SnapshotFrom } from '../../../actors/xstate-adapter.ts';
import { describe } from '../../protocol/names.ts';
import { checkOptions, checkWholeOption, invalidOption } from '../../protocol/options.ts';
import { Comparison, checkSystem } from '../sut/comparison.ts';
import type { SystemUnderTest } from '../sut/system-under-test.ts';
import { turnOfOthers } from '../turn-of-others.ts';
import { Checks } from './checks.ts';
import { type Coverage, CoverageRecord } from './coverage.ts';
import { type CoverageThreshold, checkCoverage, checkThreshold } from './coverage-threshold.ts';
import { stuckCheck } from './end-checks.ts';
import { propertyFailed } from './failure.ts';
import { loadFastCheck, randomOf } from './fast-check.ts';
import { type Model, type ModelOptions, modelOptionNames, type Testable } from './model.ts';
import type { ModelActor } from './model-actor.ts';
import { modelOf } from './model-of.ts';
import type { ModelStep } from './model-step.ts';
import { Moves, type Proposal } from './moves.ts';
import { checkProperties, type Properties, propertyNames, type Violation } from './properties.ts';
import { shrink } from './shrink.ts';
import { toSource } from './to-source.ts';
import { beginActor, type EndCheck, type Scenario } from './trial.ts';

/** Options of {@link testPaths}. Those of the model are for a machine or a definition that no model was made of. */
export interface TestPathsOptions<Machine extends AnyStateMachine = AnyStateMachine>
  extends Properties<Machine>,
    ModelOptions<Machine> {
  /**
   * What of a state tells it from others, besides its value: states that are the same in both are gone on from once. Left
   * out, the value alone does. The whole context would make every number another state.
   */
  readonly abstraction?: (snapshot: SnapshotFrom<Machine>) => unknown;
  /** How many values of each event are tried in each state, and of the input. Default 5; of a list, all of them are. */
  readonly valuesOfEach?: number;
  /** How many states there may be. Default 1,000; what is more is left out, and `isComplete` false. */
  readonly statesMax?: number;
  /** Begins the random numbers that values are drawn with. Default 1. */
  readonly seed?: number;
  /** Fails unless so much was covered, from 0 to 1. Default: nothing is asked for. */
  readonly coverage?: CoverageThreshold;
  /** A system that the shortest way to each state is also taken in, without faults, and compared. Default: none. */
  readonly sut?: SystemUnderTest;
  /** Ends the test: it rejects with the reason or, if a failure is just made shorter, with that as far as it came. */
  readonly signal?: AbortSignal;
}

/** A shortest way to a state. */
export interface TestedPath<Machine extends AnyStateMachine = AnyStateMachine> {
  /** What the machine was given at its beginning, if the model has inputs. */
  readonly input?: InputFrom<Machine>;
  readonly steps: readonly ModelStep[];
  readonly snapshot: SnapshotFrom<Machine>;
}

/** What {@link testPaths} has gone through. */
export interface PathReport<Machine extends AnyStateMachine = AnyStateMachine> {
  /** To each state, the nearest first. */
  readonly paths: readonly TestedPath<Machine>[];
  /** How many steps were tried from all of them. */
  readonly steps: number;
  /** Whether every state that was found was gone on from. */
  readonly isComplete: boolean;
  readonly coverage: Coverage;
}

const optionNames = [
  ...modelOptionNames,
  ...propertyNames,
  'abstraction',
  'valuesOfEach',
  'statesMax',
  'seed',
  'coverage',
  'sut',
  'signal',
];
const owner = 'testPaths';

interface Found {
  readonly actor: ModelActor;
  readonly path: Scenario;
}

/**
 * Goes through all states of a machine, as far as an abstraction tells them apart, breadth first: every event that a state
 * accepts is tried from it, with several values, as are timers and outcomes of work, and every property is asked of each
 * step. `traces` and `eventually` are left to {@link propertyTest}. The paths that it returns are the shortest ways to each
 * state, for a test of something else along them.
 *
 * @throws what `propertyTest` throws.
 *
 * @example
 * const { paths } = await testPaths(order, {
 *   events,
 *   abstraction: ({ context }) => context.items.length > 0,
 *   coverage: { states: 1, transitions: 1 },
 * });
 */
export async function testPaths<Machine extends AnyStateMachine>(
  subject: Testable<Machine>,
  options: TestPathsOptions<Machine> = {},
): Promise<PathReport<Machine>> {
  checkOptions(owner, options, optionNames);
  const { abstraction, valuesOfEach = 5, statesMax = 1_000, seed = 1, signal } = options;
  if (abstraction !== undefined && typeof abstraction !== 'function')
    throw invalidOption(
      `${owner}: "abstraction" must be a function of the state, got ${describe(abstraction)}.`,
    );
  checkWholeOption(owner, 'valuesOfEach', valuesOfEach, 1);
  checkWholeOption(owner, 'statesMax', statesMax, 1);
  checkWholeOption(owner, 'seed', seed, -(2 ** 31), 2 ** 32 - 1);
  checkThreshold(owner, options.coverage);
  const properties = options as Properties;
  checkProperties(owner, properties);
  checkSystem(owner, options.sut);
  const model = modelOf(owner, subject, options) as unknown as Model;
  const fc = await loadFastCheck();
  installEntropy();

  const random = randomOf(fc, seed | 0);
  const moves = new Moves(fc, model, properties);
  const checks = new Checks(model, properties);
  const coverage = new CoverageRecord(model.machine);
  const isStuck = stuckCheck(fc, checks, moves);
  const fail = async (path: Scenario, violation: Violation, atEnd?: EndCheck): Promise<Error> => {
    const { scenario, trial } = await shrink(model, checks, path, violation, { atEnd, signal });
    const finding = { by: owner, seed, stepsBefore: path.proposals.length };
    return propertyFailed(model, trial.violation ?? violation, trial, scenario.given, finding);
  };
  const keyOf = ({ snapshot }: ModelActor): string =>
    toSource([snapshot.value, snapshot.status, abstraction?.(snapshot as SnapshotFrom<Machine>)]);
  // What comes of an input shows in a context that the abstraction may pass over.
  const keyWithInput = (actor: ModelActor, { given }: Scenario): string =>
    `${keyOf(actor)} ${given === undefined ? '' : toSource(given.input)}`;

  const seen = new Map<string, Found>();
  let isComplete = true;
  let waiting: Found[] = [];
  const arrive = async (actor: ModelActor, path: Scenario): Promise<void> => {
    const key = keyWithInput(actor, path);
    if (seen.has(key)) return;
    const violation = isStuck(actor);
    if (violation !== undefined) throw await fail(path, violation, isStuck);
    if (seen.size >= statesMax) isComplete = false;
    else {
      seen.set(key, { actor, path });
      waiting.push({ actor, path });
    }
  };

  for (const given of moves.inputs(random, valuesOfEach)) {
    const begun = coverage.during(() => beginActor(model, checks, given)).result;
    const start = { given, proposals: [] };
    if (begun.violation !== undefined) throw await fail(start, begun.violation);
    if (begun.actor === undefined) continue;
    coverage.entered(begun.actor.snapshot);
    await arrive(begun.actor, start);
  }
  let steps = 0;
  while (waiting.length > 0) {
    const layer = waiting;
    waiting = [];
    for (const { actor, path } of layer) {
      await turnOfOthers();
      signal?.throwIfAborted();
      for (const proposal of moves.all(actor, random, valuesOfEach)) {
        const after = actor.fork();
        const next = { given: path.given, proposals: [...path.proposals, proposal] };
        const { taken, violation } = coverage.during(() => checks.step(after, proposal.step)).result;
        steps++;
        const failure = violation ?? (taken.outcome === 'accepted' ? checks.replay(after) : undefined);
        if (failure !== undefined) throw await fail(next, failure);
        if (taken.outcome === 'accepted') await arrive(after, next);
      }
    }
  }
  await using comparison = new Comparison(owner, model, options.sut, signal);
  for (const { path } of longestOf([...seen.values()])) await comparison.along(path, undefined, { seed });
  checkCoverage(owner, coverage.coverage, options.coverage);
  const nearest = new Map<string, Found>();
  for (const found of seen.values())
    if (!nearest.has(keyOf(found.actor))) nearest.set(keyOf(found.actor), found);
  const paths = [...nearest.values()].map(({ actor, path: { given, proposals } }) => ({
    ...(given === undefined ? {} : { input: given.input as InputFrom<Machine> }),
    steps: proposals.map(({ step }) => step),
    snapshot: actor.snapshot as SnapshotFrom<Machine>,
  }));
  return { paths, steps, isComplete, coverage: coverage.coverage };
}

/** Those that no other one begins with. */
function longestOf(found: readonly Found[]): Found[] {
  const begun = new Set(found.flatMap(({ path }) => path.proposals.slice(0, -1)));
  return found.filter(
    ({ path }) => path.proposals.length > 0 && !begun.has(path.proposals.at(-1) as Proposal),
  );
}
