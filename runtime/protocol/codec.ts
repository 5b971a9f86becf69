import { holdfastError, isHoldfastError } from '../errors/holdfast-error.ts';
import { AddressRef, isAddressRef } from './address-ref.ts';
import { levelsOf } from './json-levels.ts';
import { limits } from './limits.ts';
import { describe } from './names.ts';
import { isRecord } from './options.ts';

/**
 * The one codec of the wire and the disk: JSON text, in which what JSON cannot hold is written as an object with a
 * single key that begins with `$`. Plain data is plain JSON, readable with any tool; everything else comes back as
 * the same value of the same type; what cannot come back exactly is refused with the path to it.
 *
 * | value | text |
 * | --- | --- |
 * | `undefined`, `NaN`, `±Infinity`, `-0` | `{"$value":"undefined"}`, ... |
 * | bigint | `{"$bigint":"12"}` |
 * | Date | `{"$date":1700000000000}` (`null` if invalid) |
 * | Map, Set | `{"$map":[[key,value],...]}`, `{"$set":[...]}` |
 * | ArrayBuffer, typed array | `{"$bytes":["Uint8Array","<base64>"]}` |
 * | Error | `{"$error":{"name":...,"message":...,"stack":...}}` with `cause` and own properties |
 * | the address of an actor | `{"$address":"kind/id"}` |
 * | an object whose only key begins with `$` | `{"$object":[[key,value]]}` |
 */
export function encode(value: unknown, root = 'value', limit: number = limits.payloadLengthMax): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(isPlain(value, 0) ? value : toPlain(value, root, []));
  } catch (error) {
    if (isHoldfastError(error)) throw error;
    const message = error instanceof Error ? error.message : describe(error);
    // Of what is longer than any string can be, there is no text whose length could be told.
    if (!/^(Invalid string length|Cannot create a string longer)/.test(message))
      throw refused(root, `cannot be read (${message})`, error);
  }
  const size = text?.length ?? Number.POSITIVE_INFINITY;
  if (text !== undefined && size <= limit) return text;
  throw holdfastError(
    'HOLDFAST_ERR_PAYLOAD_TOO_LARGE',
    `${root} takes ${text === undefined ? 'too many' : size} characters encoded, and ${limit} is the limit. ` +
      'Keep large content in a file and its hash in the event.',
    { size, limit },
  );
}

/** Encodes metadata, which is a record by name. SQLite looks into it, and takes JSON of more levels for damaged. */
export function encodeMetadata(metadata: unknown, root: string): string {
  if (!isRecord(metadata)) {
    throw holdfastError(
      'HOLDFAST_ERR_ARGUMENT_INVALID',
      `${root} must be an object, got ${describe(metadata)}.`,
    );
  }
  const text = encode(metadata, root);
  if (levelsOf(text) <= limits.payloadDepthMax) return text;
  throw refused(
    root,
    `takes more than ${limits.payloadDepthMax} levels of JSON, up to three for one of its values,`,
  );
}

/**
 * The value that {@link encode} wrote.
 *
 * @throws HOLDFAST_ERR_STORAGE_CORRUPT for a text that it cannot have written; HOLDFAST_ERR_PAYLOAD_INVALID for a tag
 * that it does not know.
 */
export function decode(text: string): unknown {
  try {
    const plain: unknown = JSON.parse(text);
    return text.includes('{"$') ? revive(plain) : plain;
  } catch (error) {
    if (isHoldfastError(error)) throw error;
    throw holdfastError(
      'HOLDFAST_ERR_STORAGE_CORRUPT',
      `A payload is damaged and cannot be read: ${describe(text)}. Run verify() to see which, and restore a backup.`,
      undefined,
      error,
    );
  }
}

const typedArrays = {
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
} as const;

type TypedArrayName = keyof typeof typedArrays;

/**
 * Whether JSON keeps a value as it is: the common case, decided without naming the path to anything. Anything unusual
 * is left to {@link toPlain}, which says what is wrong and where.
 */
