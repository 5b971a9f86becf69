import { types } from 'node:util';
import { defaultRules, type RedactionRules, redactTextBy } from './redact-text.ts';
import { isCount } from './sensitive-keys.ts';

/**
 * A copy of a value with the secrets in it masked: what stands under a sensitive key, whole, and what
 * {@link redactText} finds in any string, at any depth, in objects, arrays, Maps, Sets, errors with their causes, URLs,
 * Headers, and in keys. Keys are compared without regard to case and separators; `null`, `undefined`, booleans and
 * empty strings are kept, as are numbers under a plural (`tokens: 12`).
 *
 * The value is not changed and nothing of it is called but `toJSON` of an object that has no properties of its own, and
 * the iterators of URLSearchParams and Headers. Never throws. The copy can be cloned, unless it holds symbols, and turned
 * into JSON, unless it holds bigints: instances become plain objects, and strings stand for what cannot be copied:
 * `[Circular]`, `[Function]`, `[Getter]`, `[Proxy]`, `[12 bytes]` for binary data, `[Unreadable]`, and `[Truncated]` for what
 * is below 32 levels or after 50,000 entries.
 *
 * @example
 * redact({ user: 'bob', login: { Password: 'hunter2' } }); // { user: 'bob', login: { Password: '***' } }
 */
export function redact(value: unknown): unknown {
  return redactBy(defaultRules, value);
}

/** {@link redact} by other rules. */
export function redactBy(rules: RedactionRules, value: unknown): unknown {
  return new RedactedCopy(rules).of(value);
}

/** Whether a value is an error, also one of another realm. */
export function isError(value: unknown): value is Error {
  return types.isNativeError(value) || (!types.isProxy(value) && value instanceof Error);
}

/** Elements of a list after which the next one is their value: `--password`, and headers as Node.js lists them. */
const leadsToValue = /-|^(?:cookie|authorization)$/i;

class RedactedCopy {
  readonly #rules: RedactionRules;
  readonly #copies = new Map<object, unknown>();
  #left: number;
  #renamed = 1;

  constructor(rules: RedactionRules) {
    this.#rules = rules;
    this.#left = rules.nodesMax;
  }

  of(value: unknown, depth = 0): unknown {
    if (typeof value === 'string') return this.#text(value);
    if (typeof value === 'symbol') return this.#symbol(value);
    if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return value;
    if (types.isProxy(value)) return '[Proxy]';
    if (typeof value === 'function') return '[Function]';
    const known = this.#copies.get(value);
    if (known !== undefined) return known;
    if (depth > this.#rules.depthMax || this.#left <= 0) return '[Truncated]';
    this.#copies.set(value, '[Circular]');
    let copy: unknown = '[Unreadable]';
    try {
      copy = this.#object(value, depth + 1);
    } catch {
      // Whatever a hostile value throws; what stands for it says so.
    }
    this.#copies.set(value, copy);
    return copy;
  }

  #object(value: object, depth: number): unknown {
    if (Array.isArray(value)) return this.#list(value, depth);
    if (isError(value)) return this.#error(value, depth);
    if (types.isMap(value)) return this.#map(value, depth);
    if (types.isSet(value)) {
      const elements = this.#taken(Set.prototype.values.call(value));
      return new Set(elements.map((element) => this.of(element, depth)));
    }
    if (types.isDate(value)) return new Date(Date.prototype.getTime.call(value));
    if (types.isRegExp(value)) {
      const shown = RegExp.prototype.toString.call(value);
      return this.#text(shown) === shown ? new RegExp(value.source, value.flags) : this.#text(shown);
    }
    if (ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value)) return `[${value.byteLength} bytes]`;
    if (types.isBoxedPrimitive(value)) return this.of((value as object).valueOf(), depth);
    const prototype: unknown = Object.getPrototypeOf(value);
    const plain = prototype === Object.prototype || prototype === null;
    return (plain ? undefined : this.#instance(value, depth)) ?? this.#fields(value, depth);
  }

