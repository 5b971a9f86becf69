import { type HoldfastError, holdfastError } from '../../errors/holdfast-error.ts';
import { messageOf } from '../../errors/message-of.ts';
import { sentence } from '../../errors/sentence.ts';
import type { ResolvedSimulation } from './options.ts';
import type { SimulationRun } from './run-simulation.ts';
import { Restless, Stall, Violation } from './violation.ts';

/** So many of the last things that happened are in the message; the error has more. */
const shownMax = 8;
const keptMax = 50;

/** Which invariant a run has failed by; another one may hide behind the same seed. */
export function invariantOf({ failure }: SimulationRun): string | undefined {
  const error = failure?.error;
  if (error instanceof Violation) return error.invariant;
  if (error instanceof Stall) return 'it goes on';
  return error === undefined ? undefined : 'nothing is thrown that nobody catches';
}

/** The error of a simulation that has failed. */
export function simulationFailed(options: ResolvedSimulation, run: SimulationRun): HoldfastError {
  const { error } = run.failure ?? { error: undefined };
  const { seed } = options;
  const invariant = invariantOf(run) ?? '';
  const replay = replayOf(options, run);
  const trace = run.trace.slice(-keptMax);
  const lines = trace.slice(-shownMax).map((record) => `  ${JSON.stringify(record)}`);
  const tail = `The last things that happened:\n${lines.join('\n')}\nTo see it again: ${replay}\n`;
  if (error instanceof Restless) {
    return holdfastError(
      'HOLDFAST_ERR_SIMULATION_STALLED',
      `The simulation with seed ${seed} does not come to rest: ${sentence(error.message)} Set \`restMs\` to the virtual time that ` +
        `it gets at the end, such as 60_000, if it is meant to go on for ever.\n${tail}`,
      { seed, task: run.tasks, replay, trace, ...error.waiting },
    );
  }
  if (error instanceof Stall) {
    return holdfastError(
      'HOLDFAST_ERR_SIMULATION_STALLED',
      `The simulation with seed ${seed} does not go on: ${sentence(error.message)} Only what is of the simulation can be ` +
        'waited for: its commands, its clock and its timers, but no network, no files and no other threads. Put stand-ins in ' +
        `place of actors that need them with \`actors\`.\n${tail}`,
      { seed, task: run.tasks, replay, trace, ...error.waiting },
    );
  }
  const what = messageOf(error);
  return holdfastError(
    'HOLDFAST_ERR_SIMULATION_FAILED',
    `In the simulation with seed ${seed}, "${invariant}" failed in task ${run.tasks}: ${sentence(what)}\n${tail}`,
    { seed, invariant, task: run.tasks, replay, trace },
    error instanceof Violation ? error.cause : error,
  );
}

/** The call that shows a failure again: with the faults that have happened, and no more steps than were begun. */
function replayOf({ seed, workload, faults }: ResolvedSimulation, run: SimulationRun): string {
  const happened = Object.keys(faults).length === 0 ? '' : `, faults: ${JSON.stringify(run.faults)}`;
  const steps = workload === undefined ? '' : `, steps: ${run.steps}`;
  return `simulate({ seed: ${seed}${steps}${happened}, ... })`;
}
