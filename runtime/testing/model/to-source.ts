import { isActorRef } from '../../../actors/xstate-adapter.ts';

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
  if (isActorRef(value)) return quoted(`actor ${value.id}`);
  if (Array.isArray(value)) return `[${value.map(toSource).join(', ')}]`;
  if (value instanceof Date) return `new Date(${toSource(value.toJSON() ?? Number.NaN)})`;
  if (value instanceof Map) return `new Map(${toSource([...value])})`;
  if (value instanceof Set) return `new Set(${toSource([...value])})`;
  if (value instanceof Error) return errorSource(value);
  if (ArrayBuffer.isView(value) && 'length' in value)
    return `new ${value.constructor.name}(${toSource([...(value as Uint8Array)])})`;
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

function errorSource(error: Error): string {
  const own = Object.entries(error).filter(([key]) => !['name', 'message', 'stack', 'cause'].includes(key));
  const named = builtIn.includes(error.name) ? [] : [['name', error.name] as [string, unknown]];
  const made = `new ${builtIn.includes(error.name) ? error.name : 'Error'}(${quoted(error.message)})`;
  const added = [...named, ...own];
  return added.length === 0 ? made : `Object.assign(${made}, ${toSource(Object.fromEntries(added))})`;
}

function quoted(text: string): string {
  const escaped = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'");
  return `'${escaped}'`;
}
