import { installEntropy } from '../../../actors/steps/install-entropy.ts';
import type { AnyStateMachine } from '../../../actors/xstate-adapter.ts';
import { checkOptions, checkWholeOption } from '../../protocol/options.ts';
import { Comparison, checkSystem } from '../sut/comparison.ts';
import type { SystemUnderTest } from '../sut/system-under-test.ts';
import { turnOfOthers } from '../turn-of-others.ts';
import { Checks } from './checks.ts';
import { type Coverage, CoverageRecord } from './coverage.ts';
import { type CoverageThreshold, checkCoverage, checkThreshold } from './coverage-threshold.ts';
import { eventuallyCheck, outright, stuckCheck } from './end-checks.ts';
import { propertyFailed } from './failure.ts';
import { type FastCheck, loadFastCheck, randomOf } from './fast-check.ts';
import { type Model, type ModelOptions, modelOptionNames, type Testable } from './model.ts';
import type { ModelActor } from './model-actor.ts';
import { modelOf } from './model-of.ts';
import { Moves } from './moves.ts';
import { Novelty } from './novelty.ts';
import { checkProperties, type Properties, propertyNames, type Violation } from './properties.ts';
import { type Exploration, type Run, randomRun, wander } from './random-run.ts';
import type { SearchResult } from './search.ts';
import { shrink } from './shrink.ts';
import { type EndCheck, tryScenario } from './trial.ts';

/** Options of {@link propertyTest}. Those of the model are for a machine or a definition that no model was made of. */
export interface PropertyTestOptions<Machine extends AnyStateMachine = AnyStateMachine>
  extends Properties<Machine>,
    ModelOptions<Machine> {
  /** How many runs. Default 100. */
  readonly numRuns?: number;
  /** Steps of a run at the most. Default 60. */
  readonly maxSteps?: number;
  /** Begins the random numbers: the same seed gives the same runs. Default: another one each time. */
  readonly seed?: number;
  /** Fails unless so much was covered, from 0 to 1. Default: nothing is asked for. */
  readonly coverage?: CoverageThreshold;
  /** How many states a search for something in `eventually` may meet. Default 1,000. */
  readonly searchMax?: number;
  /** A system that each run is also taken through and compared in, such as a real runtime: {@link runtimeSut}. Default: none. */
  readonly sut?: SystemUnderTest;
  /** Ends the test: it rejects with the reason or, if a failure is just made shorter, with that as far as it came. */
  readonly signal?: AbortSignal;
  /** Told after each run. */
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
}

/** What {@link propertyTest} did when everything held. */
export interface PropertyReport {
  readonly runs: number;
  /** Over all runs. */
  readonly steps: number;
  readonly seed: number;
  readonly coverage: Coverage;
  /** Of each property in `eventually`: `ok` if it was found from every state that was tried. */
  readonly eventually: { readonly [name: string]: 'ok' | 'inconclusive' };
  /** Work that was under way and of which nothing was ever heard, since the model has no `outcomes` for it. */
  readonly silentWork: readonly string[];
  /** Commands that were never tried: their schemas do not tell their JSON Schema, and the model has no values for them. */
  readonly untriedCommands: readonly string[];
}

const optionNames = [
  ...modelOptionNames,
  ...propertyNames,
  'numRuns',
  'maxSteps',
  'seed',
  'coverage',
  'searchMax',
  'sut',
  'signal',
  'onProgress',
];

const owner = 'propertyTest';

/** From how many states what should eventually come about is searched for. */
const searchedMax = 60;

/** How many states the searches for one goal go through in full, as a multiple of those of one search. */
const goneMax = 3;

/** How many each goes through after that. */
const vastMax = 30;

/**
 * Leads a machine through random runs and asks after each step whether everything holds that should: the invariants, the
 * rules of steps, what can eventually come about, and what holds of every machine that can be hosted. Steps are drawn
 * from what each state accepts; runs prefer what was not tried yet and go on from where earlier ones met something new;
 * values are drawn from the model, and now and then from the literals in guards and from the context.
 *
 * A failure is made as short as possible. It rejects with `HOLDFAST_ERR_PROPERTY_FAILED`, whose message has the steps,
 * the state after each, a diagram and a call of {@link replay} to paste; its fields have the same as values.
 *
 * Time and chance: `Date`, `performance`, `Math.random` and `crypto` are wrapped once in this process, so that a step
 * draws from its event; outside of steps they are what they were.
 *
 * @throws HOLDFAST_ERR_PROPERTY_FAILED, HOLDFAST_ERR_COVERAGE_MISSED, HOLDFAST_ERR_OPTION_INVALID,
 * HOLDFAST_ERR_PEER_MISSING without fast-check, HOLDFAST_ERR_MACHINE_UNSUPPORTED, the reason of the signal.
 *
 * @example
 * await propertyTest(order, {
 *   events: { ADD: fc.record({ count: fc.integer({ min: 1, max: 9 }) }) },
 *   invariants: { 'stock is never negative': ({ context }) => context.stock >= 0 },
 * });
 */
