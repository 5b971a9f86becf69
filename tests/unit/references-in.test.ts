import { expect, test } from 'vitest';
import { createActor, createMachine } from 'xstate';
import { referencesIn } from '../../actors/steps/references-in.ts';
import { encode } from '../../runtime/protocol/codec.ts';
import { codedError } from '../support/coded-error.ts';

const child = createActor(createMachine({}), { id: 'a' });
const reference = { xstate$$type: 1, id: 'a' };

test('actors become references wherever they are, and nothing else is copied', () => {
  const beside = { n: Number.NaN, list: [Number.NaN, undefined] };
  const value = {
    beside,
    list: [child],
    map: new Map<unknown, unknown>([['of', { child }]]),
    set: new Set([child]),
  };

  const kept = referencesIn(value) as typeof value;

  expect(kept).toEqual({
    beside,
    list: [reference],
    map: new Map([['of', { child: reference }]]),
    set: new Set([reference]),
  });
  expect(kept.beside).toBe(beside);
  expect(value.list).toEqual([child]);
});

test('a value without an actor is given as it is', () => {
  const value = {
    n: Number.NaN,
    map: new Map([[Number.NaN, [Number.NaN]]]),
    set: new Set([-0]),
    at: new Date(),
  };

  expect(referencesIn(value)).toBe(value);
});

test.each([
  [
    'contains itself',
    () => {
      const tied: Record<string, unknown> = { n: Number.NaN };
      return Object.assign(tied, { tied });
    },
    'context.tied contains itself',
  ],
  [
    'is nested too deeply',
    () => {
      let nested: object = {};
      for (let depth = 0; depth < 20_000; depth++) nested = { nested };
      return nested;
    },
    'is nested in more than 1000 others',
  ],
])('what %s is left for the codec to refuse', (_what, make, message) => {
  expect(() => encode(referencesIn(make()), 'context')).toThrow(
    codedError('HOLDFAST_ERR_PAYLOAD_INVALID', { message: expect.stringContaining(message) }),
  );
});
