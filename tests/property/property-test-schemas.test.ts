import { expect, test } from 'vitest';
import { assign, setup } from 'xstate';
import { z } from 'zod';
import { defineAggregate } from '../../actors/definitions/define-aggregate.ts';
import { defineModel, propertyTest, testPaths } from '../../runtime/testing/index.ts';

const machine = setup({
  types: {} as { context: { at: number }; events: { type: 'SET'; at: number } },
}).createMachine({
  id: 'reader',
  initial: 'empty',
  context: { at: -1 },
  states: {
    empty: {
      on: {
        SET: {
          guard: ({ event }) => Number.isInteger(event.at),
          target: 'full',
          actions: assign({ at: ({ event }) => event.at }),
        },
      },
    },
    full: { type: 'final' },
  },
});
const text = z.object({
  at: z
    .string()
    .regex(/^\d{1,4}$/)
    .transform(Number),
});

test('a guard is asked about what the schema makes of an event, not about what is sent', async () => {
  const reader = defineAggregate('reader', { machine, events: { SET: text } });
  await propertyTest(reader, {
    numRuns: 5,
    coverage: { states: 1, transitions: 1 },
    steps: { 'a number arrives': (_, __, { context }) => Number.isInteger(context.at) },
  });
  await testPaths(reader, { coverage: { states: 1, transitions: 1 } });
});

test('what the schema refuses cannot come about, and neither can what it answers later', async () => {
  const later = {
    '~standard': { version: 1, vendor: 'test', validate: async (value: unknown) => ({ value }) },
  } as const;
  for (const SET of [text, later as never]) {
    const reader = defineAggregate('reader', { machine, events: { SET } });
    const model = defineModel(reader, { events: { SET: [{ at: 1 }] } });
    await expect(propertyTest(model, { numRuns: 5 })).rejects.toThrow('"no-deadlock" does not hold');
  }
});
