/**
 * What is used of an arbitrary of fast-check, so that the types of this door need no fast-check. Any of
 * `fc.Arbitrary<T>` fits.
 */
export interface Arbitrary<T> {
  generate(random: never, biasFactor: number | undefined): GeneratedValue<T>;
  shrink(value: T, context: unknown): Iterable<GeneratedValue<T>>;
  canShrinkWithoutContext(value: unknown): value is T;
}

/** A value, and what its arbitrary has to know to make it smaller. */
export interface GeneratedValue<T> {
  readonly value: T;
  readonly context: unknown;
}

/** Whether a value is an arbitrary, of whichever copy of fast-check. */
export function isArbitrary(value: unknown): value is Arbitrary<unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const { generate, shrink, canShrinkWithoutContext } = value as Partial<Arbitrary<unknown>>;
  return [generate, shrink, canShrinkWithoutContext].every((method) => typeof method === 'function');
}
