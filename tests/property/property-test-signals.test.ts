import fc from 'fast-check';
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

/** Stuck once its sum is large: in many states, each of which refuses what it names. */
function gate(onAsked: () => void) {
  return setup({
    types: {} as {
      context: { sum: number };
      events: { type: 'ADD'; n: number } | { type: 'OPEN'; code: string };
    },
  }).createMachine({
    context: { sum: 0 },
    initial: 'filling',
    states: {
      filling: {
        always: { guard: ({ context }) => context.sum > 500, target: 'closed' },
        on: { ADD: { actions: assign({ sum: ({ context, event }) => context.sum + event.n }) } },
      },
      closed: {
        on: {
          OPEN: {
            guard: ({ event }) => {
              onAsked();
              return event.code.length > 1_000;
            },
            target: 'opened',
          },
        },
      },
      opened: { type: 'final' },
    },
  });
}
const gateEvents = { ADD: fc.record({ n: fc.nat(100) }), OPEN: fc.record({ code: fc.string() }) };

test('many values of what a guard refuses are tried where a failure is found and where it is shown only', async () => {
  let asked = 0;
  const failure = await propertyFailure(
    propertyTest(
      gate(() => asked++),
      { seed: 1, events: gateEvents },
    ),
  );
  expect(failure.property).toBe('no-deadlock');
  expect(failure.message).toContain('Guards refused every value of OPEN');
  // Each of the hundreds of shorter ways that were tried ends in another state.
  expect(asked).toBeGreaterThan(10_000);
  expect(asked).toBeLessThan(40_000);
});

test('a signal is heard while many values are tried', async () => {
  const ending = new AbortController();
  let asked = 0;
  const onAsked = () => {
    if (asked++ === 2_000) setImmediate(() => ending.abort(new Error('enough')));
  };
  const testing = propertyTest(gate(onAsked), { seed: 1, events: gateEvents, signal: ending.signal });
  await expect(testing).rejects.toThrow('enough');
  expect(asked).toBeLessThan(3_000);
});
