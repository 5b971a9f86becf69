import { turnOfOthers } from '../turn-of-others.ts';
import type { Checks } from './checks.ts';
import { Dictionary } from './dictionary.ts';
import type { Model } from './model.ts';
import type { ModelActor } from './model-actor.ts';
import { withDrawnPart } from './model-step.ts';
import type { Proposal } from './moves.ts';
import { isSameProperty, type Properties, type Violation } from './properties.ts';
import { shorterScenarios } from './shorter-scenarios.ts';
import { shorterWay } from './shorter-way.ts';
import { type EndCheck, type Scenario, type Trial, tryScenario } from './trial.ts';

/** The smallest scenario that was found, and how many were tried. */
export interface Shrunk {
  readonly scenario: Scenario;
  readonly trial: Trial;
  readonly attempts: number;
}

/** Steps that an actor can take next. */
export type MovesAt = (actor: ModelActor) => readonly Proposal[];

/** How a scenario is made smaller. */
export interface ShrinkOptions {
  readonly atEnd: EndCheck | undefined;
  readonly movesAt?: MovesAt;
  /** Ends it with what it came to. */
  readonly signal: AbortSignal | undefined;
}

const attemptsMax = 3_000;
const exchangesMax = 1_200;
const mendsMax = 150;

/**
 * Makes a scenario that violates a property smaller, as long as it violates the same one: steps are left out, many at a
 * time at first (Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", 2002), then values become
 * smaller as their arbitraries say. Works on what happened, not on what it was drawn from, so that leaving a step out
 * changes none of the others. At last, shorter ways are looked for from the beginning. Only the one property is asked
 * meanwhile, and of where it ends only what a few values tell; if that leads to a way on which another one does not hold, or
 * to an end that many values lead on from, it is looked for once more with all of them.
 */
export async function shrink(
  model: Model,
  checks: Checks,
  scenario: Scenario,
  violation: Violation,
  options: ShrinkOptions,
): Promise<Shrunk> {
  const only = checks.only(violation);
  const { atEnd } = options;
  // Each of thousands of tries may end in another state: thousands of values are tried in the last one only.
  const quickly: ShrinkOptions = { ...options, atEnd: atEnd && ((actor) => atEnd(actor, 'quick')) };
  const quick = await new Shrinking(model, only, checks.properties, violation, quickly).run(scenario);
  const trial = tryScenario(model, checks, quick.scenario, atEnd);
  if (trial.violation !== undefined && isSameProperty(trial.violation, violation)) return { ...quick, trial };
  return new Shrinking(model, checks, checks.properties, violation, options).run(scenario);
}

class Shrinking {
  readonly #model: Model;
  readonly #checks: Checks;
  readonly #violation: Violation;
  readonly #atEnd: EndCheck | undefined;
  readonly #movesAt: MovesAt;
  readonly #signal: AbortSignal | undefined;
  readonly #dictionary: Dictionary;
  #attempts = 0;
  #mends = 0;
  #hasLookedAnew = false;
  #best: { scenario: Scenario; trial: Trial } | undefined;

  constructor(
    model: Model,
    checks: Checks,
    properties: Properties,
    violation: Violation,
    { atEnd, movesAt = () => [], signal }: ShrinkOptions,
  ) {
    this.#model = model;
    this.#checks = checks;
    this.#violation = violation;
    this.#atEnd = atEnd;
    this.#movesAt = movesAt;
    this.#signal = signal;
    this.#dictionary = new Dictionary(model.machine, properties);
  }