  /** An instance that keeps what it holds in itself. */
  #instance(value: object, depth: number): unknown {
    const kind = Object.prototype.toString.call(value).slice(8, -1);
    if (kind === 'URL') return this.#text(String(value));
    if (kind === 'URLSearchParams' || kind === 'Headers') {
      const copy = {};
      for (const [name, entry] of this.#taken(value as Iterable<[string, unknown]>)) {
        const shown = kind === 'Headers' ? this.#entry(name, entry, depth) : this.#rules.replacement;
        this.#define(copy, name, shown);
      }
      return copy;
    }
    const { toJSON } = value as { toJSON?: unknown };
    if (typeof toJSON !== 'function' || Reflect.ownKeys(value).length > 0) return undefined;
    return this.of(toJSON.call(value), depth);
  }

  #list(list: readonly unknown[], depth: number): unknown[] {
    const copy: unknown[] = [];
    copy.length = list.length;
    let before: unknown;
    for (const key of Object.keys(list)) {
      if (this.#left-- <= 0) {
        copy.length = Number(key);
        copy.push('[Truncated]');
        break;
      }
      const field = Object.getOwnPropertyDescriptor(list, key) ?? {};
      const named =
        typeof before === 'string' && ((list.length === 2 && key === '1') || leadsToValue.test(before));
      const name = Number.isNaN(Number(key)) ? key : named ? (before as string) : '';
      this.#define(copy, key, this.#field(name, field, depth));
      before = field.value;
    }
    return copy;
  }

  #fields(value: object, depth: number, copy: object = {}): object {
    const label = labels.map((key) => ownValue(value, key)).find((each) => typeof each === 'string');
    for (const key of Reflect.ownKeys(value)) {
      const field = Object.getOwnPropertyDescriptor(value, key);
      if (field?.enumerable !== true) continue;
      if (this.#left-- <= 0) {
        this.#define(copy, '…', '[Truncated]');
        break;
      }
      const name = nameOf(key);
      // `{ name: 'password', value: '…' }`
      const named = label !== undefined && /^value$/i.test(name) ? label : name;
      this.#define(copy, key, this.#field(named, field, depth));
    }
    return copy;
  }

  #map(map: ReadonlyMap<unknown, unknown>, depth: number): Map<unknown, unknown> {
    const copy = new Map<unknown, unknown>();
    for (const [key, value] of this.#taken(Map.prototype.entries.call(map))) {
      const name = nameOf(key);
      copy.set(
        this.#free(this.of(key, depth), (taken) => copy.has(taken)),
        this.#entry(name, value, depth),
      );
    }
    return copy;
  }

  #error(error: Error, depth: number): Error {
    const [name, code] = [readOf(error, 'name'), readOf(error, 'code')];
    const message = asText(readOf(error, 'message'));
    const shown = this.#text(message);
    const copy =
      error instanceof AggregateError
        ? new AggregateError([], shown)
        : new (builtIn.find((known) => error instanceof known) ?? Error)(shown);
    this.#hide(copy, 'stack', this.#stack(readOf(error, 'stack'), message));
    if (name !== copy.name) this.#hide(copy, 'name', this.#text(asText(name)));
    // What is inherited, as by a DOMException.
    if (typeof code === 'string' || typeof code === 'number') this.#hide(copy, 'code', this.of(code));
    for (const key of Reflect.ownKeys(error)) {
      if (key === 'stack' || key === 'message' || this.#left-- <= 0) continue;
      const field = Object.getOwnPropertyDescriptor(error, key) ?? {};
      const value = this.#field(nameOf(key), field, depth);
      Object.defineProperty(copy, key, { ...open, value, enumerable: field.enumerable === true });
    }
    return copy;
  }

  /** The message apart from the frames, so that it is masked as it is by itself and takes none of them along. */
  #stack(stack: unknown, message: string): string | undefined {
    if (typeof stack !== 'string') return undefined;
    const at = message === '' ? -1 : stack.indexOf(message);
    if (at === -1) return this.#text(stack);
    return (
      this.#text(stack.slice(0, at)) + this.#text(message) + this.#text(stack.slice(at + message.length))
    );
  }

  #field(name: string, field: PropertyDescriptor, depth: number): unknown {
    return 'value' in field ? this.#entry(name, field.value, depth) : '[Getter]';
  }

  #entry(name: string, value: unknown, depth: number): unknown {
    if (name === '' || !this.#rules.isSensitive(name)) return this.of(value, depth);
    const harmless = value === null || value === undefined || value === '' || typeof value === 'boolean';
    return harmless || (typeof value === 'number' && isCount(name)) ? value : this.#rules.replacement;
  }

  #text(text: string): string {
    return redactTextBy(this.#rules, text);
  }

  #symbol(symbol: symbol): symbol {
    const shown = this.#text(symbol.description ?? '');
    return shown === (symbol.description ?? '') ? symbol : Symbol(shown);
  }

  /** As much of what is iterated over as is left to be looked at. */
  #taken<T>(items: Iterable<T>): T[] {
    const taken: T[] = [];
    for (const item of items) {
      if (this.#left-- <= 0) break;
      taken.push(item);
    }
    return taken;
  }

  /** A key is a text too. */
  #define(target: object, key: string | symbol, value: unknown): void {
    const shown =
      typeof key === 'symbol'
        ? this.#symbol(key)
        : this.#free(this.#text(key), (name) => Object.hasOwn(target, name));
    Object.defineProperty(target, shown, { ...open, value, enumerable: true });
  }

  /** Two keys that are masked stay two. */
  #free<Key>(key: Key, isTaken: (key: Key & string) => boolean): Key | string {
    if (typeof key !== 'string' || !isTaken(key)) return key;
    return `${key} ${++this.#renamed}`;
  }

  #hide(target: object, key: string, value: unknown): void {
    Object.defineProperty(target, key, { ...open, value, enumerable: false });
  }
}

const builtIn = [EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError];

const open = { configurable: true, writable: true } as const;

function asText(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** What stands beside a `value` and says what it is of. */
const labels = ['name', 'key', 'Name', 'Key'];

function ownValue(value: object, key: string): unknown {
  return Object.getOwnPropertyDescriptor(value, key)?.value;
}

function nameOf(key: unknown): string {
  return typeof key === 'symbol' ? (key.description ?? '') : asText(key);
}

function readOf(value: object, key: string): unknown {
  try {
    return (value as Record<string, unknown>)[key];
  } catch {
    return undefined;
  }
}
