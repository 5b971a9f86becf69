import { expect, test } from 'vitest';
import { assign, createMachine, setup } from 'xstate';
import { defineModel, propertyTest, replay } from '../../runtime/testing/index.ts';
import { propertyFailure } from '../support/property-failure.ts';

const machine = setup({
  types: {} as {
    context: { open: number };
    events: { type: 'ASK' } | { type: 'ANSWER' } | { type: 'SHOUT' };
  },
}).createMachine({
  context: { open: 0 },
  on: {
    ASK: { actions: assign({ open: ({ context }) => context.open + 1 }) },
    ANSWER: { actions: assign({ open: ({ context }) => context.open - 1 }) },
  },
});
const invariants = {
  'nothing is answered that was not asked': ({ context }: { context: { open: number } }) => context.open >= 0,
};

test('what the world around never does is not tried, also not while a failure is made shorter', async () => {
  await propertyFailure(propertyTest(machine, { seed: 1, invariants }));
  const model = defineModel(machine, { when: { ANSWER: ({ context }) => context.open > 0 } });
  await propertyTest(model, { seed: 1, invariants, coverage: { transitions: 1 } });
  const failure = await propertyFailure(
    propertyTest(model, {
      seed: 1,
      traces: {
        'one answer at most': (moments) =>
          moments.filter(({ step }) => 'type' in step && step.type === 'ANSWER').length < 2,
      },
    }),
  );
  expect(failure.steps).toHaveLength(4);
  const { steps, snapshot } = await replay(model, [{ type: 'ANSWER' }, { type: 'ASK' }], { invariants });
  expect(steps).toHaveLength(1);
  expect(snapshot.context.open).toBe(1);
});

test('what has a weight of 0 is never sent, not even to a state that does not take it', async () => {
  const seen = new Set<string>();
  await propertyTest(machine, {
    seed: 1,
    weights: { ANSWER: 0 },
    traces: {
      all: (moments) => {
        for (const { step } of moments) if ('type' in step) seen.add(step.type);
      },
    },
    invariants,
  });

  expect([...seen]).toEqual(['ASK']);
});

test('when something comes is refused for what never comes, and must be a function', () => {
  expect(() => defineModel(machine, { when: { ANSWERED: () => true } as never })).toThrow(
    'Did you mean "ANSWER"?',
  );
  expect(() => defineModel(machine, { when: { ANSWER: true } as never })).toThrow(
    '"when.ANSWER" must be a function of the state, got true',
  );
});

test('a state in which nothing can come is a dead end', async () => {
  const waits = createMachine({ on: { GO: { actions: assign({}) } } });
  const failure = await propertyFailure(propertyTest(waits, { seed: 1, when: { GO: () => false } as never }));
  expect(failure).toMatchObject({ property: 'no-deadlock', steps: [] });
});
