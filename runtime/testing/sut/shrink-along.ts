import { type FaultStep, kindOf, withDrawnPart } from '../model/model-step.ts';
import type { Proposal } from '../model/moves.ts';
import { isSameProperty, type Violation } from '../model/properties.ts';
import { toSource } from '../model/to-source.ts';
import type { Scenario, Trial } from '../model/trial.ts';
import { simplerFaults } from './draw-faults.ts';
import type { SystemUnderTest } from './system-under-test.ts';

/** Attempts at the most, and how often what was found is tried before it counts as not to be repeated. */
const [attemptsMax, repeatsMax] = [150, 3] as const;

interface Best {
  readonly scenario: Scenario;
  readonly trial: Trial;
}

/**
 * Makes a scenario in which a system differs from its model shorter, as long as it differs: steps and faults are left out,
 * many at a time at first, then faults become simpler and values smaller. An attempt takes real time, so there are fewer
 * of them than where a model is alone; one that fails only now and then may be kept longer than it need be.
 */
export async function shrinkAlong(
  system: SystemUnderTest,
  found: Best,
  violation: Violation,
  go: (scenario: Scenario) => Promise<Trial>,
): Promise<Best> {
  return new ShrinkingAlong(system, violation, go).run(found);
}

class ShrinkingAlong {
  readonly #system: SystemUnderTest;
  readonly #violation: Violation;
  readonly #go: (scenario: Scenario) => Promise<Trial>;
  readonly #tried = new Set<string>();
  #attempts = 0;
  #best: Best | undefined;

  constructor(system: SystemUnderTest, violation: Violation, go: (scenario: Scenario) => Promise<Trial>) {
    this.#system = system;
    this.#violation = violation;
    this.#go = go;
  }

  async run(found: Best): Promise<Best> {
    const { given } = found.scenario;
    for (let repeat = 0; this.#best === undefined; repeat++) {
      // What cannot be repeated is shown as it happened.
      if (repeat === repeatsMax) return found;
      await this.#accepts({ given, proposals: found.trial.proposals });
    }
    while (this.#attempts < attemptsMax && ((await this.#shorten()) || (await this.#simplify()))) {
      // Until neither finds anything.
    }
    return this.#best;
  }

  get #current(): Scenario {
    return (this.#best as Best).scenario;
  }

  async #shorten(): Promise<boolean> {
    const lengthBefore = this.#current.proposals.length;
    for (let size = Math.ceil(lengthBefore / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
      for (let at = this.#current.proposals.length - size; at >= 0; at -= size) {
        const { given, proposals } = this.#current;
        await this.#accepts({ given, proposals: [...proposals.slice(0, at), ...proposals.slice(at + size)] });
      }
    }
    return this.#current.proposals.length < lengthBefore;
  }

  async #simplify(): Promise<boolean> {
    let hasShrunk = await this.#simplifyInput();
    for (let index = 0; index < this.#current.proposals.length; index++) {
      while (await this.#simplifyStep(index)) hasShrunk = true;
    }
    return hasShrunk;
  }

  async #simplifyInput(): Promise<boolean> {
    const { given, proposals } = this.#current;
    for (const drawn of given?.drawn.shrink() ?? []) {
      if (this.#attempts >= attemptsMax) return false;
      if (await this.#accepts({ given: { input: drawn.value, drawn }, proposals })) return true;
    }
    return false;
  }

  async #simplifyStep(index: number): Promise<boolean> {
    const { given, proposals } = this.#current;
    for (const simpler of this.#simplerThan(proposals[index] as Proposal)) {
      if (this.#attempts >= attemptsMax) return false;
      const others = proposals.map((other, at) => (at === index ? simpler : other));
      if (await this.#accepts({ given, proposals: others })) return true;
    }
    return false;
  }

  *#simplerThan({ step, drawn }: Proposal): Generator<Proposal> {
    if (kindOf(step) === 'fault') {
      for (const simpler of simplerFaults(step as FaultStep, this.#system)) yield { step: simpler };
    }
    for (const smaller of drawn?.shrink() ?? [])
      yield { step: withDrawnPart(step, smaller.value), drawn: smaller };
  }

  /** Whether the system still differs; the scenario is the best so far then. None is tried twice. */
  async #accepts(scenario: Scenario): Promise<boolean> {
    const text = toSource([scenario.given?.input, ...scenario.proposals.map(({ step }) => step)]);
    if (this.#best !== undefined && this.#tried.has(text)) return false;
    this.#tried.add(text);
    if (this.#attempts++ >= attemptsMax) return false;
    const trial = await this.#go(scenario);
    if (trial.violation === undefined || !isSameProperty(trial.violation, this.#violation)) return false;
    // What has not come about is no part of it, and what came after it neither.
    const { proposals } = trial;
    const isShorter = proposals.length <= scenario.proposals.length;
    this.#best = { scenario: { ...scenario, proposals: isShorter ? proposals : scenario.proposals }, trial };
    return true;
  }
}
