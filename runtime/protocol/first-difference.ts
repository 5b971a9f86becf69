/** Where two values of plain JSON differ first, and how; `undefined` if they are the same. The order of keys is none. */
export function firstDifference(actual: unknown, expected: unknown, path = ''): string | undefined {
  if (isNested(actual) && isNested(expected) && Array.isArray(actual) === Array.isArray(expected)) {
    for (const key of new Set([...Object.keys(actual), ...Object.keys(expected)])) {
      const within = path === '' ? key : `${path}.${key}`;
      const difference = firstDifference(actual[key], expected[key], within);
      if (difference !== undefined) return difference;
    }
    return undefined;
  }
  if (actual === expected) return undefined;
  return `${path || 'it'} is ${show(actual)} instead of ${show(expected)}`;
}

function isNested(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'missing';
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
