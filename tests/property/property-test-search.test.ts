import fc from 'fast-check';
import { expect, test } from 'vitest';
import { assign, createMachine, setup } from 'xstate';
import { defineModel, propertyTest } from '../../runtime/testing/index.ts';
import { propertyFailure } from '../support/property-failure.ts';

test('a row of the same value is found although no state holds it', async () => {
  const hash = (id: number) => (id * 7919) % 1_000_003;
  const machine = setup({
    types: {} as { context: { last: number; row: number }; events: { type: 'HIT'; id: number } },
  }).createMachine({
    context: { last: -1, row: 0 },
    on: {
      HIT: {
        actions: assign(({ context, event }) => {
          const last = hash(event.id);
          return { last, row: last === context.last ? context.row + 1 : 1 };
        }),
      },
    },
  });
  const model = defineModel(machine, { events: { HIT: fc.record({ id: fc.nat(1_000_000) }) } });
  const failure = await propertyFailure(
    propertyTest(model, {
      seed: 1,
      invariants: { 'four in a row at most': ({ context }) => context.row < 5 },
    }),
  );
  expect(failure.steps).toHaveLength(5);
});

test('what runs come by by themselves is not searched for', async () => {
  const machine = createMachine({
    initial: 'a',
    context: { n: 0 },
    states: {
      a: { on: { ADD: { actions: assign({ n: ({ context }) => context.n + 1 }) }, GO: 'b' } },
      b: { on: { GO: 'c' } },
      c: { on: { GO: 'd' } },
      d: { on: { GO: 'a' } },
    },
  });
  const { eventually } = await propertyTest(machine, {
    seed: 1,
    searchMax: 1,
    eventually: { 'it comes to d': (state) => state.matches('d') },
  });
  expect(eventually).toEqual({ 'it comes to d': 'ok' });
});

test('a search goes first where states are of a new kind, and finds what is far away', async () => {
  const machine = setup({
    types: {} as {
      context: { n: number; level: number };
      events: { type: 'ADD'; by: number } | { type: 'UP'; code: number };
    },
  }).createMachine({
    context: { n: 0, level: 0 },
    on: {
      ADD: { actions: assign({ n: ({ event }) => event.by }) },
      UP: {
        guard: ({ context, event }) => event.code === context.level,
        actions: assign({ level: ({ context }) => context.level + 1 }),
      },
    },
  });
  const model = defineModel(machine, {
    events: {
      ADD: fc.record({ by: fc.integer({ min: 1_024, max: 2_047 }) }),
      UP: fc.record({ code: fc.nat(20) }),
    },
    // Runs hardly ever do it by themselves.
    weights: { UP: 0.001 },
  });
  const { eventually } = await propertyTest(model, {
    seed: 1,
    numRuns: 2,
    maxSteps: 5,
    eventually: { 'level seven': ({ context }) => context.level === 7 },
  });
  expect(eventually).toEqual({ 'level seven': 'ok' });
});
