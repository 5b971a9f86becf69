import type { ActorSnapshot } from '../../actor-snapshot.ts';
import { messageOf } from '../../errors/message-of.ts';
import { effectFailed } from '../../observability/channels.ts';
import { loadCrypto } from '../../protocol/sha256.ts';
import { loadReaderClient } from '../../store/sqlite-backend.ts';
import { loadComlink } from '../../threads/control-channel.ts';
import { replaceThreading } from '../../threads/threading.ts';
import type { FaultOccasions } from './faults.ts';
import type { ResolvedSimulation } from './options.ts';
import { SimulationRandom } from './random.ts';
import { Scheduler } from './scheduler.ts';
import { simulateGlobals } from './simulated-globals.ts';
import { loadThreadCode } from './simulated-process.ts';
import { Simulation } from './simulation.ts';
import type { SimulationRecord, Trace } from './trace.ts';

/** What came of a run, whether or not it went well. */
export interface SimulationRun {
  readonly trace: readonly SimulationRecord[];
  /** The durable states at the end, by address. */
  readonly states: Readonly<Record<string, ActorSnapshot>>;
  /** Tasks that were run. */
  readonly tasks: number;
  /** Virtual milliseconds that have passed. */
  readonly elapsedMs: number;
  /** The occasions at which faults happened, by kind. */
  readonly faults: FaultOccasions;
  /** Steps of the workload that were begun. */
  readonly steps: number;
  /** What went wrong; `undefined` if nothing did. */
  readonly failure: { readonly error: unknown } | undefined;
}

/** The run before: each has the globals of the process for itself. */
let before: Promise<unknown> = Promise.resolve();

/** Runs one simulation, after those that were asked for earlier. */
export function runSimulation(options: ResolvedSimulation): Promise<SimulationRun> {
  const run = before.then(() => runAlone(options));
  before = run.catch(() => undefined);
  return run;
}

/** Whether code runs as part of a simulation, which another one would wait for without end. */
export function isInSimulation(): boolean {
  return running?.current !== undefined;
}

let running: Scheduler | undefined;

async function runAlone(options: ResolvedSimulation): Promise<SimulationRun> {
  // What is loaded later would take turns of the real event loop.
  const [code] = await Promise.all([loadThreadCode(), loadComlink(), loadReaderClient()]);
  loadCrypto();
  const { seed } = options;
  const random = (stream: string): SimulationRandom => new SimulationRandom(seed, stream);
  const scheduler = new Scheduler(random('schedule'));
  let now = (): number => 0;
  const restore = [simulateGlobals(scheduler, { now: () => now() }, random('chance'), random('ids'))];
  running = scheduler;
  try {
    const simulation = new Simulation(options, scheduler, code);
    const { computer, trace } = simulation;
    now = () => computer.now();
    restore.push(replaceThreading(computer.threading), () => computer.disk.close());
    restore.push(hearFailedActions(scheduler, trace));
    let failure: SimulationRun['failure'];
    try {
      await simulation.run();
    } catch (error) {
      failure = { error };
    }
    trace.note('end', { digest: scheduler.digest });
    return {
      trace: trace.records,
      states: scheduler.within(computer.main, () => simulation.states),
      tasks: scheduler.tasks,
      elapsedMs: scheduler.now,
      faults: simulation.faults.happened,
      steps: simulation.steps,
      failure,
    };
  } finally {
    running = undefined;
    scheduler.close();
    for (const step of restore.reverse()) step();
  }
}

/** Nobody is told of an action that fails after its commit but the channel, so the trace is, too. */
function hearFailedActions(scheduler: Scheduler, trace: Trace): () => void {
  const note = (message: unknown): void => {
    if (scheduler.current === undefined) return;
    const { address, type, error } = message as { address: string; type: string; error: unknown };
    trace.note('action-failed', { actor: address, type, error: messageOf(error) });
  };
  effectFailed.subscribe(note);
  return () => effectFailed.unsubscribe(note);
}
