import { UsageError } from './exit-codes.ts';

/** The whole number of an option; `undefined` if it was not given. */
export function wholeOption(name: string, value: unknown): number | undefined {
  if (value === undefined) return undefined;
  const number = Number(value);
  if (typeof value === 'string' && /^\d+$/.test(value) && Number.isSafeInteger(number)) return number;
  throw new UsageError(`--${name} takes a whole number, got ${JSON.stringify(value)}.`);
}
