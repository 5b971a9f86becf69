import { isAbsolute } from 'node:path';
import { holdfastError } from '../errors/holdfast-error.ts';
import { nearestName } from '../errors/nearest-name.ts';
import { describe, kindOf } from './names.ts';

/**
 * Refuses options that are no object or have an unknown key, naming the likely meant one; and a `signal` and an `onProgress`,
 * which mean the same wherever they are taken, that are none.
 */
export function checkOptions(owner: string, options: unknown, known: readonly string[]): void {
  // A promise that was not awaited, or a signal without its name, would pass for an object without any option.
  if (!isRecord(options) || isOfPlatform(options)) {
    throw invalidOption(
      `${owner} takes an object of options (${known.join(', ')}), got ${describe(options)}.`,
    );
  }
  for (const key of Object.keys(options)) {
    if (known.includes(key)) continue;
    const near = nearestName(key, known);
    throw invalidOption(
      `${owner} has no option "${key}"${near === undefined ? '.' : `; did you mean "${near}"?`} It takes ${known.join(', ')}.`,
    );
  }
  const { signal, onProgress } = options as { readonly signal?: unknown; readonly onProgress?: unknown };
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw invalidOption(`${owner}: "signal" must be an AbortSignal, got ${describe(signal)}.`);
  checkFunction(owner, 'onProgress', onProgress);
}

/** Refuses an option that is no function; `undefined` is for the default and passes. */
export function checkFunction(owner: string, name: string, value: unknown): void {
  if (value !== undefined && typeof value !== 'function')
    throw invalidOption(`${owner}: "${name}" must be a function, got ${describe(value)}.`);
}

/** Refuses an option that is none of the values. */
export function checkOneOf(owner: string, name: string, value: unknown, values: readonly unknown[]): void {
  if (!values.includes(value))
    throw invalidOption(`${owner}: "${name}" must be one of ${values.join(', ')}, got ${describe(value)}.`);
}

/** Refuses an option that is no number from `min`, 0 or next to it, to 1. */
export function checkShare(owner: string, name: string, value: unknown, min = 0): void {
  if (typeof value !== 'number' || !(value >= min && value <= 1))
    throw invalidOption(`${owner}: "${name}" must be a number from 0 to 1, got ${describe(value)}.`);
}

/** Refuses an option that is no whole number in the range; `undefined` is for the default and passes. */
export function checkWholeOption(
  owner: string,
  name: string,
  value: unknown,
  min: number,
  max = Number.MAX_SAFE_INTEGER,
): void {
  if (value === undefined) return;
  if (Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max) return;
  const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
  throw invalidOption(`${owner}: "${name}" must be a whole number ${range}, got ${describe(value)}.`);
}

/** The worker file as a thread takes it: a URL, also as a string such as `import.meta.url`, or an absolute path. */
export function toWorkerUrl(owner: string, workerUrl: unknown): URL | string | undefined {
  if (workerUrl === undefined || workerUrl instanceof URL) return workerUrl;
  if (typeof workerUrl === 'string' && workerUrl.startsWith('file:')) return new URL(workerUrl);
  if (typeof workerUrl === 'string' && isAbsolute(workerUrl)) return workerUrl;
  throw invalidOption(
    `${owner}: "workerUrl" must be a URL such as new URL('./worker.js', import.meta.url), got ${describe(workerUrl)}.`,
  );
}

/** Whether an object is of a class that is always there, such as `Promise`. One of the application may hold options. */
function isOfPlatform(value: object): boolean {
  const kind = kindOf(value);
  return kind !== 'Object' && kind in globalThis;
}

/** Whether a value is an object with names, as options are. A revoked proxy is nothing that could be read. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  try {
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

/** The error of a wrong option. */
export function invalidOption(message: string): Error {
  return holdfastError('HOLDFAST_ERR_OPTION_INVALID', message);
}
