import type { StandardSchema } from '../../../actors/definitions/standard-schema.ts';
import type { MachineSnapshot } from '../../../actors/xstate-adapter.ts';
import { describe } from '../../protocol/names.ts';
import { invalidOption } from '../../protocol/options.ts';
import { type Arbitrary, isArbitrary } from './arbitrary.ts';
import { happens, oneOf } from './choice.ts';
import { type Drawn, DrawnFromArbitrary, example, fixed } from './drawn.ts';
import { DrawnForState } from './drawn-for-state.ts';
import type { FastCheck, Random } from './fast-check.ts';
import { jsonSchemaArbitrary } from './json-schema-arbitrary.ts';
import type { ModelStep } from './model-step.ts';

type Source =
  | Arbitrary<unknown>
  | StandardSchema
  | readonly unknown[]
  | ((snapshot: MachineSnapshot, past: readonly ModelStep[]) => unknown);

interface JsonSchemaSource {
  readonly jsonSchema?: { input?(options: { target: string }): unknown };
}

/** How often a value is drawn again that its schema does not take. */
const attemptsMax = 100;

/** Refuses what no values can be drawn from. */
export function checkSource(what: string, source: unknown): void {
  const isUsable =
    isArbitrary(source) || isSchema(source) || typeof source === 'function' || Array.isArray(source);
  if (!isUsable) {
    throw invalidOption(
      `${what} must be an arbitrary of fast-check, a Standard Schema, an array of examples or a function of the state, got ${describe(source)}.`,
    );
  }
  if (Array.isArray(source) && source.length === 0)
    throw invalidOption(`${what} is an empty list of examples.`);
}

/** Whether a schema can say what its values look like. */
export function hasJsonSchema(schema: unknown): boolean {
  return (
    isSchema(schema) && typeof (schema['~standard'] as JsonSchemaSource).jsonSchema?.input === 'function'
  );
}

/** Draws values from one source. */
export class ValueSampler {
  readonly #fc: FastCheck;
  readonly #what: string;
  readonly #source: Source;
  #ofSchema: Arbitrary<unknown> | undefined;

  constructor(fc: FastCheck, what: string, source: unknown) {
    this.#fc = fc;
    this.#what = what;
    this.#source = source as Source;
  }

  /** A value for a state; `isBiased`: of half of them, small and extreme ones are more likely. */
  draw(random: Random, snapshot: MachineSnapshot, past: readonly ModelStep[], isBiased = true): Drawn {
    const source = this.#source;
    if (Array.isArray(source)) return example(source, oneOf(random, source));
    if (isArbitrary(source)) return draw(source, random, isBiased);
    // Those of ArkType are functions.
    if (isSchema(source)) return this.#drawFromSchema(source, random, isBiased);
    if (typeof source === 'function') {
      const given: unknown = source(snapshot, past);
      const drawn = isArbitrary(given) ? draw(given, random, isBiased) : fixed(given);
      const isTold = isArbitrary(given) && given.canShrinkWithoutContext(drawn.value);
      return new DrawnForState(source, { snapshot, past }, drawn, isTold);
    }
    return fixed(source);
  }

  #drawFromSchema(schema: StandardSchema, random: Random, isBiased: boolean): Drawn {
    this.#ofSchema ??= this.#arbitraryOf(schema);
    const arbitrary = this.#ofSchema;
    for (let attempt = 0; attempt < attemptsMax; attempt++) {
      const drawn = draw(arbitrary, random, isBiased, (value) => isValid(schema, value));
      if (isValid(schema, drawn.value)) return drawn;
    }
    throw invalidOption(
      `${this.#what}: of ${attemptsMax} values made from its JSON Schema, none is valid. Give it an arbitrary.`,
    );
  }

  #arbitraryOf(schema: StandardSchema): Arbitrary<unknown> {
    const { jsonSchema } = schema['~standard'] as JsonSchemaSource;
    let described: unknown;
    try {
      described = jsonSchema?.input?.({ target: 'draft-2020-12' });
    } catch (error) {
      throw invalidOption(
        `${this.#what}: its schema has no JSON Schema (${String(error)}). Give it an arbitrary.`,
      );
    }
    if (described !== undefined) return jsonSchemaArbitrary(this.#fc, described, this.#what);
    throw invalidOption(
      `${this.#what}: its schema does not tell its JSON Schema, which zod does from 4.2 on and ArkType from 2.1.28. Give it an arbitrary.`,
    );
  }
}

function draw(
  arbitrary: Arbitrary<unknown>,
  random: Random,
  isBiased: boolean,
  isValid: (value: unknown) => boolean = () => true,
) {
  const biasFactor = isBiased && happens(random, 0.5) ? 3 : undefined;
  return new DrawnFromArbitrary(arbitrary, arbitrary.generate(random as never, biasFactor), isValid);
}

function isSchema(value: unknown): value is StandardSchema {
  return typeof (value as Partial<StandardSchema> | null | undefined)?.['~standard']?.validate === 'function';
}

/** Whether a schema takes a value, at once. */
export function isValid(schema: StandardSchema, value: unknown): boolean {
  const result = schema['~standard'].validate(value);
  if (!(result instanceof Promise)) return result.issues === undefined;
  result.catch(() => undefined);
  return false;
}
