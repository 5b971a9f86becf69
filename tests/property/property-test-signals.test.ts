import { expect, test } from 'vitest';
import { assign, setup } from 'xstate';
import { propertyTest, testPaths } from '../../runtime/testing/index.ts';
import { propertyFailure } from '../support/property-failure.ts';

const counter = setup({
  types: {} as { context: { n: number }; events: { type: 'UP' } | { type: 'DOWN' } },
}).createMachine({
  context: { n: 0 },
  on: {
    UP: { actions: assign({ n: ({ context }) => context.n + 1 }) },
    DOWN: { actions: assign({ n: ({ context }) => context.n - 1 }) },
  },
});

test('a signal that comes as an event ends a test after the run that it came in', async () => {
  const ending = new AbortController();
  let runs = 0;
  const testing = propertyTest(counter, {
    seed: 1,
    signal: ending.signal,
    onProgress() {
      runs++;
      setImmediate(() => ending.abort(new Error('enough')));
    },
  });
  await expect(testing).rejects.toThrow('enough');
  expect(runs).toBeLessThanOrEqual(2);
});

test('a signal ends the search for a shorter failure, which is shown as far as it came', async () => {
  const tests = [
    (options: object) => propertyTest(counter, { seed: 1, ...options }),
    (options: object) => testPaths(counter, { abstraction: ({ context }) => context.n, ...options }),
  ];
  for (const test of tests) {
    const ending = new AbortController();
    let asked = 0;
    const isSmall = ({ context }: { context: { n: number } }) => {
      const holds = Math.abs(context.n) < 7;
      if (!holds) setImmediate(() => ending.abort());
      if (!holds || asked > 0) asked++;
      return holds;
    };
    const failure = await propertyFailure(
      test({ signal: ending.signal, invariants: { 'is small': isSmall } }),
    );
    expect(failure).toMatchObject({ kind: 'invariant', property: 'is small' });
    // Its search is left at the next try, and what was found is asked once more with all properties.
    expect(asked).toBeLessThan(200);
  }
});