  async run(scenario: Scenario): Promise<Shrunk> {
    // What cannot be repeated is shown as it happened.
    if (!(await this.#accepts(scenario))) {
      const trial = tryScenario(this.#model, this.#checks, scenario, this.#atEnd);
      return { scenario, trial: { ...trial, violation: this.#violation }, attempts: this.#attempts };
    }
    const original = this.#current.proposals;
    while (
      this.#attempts < attemptsMax &&
      ((await this.#shorten()) ||
        (await this.#simplify()) ||
        (await this.#exchange(original)) ||
        (await this.#findShorterWay()))
    ) {
      // Until neither finds anything.
    }
    const best = this.#best as { scenario: Scenario; trial: Trial };
    return { ...best, attempts: this.#attempts };
  }

  get #current(): Scenario {
    return (this.#best as { scenario: Scenario }).scenario;
  }

  /** Leaves steps out: detours, halves, quarters, and at last single ones. */
  async #shorten(): Promise<boolean> {
    const lengthBefore = this.#current.proposals.length;
    await this.#cutDetours();
    for (let size = lengthBefore >> 1 || 1; size >= 1; size >>= 1) {
      for (let at = this.#current.proposals.length - size; at >= 0; at -= size) {
        const { given, proposals } = this.#current;
        const others = [...proposals.slice(0, at), ...proposals.slice(at + size)];
        const isAccepted = await this.#accepts({ given, proposals: others });
        if (!isAccepted && size === 1) await this.#acceptsMended(given, others);
      }
    }
    return this.#current.proposals.length < lengthBefore;
  }

  /** Tries what is shorter in other ways than by leaving out a step. */
  async #exchange(original: readonly Proposal[]): Promise<boolean> {
    const before = this.#current;
    const movesAfter = (begin: Scenario): readonly Proposal[] => {
      const { actor, violation } = tryScenario(this.#model, this.#checks, begin);
      return actor === undefined || violation !== undefined ? [] : this.#movesAt(actor);
    };
    let tries = 0;
    for (const scenario of shorterScenarios(before, original, movesAfter)) {
      if (tries++ === exchangesMax || this.#attempts >= attemptsMax) return false;
      if (await this.#accepts(scenario, before.proposals.length - 1)) return true;
    }
    return false;
  }

  /** Looks once for a shorter way of other steps, to a property that each step is asked for. */
  async #findShorterWay(): Promise<boolean> {
    const { kind, name } = this.#violation;
    const isOfEnd = kind === 'trace' || kind === 'eventually' || name === 'no-deadlock' || name === 'replay';
    const { given, proposals } = this.#current;
    if (isOfEnd || this.#hasLookedAnew || proposals.length < 2) return false;
    this.#hasLookedAnew = true;
    const bounds = { given, stepsMax: proposals.length - 1, signal: this.#signal };
    const found = await shorterWay(this.#model, this.#checks, bounds, this.#violation, this.#movesAt);
    return found !== undefined && (await this.#accepts(found, bounds.stepsMax));
  }

  /** Leaves out what leads back to a state value that was there before, the longest way first. */
  async #cutDetours(): Promise<void> {
    for (let from = 0; from < this.#current.proposals.length; from++) {
      for (let to = this.#current.proposals.length - 1; to > from; to--) {
        const { given, proposals } = this.#current;
        const values = this.#values;
        if (values[from] !== values[to]) continue;
        await this.#accepts({ given, proposals: [...proposals.slice(0, from), ...proposals.slice(to)] });
      }
    }
  }

  /** The state value before each step of the best scenario. */
  get #values(): string[] {
    const { begin, moments } = (this.#best as { trial: Trial }).trial;
    return [begin, ...moments.map(({ after }) => after)].map((state) => JSON.stringify(state?.value));
  }

  /** Makes the values of the input and of each step smaller. */
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
    const { step, drawn } = proposals[index] ?? {};
    if (step === undefined) return false;
    for (const smaller of drawn?.shrink() ?? []) {
      if (this.#attempts >= attemptsMax) return false;
      const proposal: Proposal = { step: withDrawnPart(step, smaller.value), drawn: smaller };
      const others = proposals.map((other, at) => (at === index ? proposal : other));
      if (await this.#accepts({ given, proposals: others })) return true;
      if (await this.#acceptsMended(given, others)) return true;
    }
    return false;
  }

  /**
   * What the last step has to say may depend on what came before, such as the sum of it: it is tried with values that the
   * state before it now holds.
   */
  async #acceptsMended(given: Scenario['given'], proposals: readonly Proposal[]): Promise<boolean> {
    const [last, before] = [proposals.at(-1), proposals.slice(0, -1)];
    if (last?.drawn === undefined || this.#mends++ >= mendsMax) return false;
    const { actor, violation } = tryScenario(this.#model, this.#checks, { given, proposals: before });
    if (actor === undefined || violation !== undefined) return false;
    for (const drawn of this.#dictionary.alternatives(last.drawn, actor.snapshot, 'likely')) {
      const mended = { step: withDrawnPart(last.step, drawn.value), drawn };
      if (mended.step.type !== undefined && !actor.can(mended.step)) continue;
      if (await this.#accepts({ given, proposals: [...before, mended] })) return true;
    }
    return false;
  }

  /** Whether a scenario violates the same property, within so many steps; it is the best so far then. */
  async #accepts(scenario: Scenario, stepsMax = Number.POSITIVE_INFINITY): Promise<boolean> {
    if (this.#attempts++ >= attemptsMax) return false;
    let trial = tryScenario(this.#model, this.#checks, scenario, this.#atEnd);
    if (!this.#isSame(trial) && trial.isAmbiguous) {
      this.#attempts++;
      trial = tryScenario(this.#model, this.#checks, scenario, this.#atEnd, true);
    }
    await turnOfOthers();
    // What was found is worth more than nothing.
    if (this.#signal?.aborted === true) this.#attempts = attemptsMax;
    if (!this.#isSame(trial) || trial.proposals.length > stepsMax) return false;
    this.#best = { scenario: { given: scenario.given, proposals: trial.proposals }, trial };
    return true;
  }

  #isSame({ violation }: Trial): boolean {
    return violation !== undefined && isSameProperty(violation, this.#violation);
  }
}