function isPlain(value: unknown, depth: number): boolean {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return true;
  if (typeof value === 'number') return Number.isFinite(value) && !Object.is(value, -0);
  if (typeof value !== 'object' || depth > plainDepthMax) return false;
  if (Array.isArray(value)) return isPlainArray(value, depth);
  if (Object.getPrototypeOf(value) !== Object.prototype || 'toJSON' in value) return false;
  let keys = 0;
  let firstKey = '';
  for (const key in value) {
    if (!isPlain((value as Record<string, unknown>)[key], depth + 1)) return false;
    if (keys++ === 0) firstKey = key;
  }
  if (keys === 1 && firstKey.startsWith('$')) return false;
  // Neither symbols nor properties that are not enumerable would come back. Asked for together, they take twice as long.
  return (
    Object.getOwnPropertySymbols(value).length === 0 && Object.getOwnPropertyNames(value).length === keys
  );
}

function isPlainArray(value: unknown[], depth: number): boolean {
  if (Object.getPrototypeOf(value) !== Array.prototype || 'toJSON' in value) return false;
  for (const item of value) if (!isPlain(item, depth + 1)) return false;
  return hasOnlyItems(value);
}

/** Whether an array has neither holes nor anything besides its items and its length. */
function hasOnlyItems(value: unknown[]): boolean {
  return Reflect.ownKeys(value).length === value.length + 1;
}

/** Deeper, and so also in a cycle, the slower walk looks more closely. */
const plainDepthMax = 16;

/** Returns the value itself when it is plain JSON already, so that the common case copies nothing. */
function toPlain(value: unknown, path: string, ancestors: object[]): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      if (Number.isFinite(value) && !Object.is(value, -0)) return value;
      return { $value: Object.is(value, -0) ? '-0' : String(value) };
    case 'undefined':
      return { $value: 'undefined' };
    case 'bigint':
      return { $bigint: value.toString() };
    case 'object':
      return value === null ? null : objectToPlain(value, path, ancestors);
    default:
      throw refused(path, `is a ${typeof value}`);
  }
}

function objectToPlain(value: object, path: string, ancestors: object[]): unknown {
  if (ancestors.includes(value)) throw refused(path, 'contains itself');
  if (ancestors.length >= limits.payloadDepthMax) throw tooDeep(path);
  ancestors.push(value);
  const plain = Array.isArray(value)
    ? arrayToPlain(value, path, ancestors)
    : recordToPlain(value, path, ancestors);
  ancestors.pop();
  return plain;
}

function arrayToPlain(value: unknown[], path: string, ancestors: object[]): unknown {
  if (Object.getPrototypeOf(value) !== Array.prototype) throw refused(path, instanceOf(value));
  let copy: unknown[] | undefined;
  for (let index = 0; index < value.length; index++) {
    if (!(index in value)) throw refused(`${path}[${index}]`, 'is a hole in an array');
    const plain = toPlain(value[index], `${path}[${index}]`, ancestors);
    if (copy === undefined && plain !== value[index]) copy = value.slice(0, index);
    copy?.push(plain);
  }
  if (!hasOnlyItems(value)) throw refused(path, 'is an array with named properties');
  return copy ?? value;
}

function recordToPlain(value: object, path: string, ancestors: object[]): unknown {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return specialToPlain(value, path, ancestors);
  if (Object.getOwnPropertySymbols(value).length > 0) throw refused(path, 'has symbol keys');
  const record = value as Record<string, unknown>;
  const keys = Object.keys(record);
  if (Object.getOwnPropertyNames(value).length !== keys.length) throw hiddenIn(record, path);
  const entries: [string, unknown][] = [];
  let changed = typeof record['toJSON'] === 'function';
  for (const key of keys) {
    const plain = toPlain(record[key], `${path}.${key}`, ancestors);
    if (plain !== record[key]) changed = true;
    entries.push([key, plain]);
  }
  if (keys.length === 1 && keys[0]?.startsWith('$')) return { $object: entries };
  return changed ? Object.fromEntries(entries) : value;
}

