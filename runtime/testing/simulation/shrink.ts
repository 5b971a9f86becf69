import { invariantOf } from './failure.ts';
import { type FaultKind, type FaultOccasions, faultKinds } from './faults.ts';
import type { ResolvedSimulation } from './options.ts';
import { runSimulation, type SimulationRun } from './run-simulation.ts';
import { Restless } from './violation.ts';

/** A simulation that fails, and how it went. */
export interface FailingSimulation {
  readonly options: ResolvedSimulation;
  readonly run: SimulationRun;
}

/**
 * Looks for a smaller simulation that fails by the same invariant: with fewer faults and fewer steps. Greedy, as delta
 * debugging is (Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", 2002): whole kinds of faults
 * first, then halves, then single ones. Takes no more than so many runs.
 */
export async function shrink(failing: FailingSimulation, runsMax: number): Promise<FailingSimulation> {
  // What keeps it going is said, and each run would take as long again.
  if (failing.run.failure?.error instanceof Restless) return failing;
  const invariant = invariantOf(failing.run);
  let smallest = failing;
  let runs = 0;
  const attempt = async (faults: FaultOccasions, steps: number): Promise<boolean> => {
    if (runs >= runsMax) return false;
    runs++;
    const options = { ...failing.options, faults, steps };
    const run = await runSimulation(options);
    if (invariantOf(run) !== invariant) return false;
    smallest = { options: { ...options, faults: run.faults, steps: Math.max(1, run.steps) }, run };
    return true;
  };

  if (!(await attempt(failing.run.faults, Math.max(1, failing.run.steps)))) return failing;
  await withFewerSteps(() => smallest, attempt);
  for (const kind of faultKinds) await withFewerOf(kind, () => smallest, attempt);
  await withFewerSteps(() => smallest, attempt);
  return smallest;
}

type Attempt = (faults: FaultOccasions, steps: number) => Promise<boolean>;

/** Halves the steps for as long as that fails, then goes down by ever less. */
async function withFewerSteps(current: () => FailingSimulation, attempt: Attempt): Promise<void> {
  if (current().options.workload === undefined) return;
  for (let by = Math.floor(current().options.steps / 2); by >= 1; ) {
    const { faults, steps } = current().options;
    const fails = steps > by && (await attempt(faults as FaultOccasions, steps - by));
    if (!fails) by = Math.floor(by / 2);
  }
}

/** Leaves out faults of a kind: all, then ever smaller parts. */
async function withFewerOf(
  kind: FaultKind,
  current: () => FailingSimulation,
  attempt: Attempt,
): Promise<void> {
  const occasions = (): readonly number[] => (current().options.faults as FaultOccasions)[kind] ?? [];
  for (let size = occasions().length; size >= 1; size = Math.floor(size / 2)) {
    for (let from = 0; from < occasions().length; ) {
      const { faults, steps } = current().options;
      const left = occasions().filter((_, index) => index < from || index >= from + size);
      const fails = await attempt({ ...(faults as FaultOccasions), [kind]: left }, steps);
      if (!fails) from += size;
    }
  }
}
