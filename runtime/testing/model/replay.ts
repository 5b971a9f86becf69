import { installEntropy } from '../../../actors/steps/install-entropy.ts';
import type { AnyStateMachine, EventFromLogic, SnapshotFrom } from '../../../actors/xstate-adapter.ts';
import { describe } from '../../protocol/names.ts';
import { checkOptions, invalidOption } from '../../protocol/options.ts';
import { Comparison, checkSystem } from '../sut/comparison.ts';
import type { SystemUnderTest } from '../sut/system-under-test.ts';
import { Checks } from './checks.ts';
import { fixed } from './drawn.ts';
import { eventuallyCheck, outright, stuckCheck } from './end-checks.ts';
import { propertyFailed } from './failure.ts';
import { loadFastCheck } from './fast-check.ts';
import { checkKnown } from './known-steps.ts';
import { type Model, type ModelOptions, modelOptionNames, type Testable } from './model.ts';
import { modelOf } from './model-of.ts';
import {
  type CommandStep,
  type FaultStep,
  kindOf,
  type ModelStep,
  type TimerStep,
  type WorkStep,
} from './model-step.ts';
import type { Moment } from './moment.ts';
import { Moves, proposalOf } from './moves.ts';
import { checkProperties, type Properties, propertyNames } from './properties.ts';
import { tryScenario } from './trial.ts';

/** Options of {@link replay}: the properties, and an input for the machine as it is. */
export interface ReplayOptions<Machine extends AnyStateMachine = AnyStateMachine>
  extends Properties<Machine>,
    Omit<ModelOptions<Machine>, 'input'> {
  /** The input itself. */
  readonly input?: unknown;
  /** A system that the steps are also taken in, with the faults among them, and compared. Default: none. */
  readonly sut?: SystemUnderTest;
}

/** What {@link replay} has come to. */
export interface Replayed<Machine extends AnyStateMachine = AnyStateMachine> {
  /** The last state. */
  readonly snapshot: SnapshotFrom<Machine>;
  /** Every step that took place, whether it was accepted, and the state after it. */
  readonly steps: readonly Moment<Machine>[];
  /**
   * The steps that were passed over, since they were not possible where they came: a timer that was not set, work that was not
   * under way, an event that the model keeps out.
   */
  readonly impossible: readonly ModelStep[];
}

/** Of the options of a whole test, those that have no meaning here, so that they can be handed on. */
const ignored = ['numRuns', 'maxSteps', 'seed', 'coverage', 'searchMax', 'signal', 'onProgress'];
const optionNames = [...modelOptionNames, ...propertyNames, 'sut', ...ignored];
const searchMax = 1_000;
const owner = 'replay';

/**
 * Has certain steps happen to a machine, and asks of each what {@link propertyTest} asks: to look at a failure that was
 * printed, and to keep it as a test. What is refused changes nothing, and a step that is not possible where it comes (a timer
 * that is not set, work that is not under way) is passed over, since what once went wrong may not come about any more; the
 * result tells of both. A step of a name that the machine does not have is refused.
 *
 * @throws HOLDFAST_ERR_PROPERTY_FAILED, HOLDFAST_ERR_OPTION_INVALID, HOLDFAST_ERR_MACHINE_UNSUPPORTED,
 * HOLDFAST_ERR_PEER_MISSING.
 *
 * @example
 * const { snapshot } = await replay(order, [{ type: 'ADD', count: 1 }, { type: 'REMOVE', count: 2 }], properties);
 */
export async function replay<Machine extends AnyStateMachine>(
  subject: Testable<Machine>,
  steps: readonly (EventFromLogic<Machine> | CommandStep | TimerStep | WorkStep | FaultStep)[],
  options: ReplayOptions<Machine> = {},
): Promise<Replayed<Machine>> {
  checkOptions(owner, options, optionNames);
  const { input, ...others } = options;
  const properties = options as Properties;
  checkProperties(owner, properties);
  checkSystem(owner, options.sut);
  if (!Array.isArray(steps)) throw invalidOption(`${owner} takes an array of steps, got ${describe(steps)}.`);
  for (const step of steps as readonly unknown[]) checkStep(step);
  const model = modelOf(owner, subject, others as ModelOptions<Machine>) as unknown as Model;
  checkKnown(owner, model, steps as readonly ModelStep[]);
  const fc = await loadFastCheck();
  installEntropy();

  const checks = new Checks(model, properties);
  const moves = new Moves(fc, model, properties);
  const isStuck = stuckCheck(fc, checks, moves);
  const canBe = eventuallyCheck(fc, properties, moves, () => searchMax);
  const given = 'input' in options ? { input, drawn: fixed(input) } : undefined;
  const proposals = (steps as readonly ModelStep[]).map(proposalOf);
  const scenario = { given, proposals };
  const trial = tryScenario(model, checks, scenario, (actor) => isStuck(actor) ?? outright(canBe(actor)));
  if (trial.violation !== undefined)
    throw propertyFailed(model, trial.violation, trial, given, { by: owner });
  await using comparison = new Comparison(owner, model, options.sut, undefined);
  await comparison.along(scenario, undefined, {});
  const snapshot = trial.actor?.snapshot as SnapshotFrom<Machine>;
  const tookPlace = new Set(trial.proposals);
  const impossible = proposals.flatMap((each) =>
    tookPlace.has(each) || kindOf(each.step) === 'fault' ? [] : [each.step],
  );
  return { snapshot, steps: trial.moments as unknown as readonly Moment<Machine>[], impossible };
}

function checkStep(step: unknown): void {
  const isStep =
    typeof step === 'object' &&
    step !== null &&
    ['type', 'command', 'timer', 'work', 'fault'].some(
      (key) => typeof (step as Record<string, unknown>)[key] === 'string',
    );
  if (isStep) return;
  throw invalidOption(
    `${owner}: a step is an event with a type, or has a command, a timer, work or a fault; got ${describe(step)}.`,
  );
}