export async function propertyTest<Machine extends AnyStateMachine>(
  subject: Testable<Machine>,
  options: PropertyTestOptions<Machine> = {},
): Promise<PropertyReport> {
  checkOptions(owner, options, optionNames);
  const { numRuns = 100, maxSteps = 60, seed = drawSeed(), searchMax = 1_000, signal, onProgress } = options;
  checkWholeOption(owner, 'numRuns', numRuns, 1);
  checkWholeOption(owner, 'maxSteps', maxSteps, 1);
  checkWholeOption(owner, 'seed', seed, -(2 ** 31), 2 ** 32 - 1);
  checkWholeOption(owner, 'searchMax', searchMax, 1);
  checkThreshold(owner, options.coverage);
  const properties = options as Properties;
  checkProperties(owner, properties);
  checkSystem(owner, options.sut);
  const model = modelOf(owner, subject, options) as unknown as Model;
  const fc = await loadFastCheck();
  installEntropy();

  const moves = new Moves(fc, model, properties);
  const checks = new Checks(model, properties);
  const novelty = new Novelty(moves.dictionary);
  const coverage = new CoverageRecord(model.machine);
  const exploration: Exploration = { model, checks, moves, novelty, coverage, maxSteps };
  const random = randomOf(fc, seed | 0);
  await using comparison = new Comparison(owner, model, options.sut, signal);
  let steps = 0;
  for (let run = 1; run <= numRuns; run++) {
    await turnOfOthers();
    signal?.throwIfAborted();
    const result = await inTurns(randomRun(exploration, random), signal);
    if (result.violation !== undefined) {
      const atEnd = result.violation.name === 'no-deadlock' ? stuckCheck(fc, checks, moves) : undefined;
      throw await failureOf(exploration, result, result.violation, { atEnd, signal, run, seed });
    }
    await comparison.along(result, random, { run, seed });
    steps += result.proposals.length;
    onProgress?.({ done: run, total: numRuns });
  }
  const eventually = await lookAhead(exploration, properties, { seed, searchMax, fc, steps, signal });
  checkCoverage(owner, coverage.coverage, options.coverage);
  const { silentWork, untriedCommands } = moves;
  return {
    runs: numRuns,
    steps,
    seed,
    coverage: coverage.coverage,
    eventually,
    silentWork: [...silentWork],
    untriedCommands,
  };
}

interface Looking {
  readonly seed: number;
  readonly searchMax: number;
  readonly fc: FastCheck;
  /** How many the runs have taken. */
  readonly steps: number;
  readonly signal: AbortSignal | undefined;
}

interface Finding {
  readonly atEnd: EndCheck | undefined;
  readonly signal: AbortSignal | undefined;
  readonly run?: number;
  readonly seed: number;
}

/** From a state of each kind that was met, looks for what should eventually come about. */
async function lookAhead(
  exploration: Exploration,
  properties: Properties,
  { seed, searchMax, fc, steps, signal }: Looking,
): Promise<Record<string, 'ok' | 'inconclusive'>> {
  const { model, checks, moves, novelty } = exploration;
  const names = Object.keys(properties.eventually ?? {});
  const results: Record<string, 'ok' | 'inconclusive'> = Object.fromEntries(
    names.map((name) => [name, 'ok']),
  );
  const random = randomOf(fc, seed | 0);
  const gone = new Map<string, number>();
  let walked = 0;
  let searches = 0;
  // What is reached from a state is also reached from those on the way to it: the last ones first.
  for (const scenario of novelty.met.toReversed()) {
    if (searches === searchedMax) break;
    // What a run came by later needs no search.
    if (names.every((name) => scenario.reached.has(name))) continue;
    await turnOfOthers();
    signal?.throwIfAborted();
    const { actor } = tryScenario(model, checks, scenario);
    if (actor === undefined) continue;
    // Walks take no more time than the runs did.
    if (walked < steps) walked += wander(exploration, actor, scenario.reached, random);
    for (const { reached } of scenario.way) for (const name of scenario.reached) reached.add(name);
    if (names.every((name) => scenario.reached.has(name))) continue;
    searches++;
    const onSearched = (name: string, result: SearchResult, states: number) => {
      gone.set(name, (gone.get(name) ?? 0) + states);
      if (result === 'inconclusive') results[name] = result;
    };
    // Once much was gone through for a goal, only what a small part of the states tells is looked for.
    const statesMax = (name: string) =>
      (gone.get(name) ?? 0) < goneMax * searchMax ? searchMax : Math.min(searchMax, vastMax);
    const check = eventuallyCheck(fc, properties, moves, statesMax);
    const searching = check(actor, { isKnown: (name) => scenario.reached.has(name), onSearched });
    const violation = await inTurns(searching, signal);
    if (violation === undefined) continue;
    const run = { given: scenario.given, proposals: scenario.proposals, actor, violation };
    const atEnd: EndCheck = (each, effort) =>
      outright(check(each, { isKnown: (name) => name !== violation.name, effort }));
    throw await failureOf(exploration, run, violation, { atEnd, signal, seed });
  }
  return results;
}

/** What comes of a search that is given up with a signal. */
async function inTurns<Result>(
  searching: Generator<void, Result>,
  signal: AbortSignal | undefined,
): Promise<Result> {
  for (;;) {
    const { done, value } = searching.next();
    if (done) return value;
    await turnOfOthers();
    signal?.throwIfAborted();
  }
}

async function failureOf(
  { model, checks, moves }: Exploration,
  { given, proposals }: Run,
  violation: Violation,
  { atEnd, signal, ...finding }: Finding,
): Promise<Error> {
  const movesAt = (actor: ModelActor) => moves.one(actor);
  const shrinking = { atEnd, movesAt, signal };
  const { scenario, trial } = await shrink(model, checks, { given, proposals }, violation, shrinking);
  return propertyFailed(model, trial.violation ?? violation, trial, scenario.given, {
    by: owner,
    ...finding,
    stepsBefore: proposals.length,
  });
}

function drawSeed(): number {
  return Math.floor(Math.random() * 2 ** 31);
}
