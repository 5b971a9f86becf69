import fc from 'fast-check';
import { expect, test } from 'vitest';
import { assign, setup } from 'xstate';
import { defineModel, propertyTest } from '../../runtime/testing/index.ts';
import { propertyFailure } from '../support/property-failure.ts';

const jobs = setup({
  types: {} as {
    context: { job: number; done: number; seen: number };
    events: { type: 'START' } | { type: 'DONE'; job: number } | { type: 'LATE'; at: number };
  },
}).createMachine({
  context: { job: 0, done: 0, seen: 0 },
  on: {
    START: { actions: assign({ job: ({ context }) => context.job + 1 }) },
    DONE: {
      guard: ({ context, event }) => event.job === context.job,
      actions: assign({ done: ({ event }) => event.job }),
    },
    LATE: { actions: assign({ seen: ({ context }) => context.seen + 1 }) },
  },
});

test('what a value took from its state it takes from the one it comes in once steps are left out', async () => {
  const model = defineModel(jobs, {
    events: { DONE: ({ context: { job } }) => fc.record({ job: fc.constantFrom(job, job - 1, job + 1) }) },
    weights: { LATE: 0 },
  });
  for (const seed of [1, 2, 3]) {
    const failure = await propertyFailure(
      propertyTest(model, {
        seed,
        traces: {
          'two jobs at most are done': (moments) =>
            new Set(moments.map(({ after }) => after.context.done)).size < 4,
        },
      }),
    );
    expect(failure.steps).toEqual([
      { type: 'START' },
      { type: 'DONE', job: 1 },
      { type: 'START' },
      { type: 'DONE', job: 2 },
      { type: 'START' },
      { type: 'DONE', job: 3 },
    ]);
  }
});

test('a value of the state itself is computed again', async () => {
  const model = defineModel(jobs, {
    events: { DONE: ({ context: { job } }) => ({ job }) },
    weights: { LATE: 0 },
  });
  const failure = await propertyFailure(
    propertyTest(model, {
      seed: 1,
      invariants: { 'the second job is never done': ({ context }) => context.done < 2 },
    }),
  );
  expect(failure.steps).toEqual([{ type: 'START' }, { type: 'START' }, { type: 'DONE', job: 2 }]);
});

test('no counterexample has values that could not come there, such as times that go back', async () => {
  const model = defineModel(jobs, {
    events: {
      LATE: (_, past) => {
        const now = (past.findLast((step) => 'at' in step) as { at: number } | undefined)?.at ?? 0;
        return fc.record({ at: fc.integer({ min: now + 5, max: now + 50 }) });
      },
    },
  });
  const failure = await propertyFailure(
    propertyTest(model, { seed: 1, invariants: { 'three at most': ({ context }) => context.seen < 4 } }),
  );
  expect(failure.steps.map((step) => 'at' in step && step.at)).toEqual([5, 10, 15, 20]);
});

test('a sum that just does not hold is made of as few parts as it takes', async () => {
  const order = setup({
    types: {} as {
      context: { paid: number; back: number; parts: number };
      events: { type: 'PAY'; cents: number } | { type: 'BACK'; cents: number };
    },
  }).createMachine({
    initial: 'open',
    context: { paid: 0, back: 0, parts: 0 },
    states: {
      open: { on: { PAY: { target: 'paid', actions: assign({ paid: ({ event }) => event.cents }) } } },
      paid: {
        on: {
          BACK: {
            guard: ({ context, event }) =>
              context.back + event.cents <= context.paid + (context.parts >= 3 ? 1 : 0),
            actions: assign({
              back: ({ context, event }) => context.back + event.cents,
              parts: ({ context }) => context.parts + 1,
            }),
          },
        },
      },
    },
  });
  const failure = await propertyFailure(
    propertyTest(order, {
      seed: 5,
      events: {
        PAY: fc.record({ cents: fc.integer({ min: 100, max: 100_000 }) }),
        BACK: fc.record({ cents: fc.integer({ min: 1, max: 100_000 }) }),
      },
      oracles: ['no-throw'],
      invariants: { covered: ({ context }) => context.back <= context.paid },
    }),
  );
  expect(failure.steps).toHaveLength(5);
});

const stock = setup({
  types: {} as {
    context: { lines: Map<string, number> };
    events: { type: 'ADD'; sku: string; count: number };
  },
}).createMachine({
  context: { lines: new Map() },
  on: {
    ADD: {
      actions: assign({
        lines: ({ context, event: { sku, count } }) =>
          new Map(context.lines).set(sku, (context.lines.get(sku) ?? 0) + count),
      }),
    },
  },
});

test('a sum is reached in few steps with large values, not in many with small ones', async () => {
  const events = {
    ADD: fc.record({ sku: fc.constantFrom('a', 'b', 'c'), count: fc.integer({ min: 1, max: 9 }) }),
  };
  for (const seed of [1, 2, 3]) {
    const failure = await propertyFailure(
      propertyTest(stock, {
        seed,
        events,
        oracles: [],
        invariants: { 'at most 49': ({ context }) => [...context.lines.values()].every((n) => n <= 49) },
      }),
    );
    expect(failure.steps).toHaveLength(6);
  }
});

const toggles = setup({
  types: {} as { events: { type: 'MUTE' } | { type: 'GO' } | { type: 'LONG' } | { type: 'BACK' } },
}).createMachine({
  type: 'parallel',
  states: {
    sound: { initial: 'on', states: { on: { on: { MUTE: 'off' } }, off: { on: { MUTE: 'on' } } } },
    way: {
      initial: 'a',
      states: {
        a: { on: { GO: 'b', LONG: 'via' } },
        via: { on: { GO: 'b' } },
        b: { on: { GO: 'c', BACK: 'a' } },
        c: { on: { GO: 'd' } },
        d: {},
      },
    },
  },
});

test('steps that undo each other are left out together, and a way around becomes the straight one', async () => {
  for (const seed of [1, 2, 3, 4]) {
    const failure = await propertyFailure(
      propertyTest(toggles, {
        seed,
        invariants: { 'not d with sound': (state) => !state.matches({ sound: 'on', way: 'd' }) },
        weights: { MUTE: 5, LONG: 20 },
        oracles: [],
      }),
    );
    expect(failure.steps).toEqual([{ type: 'GO' }, { type: 'GO' }, { type: 'GO' }]);
  }
});

test('a shorter way is found that has no step in common with the one that was found first', async () => {
  const roads = setup({ types: {} as { events: { type: 'STEP' } | { type: 'JUMP' } } }).createMachine({
    initial: 'here',
    states: {
      here: { on: { STEP: 'near', JUMP: 'air' } },
      near: { on: { STEP: 'far' } },
      far: { on: { STEP: 'farther' } },
      farther: { on: { STEP: 'there' } },
      air: { on: { JUMP: 'there' } },
      there: { type: 'final' },
    },
  });
  for (const seed of [1, 2, 3, 4]) {
    const failure = await propertyFailure(
      propertyTest(roads, {
        seed,
        invariants: { 'never there': (state) => !state.matches('there') },
        weights: { JUMP: 0.001 },
      }),
    );
    expect(failure.message).toContain('shrunk from 4 steps');
    expect(failure.steps).toEqual([{ type: 'JUMP' }, { type: 'JUMP' }]);
  }
});
