/** A value that holds no others. */
export type Leaf = number | string | bigint | boolean;

/** A leaf, and the keys that lead to it. */
export interface LeafAt {
  readonly path: readonly (string | number)[];
  readonly value: Leaf;
}

/** The leaves of a value, also those in lists, maps and sets. */
export function* leavesOf(value: unknown, path: readonly (string | number)[]): Generator<LeafAt> {
  if (['number', 'string', 'bigint', 'boolean'].includes(typeof value)) {
    yield { path, value: value as Leaf };
    return;
  }
  if (path.length > 5) return;
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) yield* leavesOf(item, [...path, index]);
  } else if (value instanceof Map || value instanceof Set) {
    for (const item of [...value].flat()) yield* leavesOf(item, [...path, 0]);
  } else if (isPlain(value)) {
    for (const [key, item] of Object.entries(value)) yield* leavesOf(item, [...path, key]);
  }
}

/** The same value with another leaf at a path. */
export function withLeaf(value: unknown, [key, ...rest]: readonly (string | number)[], leaf: Leaf): unknown {
  if (key === undefined) return leaf;
  if (Array.isArray(value))
    return value.map((item, index) => (index === key ? withLeaf(item, rest, leaf) : item));
  if (!isPlain(value)) return value;
  return { ...value, [key]: withLeaf(value[key], rest, leaf) };
}

/** Whether a value is a plain record. */
export function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Whether a value is a date, or has one in it. */
export function holdsDate(value: unknown): boolean {
  if (value instanceof Date) return true;
  return (
    typeof value === 'object' && value !== null && Object.values(value).some((each) => each instanceof Date)
  );
}
