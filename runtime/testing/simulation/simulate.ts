import type { ActorSnapshot } from '../../actor-snapshot.ts';
import { checkWholeOption, invalidOption } from '../../protocol/options.ts';
import type { FaultOccasions } from './faults.ts';
import { resolveSimulation, type SimulationOptions } from './options.ts';
import './system-immediate.ts';
import type { SimulationRecord } from './trace.ts';

type Run = Pick<typeof import('./run-simulation.ts'), 'isInSimulation' | 'runSimulation'>;
type Judge = Pick<typeof import('./failure.ts'), 'simulationFailed'> &
  Pick<typeof import('./shrink.ts'), 'shrink'>;

let loaded: Promise<Run & Judge> | undefined;

/** The whole runtime, which nobody else who imports the door has to load. */
function load(): Promise<Run & Judge> {
  loaded ??= Promise.all([import('./run-simulation.ts'), import('./failure.ts'), import('./shrink.ts')]).then(
    ([{ isInSimulation, runSimulation }, { simulationFailed }, { shrink }]) => ({
      isInSimulation,
      runSimulation,
      simulationFailed,
      shrink,
    }),
  );
  return loaded;
}

/** What came of a simulation. */
export interface SimulationResult {
  readonly seed: number;
  /** What happened, in order: the same for the same seed and code, in any process and on any day. */
  readonly trace: readonly SimulationRecord[];
  /** The durable states at the end, by address. */
  readonly states: Readonly<Record<string, ActorSnapshot>>;
  /** The occasions at which faults happened, by kind. */
  readonly faults: FaultOccasions;
  /** Tasks of all simulated threads. */
  readonly tasks: number;
  /** Virtual milliseconds that have passed. */
  readonly elapsedMs: number;
}

/**
 * Runs definitions in a simulated world: the code of the runtime as it is, with its threads, its clock and its disk
 * replaced by such as a seed decides about. Everything takes place on this thread and in virtual time, over a database in
 * memory, so a day takes a second, and the same seed gives the same trace byte for byte, in any process. Threads and
 * processes crash at any await, messages are late, lost and doubled, the disk fails, the clock jumps.
 *
 * What the runtime promises is checked in any case: what is acknowledged is durable and carried out once, messages are
 * heard once and in order, no timer rings twice or is lost, and at the end nothing that is due is left, and every host
 * shows what its log leads to. Yours are `invariants` and `invariantsAtRest`.
 *
 * Code that runs in it sees its time and chance: `Date`, `performance`, `Math.random`, `crypto`, timers, `node:timers`
 * and `AbortSignal.timeout`. Real input and output can neither be simulated nor waited for: put {@link outcomes} in its
 * place with `actors`. Simulations of one process run one after the other. After FoundationDB (Zhou et al., "FoundationDB:
 * A Distributed Unbundled Transactional Key Value Store", 2021) and TigerBeetle.
 *
 * @throws HOLDFAST_ERR_OPTION_INVALID; HOLDFAST_ERR_SIMULATION_FAILED with the `seed`, the `invariant`, the `task`, how to
 * `replay` it and the end of the `trace`; HOLDFAST_ERR_SIMULATION_STALLED if it waits for what is no part of it,
 * or never comes to rest.
 *
 * @example
 * const { states } = await simulate({
 *   seed: 42,
 *   definitions: [account],
 *   workload: ({ send, random }) => {
 *     void send(account, random.pick(['a', 'b']), { type: 'paid', amount: random.integer(1, 10) });
 *   },
 *   faults: { hostCrash: 0.01, processCrash: 0.002, duplicateDelivery: 0.1, diskError: 0.01 },
 *   invariants: { 'nobody owes': (world) => world.states(account).every(({ context }) => context.balance >= 0) },
 * });
 */
export async function simulate(options: SimulationOptions): Promise<SimulationResult> {
  const resolved = resolveSimulation('simulate', options);
  const { runSimulation, simulationFailed } = await loadOutside('simulate');
  const run = await runSimulation(resolved);
  if (run.failure !== undefined) throw simulationFailed(resolved, run);
  const { trace, states, faults, tasks, elapsedMs } = run;
  return { seed: resolved.seed, trace, states, faults, tasks, elapsedMs };
}

/** Options of {@link simulations}. */
export interface SimulationsOptions extends SimulationOptions {
  /** How many seeds are tried, from `seed` upwards. */
  readonly runs: number;
  /** How many runs may be spent on making a failure smaller; 0 for none. Default 100. */
  readonly shrinkRuns?: number;
}

/** What came of many simulations. */
export interface SimulationsResult {
  readonly runs: number;
  /** Tasks of all of them. */
  readonly tasks: number;
  /** How many faults happened, by kind, over all of them. */
  readonly faults: Readonly<Record<string, number>>;
}

/**
 * Simulates with one seed after the other. The first that fails is made smaller, with fewer faults and steps, and thrown.
 *
 * @throws what {@link simulate} throws.
 *
 * @example
 * await simulations({ seed: 1, runs: 1_000, definitions: [account], workload, faults, invariants });
 */
export async function simulations(options: SimulationsOptions): Promise<SimulationsResult> {
  const owner = 'simulations';
  const resolved = resolveSimulation(owner, options, ['runs', 'shrinkRuns']);
  const { runs, shrinkRuns = 100 } = options;
  if (runs === undefined)
    throw invalidOption(`${owner}: "runs" is missing. Give the number of seeds to try.`);
  checkWholeOption(owner, 'runs', runs, 1);
  checkWholeOption(owner, 'shrinkRuns', shrinkRuns, 0);
  const { runSimulation, shrink, simulationFailed } = await loadOutside(owner);
  let tasks = 0;
  const faults: Record<string, number> = {};
  for (let index = 0; index < runs; index++) {
    const tried = { ...resolved, seed: resolved.seed + index };
    const run = await runSimulation(tried);
    if (run.failure !== undefined) {
      const smallest = await shrink({ options: tried, run }, shrinkRuns);
      throw simulationFailed(smallest.options, smallest.run);
    }
    tasks += run.tasks;
    for (const [kind, { length }] of Object.entries(run.faults)) faults[kind] = (faults[kind] ?? 0) + length;
  }
  return { runs, tasks, faults };
}

async function loadOutside(owner: string): Promise<Run & Judge> {
  const parts = await load();
  if (!parts.isInSimulation()) return parts;
  throw invalidOption(
    `${owner} was called in a simulation, which has the process for itself. Call it outside.`,
  );
}
