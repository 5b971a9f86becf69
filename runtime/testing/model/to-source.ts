import { isActorRef } from '../../../actors/xstate-adapter.ts';
import { isAddressRef } from '../../protocol/address-ref.ts';

const identifier = /^[A-Za-z_$][\w$]*$/;

/** A value as it is written in JavaScript, in one line: to be read, and to be pasted into a test. */
export function toSource(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return quoted(value);
    case 'bigint':
      return `${value}n`;
    case 'number':
      return Object.is(value, -0) ? '-0' : String(value);
    case 'function':
    case 'symbol':
      return `undefined /* ${typeof value} */`;
    case 'object':
      return value === null ? 'null' : objectSource(value);
    default:
      return String(value);
  }
}

function objectSource(value: object): string {
  // An actor refers to everything: its id says enough.
  if ('send' in value && typeof value.send === 'function' && isActorRef(value))
    return quoted(`actor ${value.id}`);
  if (Array.isArray(value)) return `[${value.map(toSource).join(', ')}]`;
  if (value instanceof Date) return `new Date(${toSource(value.toJSON() ?? Number.NaN)})`;
  if (value instanceof Map) return `new Map(${toSource([...value])})`;
  if (value instanceof Set) return `new Set(${toSource([...value])})`;
  if (value instanceof Error) return errorSource(value);
  if (isAddressRef(value)) {
    const [kind = '', ...id] = value.address.split('/');
    return `addressOf(${quoted(kind)}, ${quoted(id.join('/'))})`;
  }
  if (value instanceof ArrayBuffer) return `${toSource(new Uint8Array(value))}.buffer`;
  // A Buffer, as any of a subclass, is heard as what it is a subclass of.
  if (ArrayBuffer.isView(value) && 'length' in value)
    return `new ${(value as Uint8Array)[Symbol.toStringTag]}(${toSource([...(value as Uint8Array)])})`;
  const fields = Object.entries(value).map(([key, each]) => {
    // In a literal, it would set the prototype.
    const name = key === '__proto__' ? "['__proto__']" : identifier.test(key) ? key : quoted(key);
    return `${name}: ${toSource(each)}`;
  });
  return fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`;
}

const builtIn: readonly string[] = [
  'Error',
  'EvalError',
  'RangeError',
  'ReferenceError',
  'SyntaxError',
  'TypeError',
  'URIError',
];

const errorKeys = ['name', 'message', 'stack', 'cause', 'errors'];

function errorSource(error: Error): string {
  const { name, message, cause, errors } = error as Partial<AggregateError> & Error;
  const added: [string, unknown][] = Object.entries(error).filter(([key]) => !errorKeys.includes(key));
  // The `errors` of an AggregateError.
  if (errors !== undefined) added.unshift(['errors', errors]);
  if (!builtIn.includes(name)) added.unshift(['name', name]);
  const options = cause === undefined ? '' : `, ${toSource({ cause })}`;
  const made = `new ${builtIn.includes(name) ? name : 'Error'}(${quoted(message)}${options})`;
  return added.length === 0 ? made : `Object.assign(${made}, ${toSource(Object.fromEntries(added))})`;
}

function quoted(text: string): string {
  const escaped = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'");
  return `'${escaped}'`;
}