function specialToPlain(value: object, path: string, ancestors: object[]): unknown {
  const prototype: unknown = Object.getPrototypeOf(value);
  // An instance of a subclass would come back without its class.
  if (value instanceof Date && prototype === Date.prototype) {
    refuseExtras(value, path);
    return { $date: Number.isNaN(value.getTime()) ? null : value.getTime() };
  }
  if (value instanceof Map && prototype === Map.prototype) return mapToPlain(value, path, ancestors);
  if (value instanceof Set && prototype === Set.prototype) return setToPlain(value, path, ancestors);
  if (value instanceof Error) return errorToPlain(value, path, ancestors);
  return leafToPlain(value, path);
}

function hiddenIn(record: Record<string, unknown>, path: string): Error {
  const key = Object.getOwnPropertyNames(record).find(
    (name) => !Object.prototype.propertyIsEnumerable.call(record, name),
  );
  return refused(`${path}.${key}`, 'is a property that is not enumerable');
}

/**
 * A date, a map or a set comes back without what was put on it besides its content. The fake timers of tests put on each date
 * which class has made it.
 */
function refuseExtras(value: Date | Map<unknown, unknown> | Set<unknown>, path: string): void {
  for (const extra of Reflect.ownKeys(value)) {
    if (extra === 'constructor' && value instanceof Date) continue;
    throw refused(`${path}.${String(extra)}`, 'is a property of its own on a built-in');
  }
}

/** Loops, since a callback would be one more frame on the stack for each level. */
function mapToPlain(map: Map<unknown, unknown>, path: string, ancestors: object[]): unknown {
  refuseExtras(map, path);
  const entries: [unknown, unknown][] = [];
  for (const [key, item] of map) {
    const index = entries.length;
    const plainKey = toPlain(key, `${path}.key(${index})`, ancestors);
    const name = typeof key === 'object' ? index : String(key);
    entries.push([plainKey, toPlain(item, `${path}.get(${name})`, ancestors)]);
  }
  return { $map: entries };
}

function setToPlain(set: Set<unknown>, path: string, ancestors: object[]): unknown {
  refuseExtras(set, path);
  const items: unknown[] = [];
  for (const item of set) items.push(toPlain(item, `${path}.item(${items.length})`, ancestors));
  return { $set: items };
}

function leafToPlain(value: object, path: string): unknown {
  if (isAddressRef(value)) return { $address: value.address };
  const bytes = bytesToPlain(value);
  if (bytes !== undefined) return bytes;
  // An actor of XState, which this file does not know: a context is encoded with references in their place.
  if ('sessionId' in value && 'send' in value && 'ref' in value) throw actorRefused(path);
  // Of a promise it is said here. That it rejects, nobody would hear, and that ends a thread with all that is on it.
  if (value instanceof Promise) value.catch(() => undefined);
  throw refused(path, instanceOf(value));
}

const errorClasses = {
  Error,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
} as const;

/** What an error has besides its own enumerable properties; `errors` is that of an `AggregateError`. */
const errorKeys = ['name', 'message', 'stack', 'cause', 'errors'];

/** An error of a class of its own comes back as an `Error` of the same name; its own properties are kept. */
function errorToPlain(error: Error, path: string, ancestors: object[]): unknown {
  const plain: Record<string, unknown> = {};
  for (const key of new Set([...errorKeys, ...Object.keys(error)])) {
    const value = (error as unknown as Record<string, unknown>)[key];
    if (value === undefined || typeof value === 'function' || typeof value === 'symbol') continue;
    plain[key] = toPlain(value, `${path}.${key}`, ancestors);
  }
  return { $error: plain };
}

