import { UsageError } from './exit-codes.ts';

/** The whole number of an option; `undefined` if it was not given. */
export function wholeOption(name: string, value: unknown): number | undefined {
  return value === undefined ? undefined : wholeNumber(`--${name}`, value);
}

/** The whole number that was given for something. */
export function wholeNumber(what: string, value: unknown): number {
  const number = Number(value);
  if (typeof value === 'string' && /^\d+$/.test(value) && Number.isSafeInteger(number)) return number;
  throw new UsageError(`${what} takes a whole number, got ${JSON.stringify(value)}.`);
}
