import { isHoldfastError } from '../../runtime/errors/holdfast-error.ts';
import { machineModels } from '../support/machine-models/all.ts';
import type { Mutant } from './mutants.ts';
import { mutatedMachine } from './mutated-machine.ts';

/** What found a planted bug, and where. */
export interface Found {
  readonly property: string;
  /** `undefined` if it was found only after all runs: what cannot come about any more, or was not covered. */
  readonly run: number | undefined;
  /** Steps of the shortest counterexample; `undefined` if there is none. */
  readonly steps: number | undefined;
  readonly message: string;
}

/** Looks for a planted bug. */
export async function hunt(mutant: Mutant, seed: number, numRuns: number): Promise<Found | undefined> {
  const model = machineModels.find(({ name }) => name === mutant.machine);
  if (model === undefined) throw new Error(`There is no model of ${mutant.machine}.`);
  try {
    await model.test(mutatedMachine(mutant), { seed, numRuns });
    return undefined;
  } catch (error) {
    if (isHoldfastError(error, 'HOLDFAST_ERR_PROPERTY_FAILED')) {
      const { property, run, steps, message } = error;
      return { property, run, steps: steps.length, message };
    }
    if (isHoldfastError(error, 'HOLDFAST_ERR_COVERAGE_MISSED'))
      return { property: 'coverage', run: undefined, steps: undefined, message: error.message };
    throw error;
  }
}
