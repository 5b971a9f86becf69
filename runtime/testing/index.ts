import '../node-version.ts';

// The door of `holdfast/testing`: what users check machines with, and implementers of a port their work. No test runner.
export { type LintProblem, lintMachine } from '../../actors/charts/lint-machine.ts';
export type { ActorLogic } from '../../actors/xstate-adapter.ts';
export { type EventStoreContractOptions, eventStoreContract } from './event-store-contract.ts';
export type { Arbitrary, GeneratedValue } from './model/arbitrary.ts';
export type { Coverage, CoverageCount } from './model/coverage.ts';
export type { CoverageThreshold } from './model/coverage-threshold.ts';
export {
  defineModel,
  type Model,
  type ModelOptions,
  type Testable,
  type ValueSource,
  type WorkOutcomes,
} from './model/model.ts';
export type {
  CommandStep,
  EventStep,
  FaultStep,
  ModelStep,
  TimerStep,
  WorkStep,
} from './model/model-step.ts';
export type { Moment, Pending } from './model/moment.ts';
export type { Oracle, Properties } from './model/properties.ts';
export { type PropertyReport, type PropertyTestOptions, propertyTest } from './model/property-test.ts';
export { type Replayed, type ReplayOptions, replay } from './model/replay.ts';
export { type JournalEvent, type StepsOfStream, stepsOf } from './model/steps-of.ts';
export { type PathReport, type TestedPath, type TestPathsOptions, testPaths } from './model/test-paths.ts';
export type { FaultKind, FaultOccasions, FaultRate, SimulationFaults } from './simulation/faults.ts';
export type { SimulationInvariant, SimulationOptions } from './simulation/options.ts';
export { type OutcomesOptions, outcomes } from './simulation/outcomes.ts';
export type { SimulationRandom } from './simulation/random.ts';
export {
  type SimulationResult,
  type SimulationsOptions,
  type SimulationsResult,
  simulate,
  simulations,
} from './simulation/simulate.ts';
export type { SimulationRecord } from './simulation/trace.ts';
export type { DurableWorld, SimulatedSendOptions, SimulatedWorld } from './simulation/world.ts';
export type {
  AggregateScenario,
  Asked,
  ExpectedState,
  InternalEvent,
  StepOf,
} from './specification/aggregate-specification.ts';
export type { LogEvent, ProjectionScenario, ResultOf } from './specification/projection-specification.ts';
export { type Rejection, rejection } from './specification/rejection.ts';
export {
  type AggregateSpecification,
  type ProjectionSpecification,
  specify,
} from './specification/specify.ts';
export { type RuntimeFault, type RuntimeSutOptions, runtimeFaults, runtimeSut } from './sut/runtime-sut.ts';
export type {
  Beginning,
  Observed,
  Outcome,
  SystemInstance,
  SystemUnderTest,
  Taking,
} from './sut/system-under-test.ts';
