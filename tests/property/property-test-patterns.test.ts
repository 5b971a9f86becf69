import fc from 'fast-check';
import { expect, test } from 'vitest';
import { assign, setup } from 'xstate';
import { defineModel, propertyTest } from '../../runtime/testing/index.ts';

const lock = setup({ types: {} as { events: { type: 'TURN'; code: string } } }).createMachine({
  id: 'lock',
  initial: 'shut',
  states: {
    shut: {
      on: {
        TURN: [
          { guard: ({ event }) => /^[A-F]{2}-\d{4}$/.test(event.code), target: 'open' },
          { guard: ({ event }) => event.code.match(/^key:[/x]+$/i) !== null, target: 'ajar' },
          { actions: () => undefined },
        ],
      },
    },
    open: { type: 'final' },
    ajar: { type: 'final' },
  },
});

test('a text that a guard matches with a pattern is drawn, if its arbitrary could have drawn it', async () => {
  const model = defineModel(lock, { events: { TURN: fc.record({ code: fc.string() }) } });
  const { coverage } = await propertyTest(model, { seed: 1, numRuns: 30 });
  expect(coverage.states.missed).toEqual([]);
  const short = defineModel(lock, { events: { TURN: fc.record({ code: fc.string({ maxLength: 4 }) }) } });
  const other = await propertyTest(short, { seed: 1, numRuns: 10 });
  expect(other.coverage.states.missed).toContain('lock.open');
});

const letter = `Dear reader, ${'all is well. '.repeat(400)}`;

test('long texts that a machine names, matches or holds do not hold a test up', async () => {
  const machine = setup({
    types: {} as { context: { sent: string }; events: { type: 'SEND'; to: string } },
  }).createMachine({
    context: { sent: '' },
    on: {
      SEND: {
        guard: ({ event }) => !/^.{5000}$/.test(event.to),
        actions: assign({ sent: () => letter }),
      },
    },
  });

  const report = await propertyTest(machine, {
    events: { SEND: fc.record({ to: fc.string() }) },
    seed: 1,
    numRuns: 5,
  });

  expect(report).toMatchObject({ runs: 5, coverage: { states: { missed: [] } } });
});
