import type { AnyStateMachine } from '../xstate-adapter.ts';

type Config = { context?: unknown };

/** The contexts that machines are given as objects, as they were before any actor had them, by configuration. */
const given = new WeakMap<Config, object>();

/**
 * Gives the next actor of a machine a context of its own. XState hands the object in the configuration to every actor,
 * so an `assign` that changes it in place would change what other actors begin with, and its own replay.
 */
export function freshContext(machine: AnyStateMachine): void {
  let config = machine.config as Config;
  const { context } = config;
  if (typeof context !== 'object' || context === null) return;
  if (Object.isFrozen(config)) {
    // A configuration that is frozen as a whole holds nothing that could be changed in place; often only it is.
    config = { ...config };
    (machine as { config: Config }).config = config;
  }
  let original = given.get(config);
  if (original === undefined) {
    original = copyOf(context, new Map()) as object;
    given.set(config, original);
  }
  config.context = copyOf(original, new Map());
}

/** Copies plain objects, arrays, maps, sets and dates; whatever else is kept cannot be changed in place, or not kept. */
function copyOf(value: unknown, seen: Map<object, unknown>): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const known = seen.get(value);
  if (known !== undefined) return known;
  if (Array.isArray(value)) return fill(value, [], seen);
  if (value instanceof Date) return new Date(value);
  if (value instanceof Map) {
    const copy = new Map<unknown, unknown>();
    seen.set(value, copy);
    for (const [key, item] of value) copy.set(copyOf(key, seen), copyOf(item, seen));
    return copy;
  }
  if (value instanceof Set) {
    const copy = new Set<unknown>();
    seen.set(value, copy);
    for (const item of value) copy.add(copyOf(item, seen));
    return copy;
  }
  if (Buffer.isBuffer(value)) return Buffer.from(value);
  if (ArrayBuffer.isView(value)) return structuredClone(value);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return value;
  return fill(value, Object.create(prototype as object | null) as object, seen);
}

function fill(from: object, copy: object, seen: Map<object, unknown>): object {
  seen.set(from, copy);
  for (const key of Reflect.ownKeys(from)) {
    (copy as Record<PropertyKey, unknown>)[key] = copyOf((from as Record<PropertyKey, unknown>)[key], seen);
  }
  return copy;
}
