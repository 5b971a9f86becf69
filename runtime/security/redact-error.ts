import { inspect } from 'node:util';
import { defaultRules, type RedactionRules } from './redact-text.ts';
import { isError, redactBy } from './redact-value.ts';

/**
 * A copy of an error with the secrets masked in its message, stack, causes, the errors of an AggregateError and all
 * other properties, as {@link redact} does it. `name` and `code` are kept, so `isHoldfastError` still answers; the class
 * is the one of JavaScript itself that the error extends. What was thrown and is no error is told by the message of one.
 * Never throws, and does not change the error.
 *
 * @example
 * try { await connect(); } catch (error) { log(redactError(error)); }
 */
export function redactError(thrown: unknown): Error {
  return redactErrorBy(defaultRules, thrown);
}

/** {@link redactError} by other rules. */
export function redactErrorBy(rules: RedactionRules, thrown: unknown): Error {
  const copy = redactBy(rules, thrown);
  if (isError(copy)) return copy;
  const shown = typeof copy === 'string' ? copy : inspect(copy);
  return new Error(`a value that is no error was thrown: ${shown}`);
}
