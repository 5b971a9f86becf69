import fc from 'fast-check';
import { expect, test } from 'vitest';
import { assign, setup } from 'xstate';
import { z } from 'zod';
import { defineAggregate } from '../../actors/definitions/define-aggregate.ts';
import { defineModel, propertyTest, testPaths } from '../../runtime/testing/index.ts';
import { jsonSchemaArbitrary } from '../../runtime/testing/model/json-schema-arbitrary.ts';

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

const drawn = (schema: object): number[] =>
  fc.sample(jsonSchemaArbitrary(fc as never, schema, 'test') as fc.Arbitrary<number>, {
    seed: 1,
    numRuns: 50,
  });

test('whole numbers are those that the schema asks for, however large, and more than one', () => {
  const safe = fc.maxSafeInteger();
  const units = fc.constantFrom(undefined, 1, 7, 1_000);
  const keys = fc.constantFrom(['minimum', 'maximum'], ['exclusiveMinimum', 'exclusiveMaximum']);
  fc.assert(
    fc.property(
      fc.tuple(safe, safe).filter(([a, b]) => Math.abs(a - b) > 10_000),
      fc.constantFrom('both', 'lower', 'upper'),
      keys,
      units,
      (ends, given, [lower = '', upper = ''], multipleOf) => {
        const [least = 0, most = 0] = ends.toSorted((a, b) => a - b);
        const values = drawn({
          type: 'integer',
          ...(given === 'upper' ? {} : { [lower]: least }),
          ...(given === 'lower' ? {} : { [upper]: most }),
          ...(multipleOf === undefined ? {} : { multipleOf }),
        });
        for (const value of values) {
          expect(value).toSatisfy(Number.isSafeInteger);
          expect(value % (multipleOf ?? 1)).toBeCloseTo(0);
          if (given !== 'upper') expect(value).toBeGreaterThanOrEqual(least);
          if (given !== 'lower') expect(value).toBeLessThanOrEqual(most);
        }
        expect(new Set(values).size).toBeGreaterThan(1);
      },
    ),
    { examples: [[[1.7e12, 1.8e12], 'both', ['minimum', 'maximum'], undefined]] },
  );
});

test('whole numbers without an end are within 32 bits, also where the safe integers are named as the ends', () => {
  for (const schema of [{ type: 'integer' }, z.toJSONSchema(z.int()), z.toJSONSchema(z.int().positive())])
    for (const value of drawn(schema)) expect(value).toBe(value | 0);
});
