import { describe } from '../../protocol/names.ts';
import { invalidOption } from '../../protocol/options.ts';
import { type Finding, propertyFailed } from '../model/failure.ts';
import type { Random } from '../model/fast-check.ts';
import type { Model } from '../model/model.ts';
import type { Scenario, Trial } from '../model/trial.ts';
import { goAlong } from './along.ts';
import { withFaults } from './draw-faults.ts';
import { shrinkAlong } from './shrink-along.ts';
import type { SystemUnderTest } from './system-under-test.ts';

/** Refuses what is no system under test. */
export function checkSystem(owner: string, system: unknown): void {
  if (system === undefined || typeof (system as Partial<SystemUnderTest> | null)?.begin === 'function')
    return;
  throw invalidOption(
    `${owner}: "sut" must be a system under test, such as what runtimeSut returned, got ${describe(system)}.`,
  );
}

/** Compares a model with a system along many scenarios. Without a system it does nothing. */
export class Comparison implements AsyncDisposable {
  /** Instances that each system has begun: one may outlive a test, and no id may come twice. */
  static readonly #begun = new WeakMap<SystemUnderTest, number>();
  readonly #owner: string;
  readonly #model: Model;
  readonly #system: SystemUnderTest | undefined;
  readonly #signal: AbortSignal | undefined;

  constructor(
    owner: string,
    model: Model,
    system: SystemUnderTest | undefined,
    signal: AbortSignal | undefined,
  ) {
    this.#owner = owner;
    this.#model = model;
    this.#system = system;
    this.#signal = signal;
  }

  /**
   * Leads the system along a scenario, with faults that are drawn with `random` if it is given.
   *
   * @throws HOLDFAST_ERR_PROPERTY_FAILED where it differs from the model.
   */
  async along(
    { given, proposals }: Scenario,
    random: Random | undefined,
    finding: Pick<Finding, 'run' | 'seed'>,
  ): Promise<Trial | undefined> {
    const system = this.#system;
    if (system === undefined) return undefined;
    const faulted = random === undefined ? proposals : withFaults(proposals, system, random);
    const go = (tried: Scenario): Promise<Trial> => this.#go(system, tried);
    const scenario = { given, proposals: faulted };
    const trial = await go(scenario);
    const { violation } = trial;
    if (violation === undefined) return trial;
    const isShrunk = random !== undefined;
    const shown = isShrunk
      ? await shrinkAlong(system, { scenario, trial }, violation, go)
      : { scenario, trial };
    throw propertyFailed(this.#model, shown.trial.violation ?? violation, shown.trial, shown.scenario.given, {
      by: this.#owner,
      ...finding,
      ...(isShrunk ? { stepsBefore: trial.proposals.length } : {}),
    });
  }

  #go(system: SystemUnderTest, scenario: Scenario): Promise<Trial> {
    const number = (Comparison.#begun.get(system) ?? 0) + 1;
    Comparison.#begun.set(system, number);
    return goAlong(this.#model, system, scenario, { id: `run-${number}`, signal: this.#signal });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#system?.close?.();
  }
}