function bytesToPlain(value: object): unknown {
  if (value instanceof ArrayBuffer) return { $bytes: ['ArrayBuffer', Buffer.from(value).toString('base64')] };
  for (const [name, TypedArray] of Object.entries(typedArrays)) {
    // A Buffer is a Uint8Array of a subclass and comes back as one: its bytes are kept, its methods are not promised.
    if (!(value instanceof TypedArray)) continue;
    const base64 = Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
    return { $bytes: [name, base64] };
  }
  return undefined;
}

function revive(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) value[index] = revive(value[index]);
    return value;
  }
  const keys = Object.keys(value);
  const record = value as Record<string, unknown>;
  if (keys.length === 1 && keys[0]?.startsWith('$')) return reviveSpecial(keys[0], record[keys[0]]);
  for (const key of keys) setOwn(record, key, revive(record[key]));
  return record;
}

function reviveSpecial(tag: string, content: unknown): unknown {
  switch (tag) {
    case '$value':
      return content === 'undefined' ? undefined : Number(content);
    case '$bigint':
      return BigInt(content as string);
    case '$date':
      return new Date((content as number | null) ?? Number.NaN);
    case '$map':
      return new Map((content as [unknown, unknown][]).map(([key, item]) => [revive(key), revive(item)]));
    case '$set':
      return new Set((content as unknown[]).map(revive));
    case '$bytes':
      return reviveBytes(...(content as ['ArrayBuffer' | TypedArrayName, string]));
    case '$address':
      return new AddressRef(content as string);
    case '$error':
      return reviveError(content as Record<string, unknown>);
    case '$object': {
      const record: Record<string, unknown> = {};
      for (const [key, item] of content as [string, unknown][]) setOwn(record, key, revive(item));
      return record;
    }
    default:
      throw holdfastError('HOLDFAST_ERR_PAYLOAD_INVALID', `A stored payload has the unknown tag "${tag}".`, {
        path: tag,
      });
  }
}

function reviveError(content: Record<string, unknown>): Error {
  const { name, message } = content as { name?: string; message?: string };
  const ErrorClass = Object.hasOwn(errorClasses, name ?? '')
    ? errorClasses[name as keyof typeof errorClasses]
    : Error;
  const error = new ErrorClass(message);
  for (const key of Object.keys(content)) {
    if (key === 'message' || (key === 'name' && error.name === name)) continue;
    const value = revive(content[key]);
    const enumerable = !hiddenErrorKeys.includes(key);
    Object.defineProperty(error, key, { value, enumerable, configurable: true, writable: true });
  }
  return error;
}

const hiddenErrorKeys = ['name', 'stack', 'cause', 'errors'];

function reviveBytes(name: 'ArrayBuffer' | TypedArrayName, base64: string): unknown {
  const bytes = Uint8Array.from(Buffer.from(base64, 'base64'));
  return name === 'ArrayBuffer' ? bytes.buffer : new typedArrays[name](bytes.buffer);
}

/** Plain assignment to a key named `__proto__` would change the prototype instead. */
function setOwn(record: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== '__proto__') record[key] = value;
  else Object.defineProperty(record, key, { value, enumerable: true, configurable: true, writable: true });
}

function actorRefused(path: string): Error {
  return holdfastError(
    'HOLDFAST_ERR_PAYLOAD_INVALID',
    `${path} is an actor, and only a context can refer to one. Give its id or, of an actor with its own stream, addressOf(definition, id).`,
    { path },
  );
}

/** What is said of a value that too many others are around. */
export function tooDeep(path: string): Error {
  return refused(path, `is nested in more than ${limits.payloadDepthMax} others`);
}

function instanceOf(value: object): string {
  return `is an instance of ${value.constructor?.name || 'a class'}`;
}

function refused(path: string, what: string, cause?: unknown): Error {
  return holdfastError(
    'HOLDFAST_ERR_PAYLOAD_INVALID',
    `${path} ${what} and cannot be kept exactly. Plain data, Date, Map, Set, bigint, typed arrays and errors can.`,
    { path },
    cause,
  );
}
