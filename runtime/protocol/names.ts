import { holdfastError } from '../errors/holdfast-error.ts';
import { limits } from './limits.ts';

/** Refuses what could not be a key of the store: an empty, overlong or ill-formed string, or one with control characters. */
export function checkName(
  what: string,
  value: unknown,
  lengthMax: number = limits.nameLengthMax,
): asserts value is string {
  if (typeof value !== 'string') throw invalid(what, `must be a string, got ${describe(value)}`);
  if (value.length === 0) throw invalid(what, 'must not be empty');
  if (value.length > lengthMax) throw invalid(what, `may have ${lengthMax} characters, got ${value.length}`);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused here
  if (/[\u0000-\u001f\u007f]/.test(value))
    throw invalid(what, `has a control character: ${JSON.stringify(value)}`);
  if (!value.isWellFormed()) throw invalid(what, `has half a surrogate pair: ${JSON.stringify(value)}`);
}

/** The same for idempotency keys and event ids, which may be shorter only. */
export function checkKey(what: string, value: unknown): asserts value is string {
  checkName(what, value, limits.keyLengthMax);
}

/** Refuses a number that is no whole number of at least `min`. */
export function checkWhole(what: string, value: unknown, min = 0): asserts value is number {
  if (Number.isSafeInteger(value) && (value as number) >= min) return;
  throw invalid(what, `must be a whole number of at least ${min}, got ${describe(value)}`);
}

function invalid(what: string, problem: string): Error {
  return holdfastError('HOLDFAST_ERR_ARGUMENT_INVALID', `${what} ${problem}.`);
}

/** What {@link isReservedType} is about, for error messages. */
export const reservedTypes = '"*" and what begins with "xstate." or "holdfast." cannot be sent';

/** Whether a type of event means something to XState or Holdfast itself and cannot be sent. */
export function isReservedType(type: string): boolean {
  // XState's own way to ask for a state that has a `route`.
  if (type === 'xstate.route') return false;
  return type === '*' || type.startsWith('xstate.') || type.startsWith('holdfast.');
}

/** A short description of a wrong value for an error message. */
export function describe(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'undefined')
    return String(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value !== 'object') return `a ${typeof value}`;
  const kind = kindOf(value);
  if (kind === 'Array') return (value as { length?: unknown }).length === 0 ? 'an empty array' : 'an array';
  return kind === 'Object' ? 'an object' : `${/^[AEIO]/.test(kind) ? 'an' : 'a'} ${kind}`;
}

/** What an object says that it is: `Object`, unless it is of a class of the language or the platform, such as `Promise`. */
export function kindOf(value: object): string {
  try {
    return Object.prototype.toString.call(value).slice(8, -1);
  } catch {
    return 'revoked Proxy';
  }
}
