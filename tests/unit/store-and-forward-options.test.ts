import { expect, test } from 'vitest';
import { resolveStoreAndForward } from '../../runtime/resilience/store-and-forward-options.ts';
import { codedError } from '../support/coded-error.ts';

const waitsOf = (options: { readonly delayMs?: number; readonly delayMaxMs?: number }) => {
  const { delayMs, delayMaxMs } = resolveStoreAndForward('queue', options);
  return { delayMs, delayMaxMs };
};

test('no wait of a queue is longer than the longest that it was given', () => {
  expect(waitsOf({})).toEqual({ delayMs: 1_000, delayMaxMs: 300_000 });
  expect(waitsOf({ delayMaxMs: 500 })).toEqual({ delayMs: 500, delayMaxMs: 500 });
  expect(waitsOf({ delayMs: 400_000 })).toEqual({ delayMs: 400_000, delayMaxMs: 400_000 });
});

test('a longest wait that is shorter than the first one is refused', () => {
  expect(() => waitsOf({ delayMs: 2_000, delayMaxMs: 1_000 })).toThrow(
    codedError('HOLDFAST_ERR_OPTION_INVALID', { message: expect.stringContaining('"delayMaxMs"') }),
  );
});
