import { expect, test } from 'vitest';
import { freeVariables } from '../../runtime/testing/model/free-variables.ts';

const word = 'swordfish';
const prices = {
  large: 4_711,
  small: 3,
  get asked(): number {
    throw new Error('asked');
  },
};
const words = Array.from({ length: 300_000 }, (_, index) => `word${index}`);
const byName = Object.fromEntries(words.map((each, index) => [each, index + 100]));
const bytes = new Uint8Array(5_000_000).fill(200);
const guarded = new Proxy(
  { hidden: 'behind' },
  {
    ownKeys: () => {
      throw new Error('asked');
    },
  },
);

test('constants that a function names are seen, and those in objects and lists', () => {
  const guard = (text: string) => text === word || text.length > prices.large;
  expect(freeVariables(guard)).toEqual(expect.arrayContaining(['swordfish', 4_711]));
  expect(freeVariables(guard)).not.toContain(3);
});

test('of what is large, some is seen at once, and bytes and proxies are left alone', () => {
  const guard = (text: string) => words.includes(text) && text in byName && bytes[3] === 1 && text in guarded;
  const values = freeVariables(guard);

  expect(values).toEqual(expect.arrayContaining(['word0', 'word49', 100]));
  expect(values).not.toContain('word50');
  expect(values).not.toContain(200);
});
