import type { AnyStateMachine } from 'xstate';
import {
  type Model,
  type PropertyReport,
  type PropertyTestOptions,
  propertyTest,
} from '../../../runtime/testing/index.ts';

/** How much a test runs. */
export type Effort = Pick<PropertyTestOptions, 'numRuns' | 'searchMax' | 'seed' | 'coverage' | 'eventually'>;

/** A machine of `machines/` with everything that is asked of it. */
export interface MachineModel {
  /** Its file in `machines/`, without the ending. */
  readonly name: string;
  readonly machine: AnyStateMachine;
  /** Tests a machine: this one, or one that was made of its source. */
  readonly test: (machine: AnyStateMachine, effort: Effort) => Promise<PropertyReport>;
}

/** What is asked of a machine, besides what is asked of all. */
export type Asked<Machine extends AnyStateMachine> = Pick<
  PropertyTestOptions<Machine>,
  'invariants' | 'steps' | 'traces' | 'eventually' | 'coverage'
>;

/** A machine, how to make a model of it, and what is asked. */
export function machineModel<Machine extends AnyStateMachine>(
  name: string,
  machine: Machine,
  modelOf: (machine: Machine) => Model<Machine>,
  asked: Asked<Machine>,
): MachineModel {
  return {
    name,
    machine,
    test: (tested, effort) =>
      propertyTest(modelOf(tested as Machine), { ...asked, searchMax: 100, ...effort }),
  };
}
