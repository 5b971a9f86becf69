import type { MachineSnapshot } from '../../../actors/xstate-adapter.ts';
import type { Arbitrary, GeneratedValue } from './arbitrary.ts';
import type { ModelStep } from './model-step.ts';

/** A value that was drawn, and how it may become another one. */
export interface Drawn {
  readonly value: unknown;
  /** Smaller ones, the smallest first. */
  shrink(): Iterable<Drawn>;
  /** The same with another value, if its source could have made that one. */
  replaced(value: unknown): Drawn | undefined;
  /** All that its source has, where they are listed. */
  readonly examples?: readonly unknown[];
  /**
   * The same for another state, and `undefined` if it could not have been drawn there. `isTaken`: what it took from its
   * state is taken from the other one even if it could stay as it is.
   */
  fitted?(snapshot: MachineSnapshot, past: readonly ModelStep[], isTaken: boolean): Fitted | undefined;
}

/** A value made fit for another state. */
export interface Fitted {
  readonly drawn: Drawn;
  /** Whether it could stay as it is, and be another one too. */
  readonly isAmbiguous: boolean;
}

/** A value of an arbitrary. */
export class DrawnFromArbitrary implements Drawn {
  readonly #arbitrary: Arbitrary<unknown>;
  readonly #generated: GeneratedValue<unknown>;
  readonly #isValid: (value: unknown) => boolean;

  constructor(
    arbitrary: Arbitrary<unknown>,
    generated: GeneratedValue<unknown>,
    isValid: (value: unknown) => boolean = () => true,
  ) {
    this.#arbitrary = arbitrary;
    this.#generated = generated;
    this.#isValid = isValid;
  }

  get value(): unknown {
    return this.#generated.value;
  }

  *shrink(): Generator<Drawn> {
    const { value, context } = this.#generated;
    for (const smaller of this.#arbitrary.shrink(value, context)) {
      if (this.#isValid(smaller.value)) yield new DrawnFromArbitrary(this.#arbitrary, smaller, this.#isValid);
    }
  }

  replaced(value: unknown): Drawn | undefined {
    if (!this.#arbitrary.canShrinkWithoutContext(value) || !this.#isValid(value)) return undefined;
    return new DrawnFromArbitrary(this.#arbitrary, { value, context: undefined }, this.#isValid);
  }
}

/** A value that cannot become another one. */
export function fixed(value: unknown): Drawn {
  return { value, shrink: () => [], replaced: () => undefined };
}

/** The examples before it count as smaller. */
export function example(examples: readonly unknown[], value: unknown): Drawn {
  return {
    value,
    shrink: () => examples.slice(0, examples.indexOf(value)).map((each) => example(examples, each)),
    replaced: () => undefined,
    examples,
  };
}
