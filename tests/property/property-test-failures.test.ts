import { expect, test } from 'vitest';
import { setup } from 'xstate';
import { defineAggregate } from '../../actors/definitions/define-aggregate.ts';
import { defineModel, propertyTest, replay, specify, testPaths } from '../../runtime/testing/index.ts';
import { propertyFailure } from '../support/property-failure.ts';

const machine = setup({
  types: {} as { events: { type: 'PAY'; cents: number } | { type: 'ADD'; by: number } | { type: 'GO' } },
}).createMachine({
  id: 'till',
  initial: 'open',
  states: {
    open: {
      on: {
        PAY: { guard: ({ event }) => event.cents > 0, target: 'shut' },
        ADD: { guard: ({ event }) => event.by > 0, target: 'shut' },
      },
    },
    shut: { type: 'final', on: { GO: {} } },
  },
});

test('what is printed to be pasted names what was tested: a model, with its values, or the definition', async () => {
  const till = defineAggregate('till', { machine });
  const model = defineModel(till);
  for (const [subject, name] of [
    [model, 'model'],
    [till, 'till'],
    [machine, 'till'],
  ] as const) {
    const failing = [propertyTest, testPaths, (each: never) => replay(each, [])];
    for (const look of failing)
      expect((await propertyFailure(look(subject as never))).replay).toContain(`await replay(${name}, [`);
  }
});

test('where nothing can happen, events that were tried without a payload are named', async () => {
  const both = await propertyFailure(propertyTest(machine, { numRuns: 2 }));
  expect(both.why).toContain('PAY and ADD have no source of values and were tried without a payload');
  const one = await propertyFailure(propertyTest(machine, { numRuns: 2, events: { ADD: [{ by: 0 }] } }));
  expect(one.why).toContain('PAY has no source of values and was tried without a payload');
  const values = { PAY: [{ cents: 0 }], ADD: [{ by: 0 }] };
  const none = await propertyFailure(propertyTest(machine, { numRuns: 2, events: values }));
  expect(none.why).not.toContain('source of values');
});

test('a machine that needs an input, and is given none, says where to give it', async () => {
  const needy = setup({ types: {} as { context: { id: string }; input: { id: string } } }).createMachine({
    context: ({ input }) => ({ id: input.id }),
    on: { GO: { actions: () => undefined } },
  });
  const hint = /could not be started: .*'id'.* given no input: .*`input` of defineModel/;
  for (const look of [propertyTest, testPaths, (each: never) => replay(each, [])])
    await expect(look(needy as never)).rejects.toThrow(hint);
  expect(() => specify(needy).given([])).toThrow(/given no input: .*given\(steps, \{ input \}\)/);
  await propertyTest(needy, { numRuns: 1, input: [{ id: 'a' }] });
});
