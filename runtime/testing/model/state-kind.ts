import type { MachineSnapshot } from '../../../actors/xstate-adapter.ts';
import type { Dictionary } from './dictionary.ts';

/**
 * Of which kind a state is. States are of one kind if they have the same value and contexts of the same shape, numbers and
 * sizes by their magnitude only: an endless counter is a handful of kinds. Values that the machine names in its code are
 * kinds of their own.
 */
export function kindOfState({ value, context }: MachineSnapshot, dictionary: Dictionary): string {
  return `${JSON.stringify(value)} ${shapeOf(context, dictionary, 0)}`;
}

function shapeOf(value: unknown, dictionary: Dictionary, depth: number): string {
  // What the machine compares with is of a kind of its own.
  if (dictionary.has(value)) return `=${String(value)}`;
  switch (typeof value) {
    case 'number':
      return magnitude(value);
    case 'bigint':
      return magnitude(Number(value));
    case 'string':
      return value === '' ? "''" : 's';
    case 'object':
      break;
    default:
      return String(value);
  }
  if (value === null) return 'null';
  if (depth > 3) return 'o';
  if (Array.isArray(value) || value instanceof Set) {
    const items = [...value];
    return `[${magnitude(items.length)} ${items.slice(0, 2).map((item) => shapeOf(item, dictionary, depth + 1))}]`;
  }
  if (value instanceof Map) return `{${magnitude(value.size)}}`;
  const entries = Object.entries(value);
  // A record of many is a collection: its size counts, not its keys.
  if (entries.length > 16) return `{${magnitude(entries.length)}}`;
  return `{${entries.map(([key, each]) => `${key}:${shapeOf(each, dictionary, depth + 1)}`)}}`;
}

function magnitude(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (Math.abs(value) < 16) return String(Math.trunc(value));
  return `${value < 0 ? '-' : ''}2^${Math.floor(Math.log2(Math.abs(value)))}`;
}
