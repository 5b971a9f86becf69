import { expect, test } from 'vitest';
import { levelsOf } from '../../runtime/protocol/json-levels.ts';

/** Longer than what cannot have too many levels, of which nothing is counted. */
const long = 'x'.repeat(2_000);

test.each<[what: string, value: unknown, levels: number]>([
  ['objects and arrays', { long, a: [[{}], {}], b: [[[[1]]]] }, 5],
  ['brackets within texts', { '[[{': `{{{${long}`, b: '[' }, 1],
  ['quotes within texts', [long, '"', '"[', '\\"[', '[\\', '\\\\"[', ['"']], 2],
  ['a text that ends with a backslash', [long, '\\', ['\\\\', [1]]], 3],
])('the levels of JSON are counted: %s', (_, value, levels) => {
  expect(levelsOf(JSON.stringify(value))).toBe(levels);
});

test('a text without an end has the levels up to it', () => {
  expect(levelsOf(`[["${long}[`)).toBe(2);
});
