import { createHash, timingSafeEqual } from 'node:crypto';
import { inspect } from 'node:util';
import { mask } from './redact-text.ts';

/**
 * A value that shows only where it is asked for. As a string, in JSON, in `util.inspect` and the console it is `***`, at
 * any depth; a clone (`structuredClone`, `postMessage`, `v8.serialize`) is an empty object, so it does not cross
 * threads; it has no keys. It keeps a value from being shown by mistake: a debugger and a heap snapshot still see it.
 *
 * @example
 * const key = new Secret(process.env.API_KEY);
 * console.log({ key }); // { key: *** }
 * connect(key.expose());
 */
export class Secret<T> {
  readonly #value: T;

  constructor(value: T) {
    this.#value = value;
    Object.freeze(this);
  }

  /** Whether a value is one of this copy of the package. Touches nothing of it, so it is safe for any value. */
  static is(value: unknown): value is Secret<unknown> {
    return typeof value === 'object' && value !== null && #value in value;
  }

  /** The value itself. The only way to it. */
  expose(): T {
    return this.#value;
  }

  /**
   * Whether another secret, or a bare value, is the same. Strings and bytes are compared by content, in a time that does
   * not tell where they differ; all else as by `Object.is`.
   */
  equals(other: unknown): boolean {
    const [mine, theirs]: unknown[] = [this.#value, Secret.is(other) ? other.#value : other];
    const [left, right] = [digest(mine), digest(theirs)];
    if (left === undefined || right === undefined) return Object.is(mine, theirs);
    return typeof mine === typeof theirs && timingSafeEqual(left, right);
  }

  /** `***`. */
  toString(): string {
    return mask;
  }

  /** `***`. */
  toJSON(): string {
    return mask;
  }

  /** `***`, whichever kind of primitive is wanted: as a number it is none. */
  [Symbol.toPrimitive](): string {
    return mask;
  }

  /** `***`. */
  [inspect.custom](): string {
    return mask;
  }
}

/** Whether a value is a {@link Secret}. Never throws. */
export function isSecret(value: unknown): value is Secret<unknown> {
  return Secret.is(value);
}

/** Of one length for values of any length. UTF-16, because UTF-8 makes all halves of surrogate pairs the same. */
function digest(value: unknown): Buffer | undefined {
  const bytes = typeof value === 'string' ? Buffer.from(value, 'utf16le') : value;
  return bytes instanceof Uint8Array ? createHash('sha256').update(bytes).digest() : undefined;
}
