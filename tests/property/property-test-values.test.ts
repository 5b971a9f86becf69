import fc from 'fast-check';
import { expect, test } from 'vitest';
import { assign, setup } from 'xstate';
import { defineAggregate } from '../../runtime/index.ts';
import { propertyTest, replay } from '../../runtime/testing/index.ts';
import { propertyFailure } from '../support/property-failure.ts';

/** How long the way to an event is that must not come. */
async function shortest(isBad: (payload: never) => boolean, source: fc.Arbitrary<object>): Promise<number> {
  const machine = setup({
    types: {} as { context: { told: number }; events: { type: 'TOLD' } },
  }).createMachine({
    context: { told: 0 },
    on: { TOLD: { actions: assign({ told: ({ context }) => context.told + 1 }) } },
  });
  const failure = await propertyFailure(
    propertyTest(machine, {
      seed: 1,
      numRuns: 150,
      events: { TOLD: source as never },
      oracles: [],
      steps: { good: (_, event) => !isBad(event as never) },
      // Its text names the values, as a guard's would.
      traces: { named: Object.assign(() => true, { isBad }) },
    }),
  );
  return failure.steps.length;
}

const words = new Set(['swordfish']);
const prices = new Map([['tea', 4]]);
const code = /^[A-Z]{3}-\d{3}$/;
const pin = 48_271_093;
const settings = { word: 'open sesame' };

test.each<[string, (payload: never) => boolean, fc.Arbitrary<object>]>([
  [
    'an exact number that was mapped',
    ({ amount }: { amount: number }) => amount === 4_711_337,
    fc.tuple(fc.integer(), fc.boolean()).map(([amount, isGift]) => ({ amount, isGift })),
  ],
  ['a constant of the module', (event: { n: number }) => event.n === pin, fc.record({ n: fc.integer() })],
  [
    'a text in an object of the module',
    (event: { text: string }) => event.text === settings.word,
    fc.record({ text: fc.string() }),
  ],
  [
    'an exact date',
    ({ on }: { on: Date }) => on.toISOString().startsWith('2024-02-29'),
    fc.record({ on: fc.date({ noInvalidDate: true }) }),
  ],
  [
    'two exact values at once',
    ({ code, amount }: { code: string; amount: number }) => code === 'SUMMER-24' && amount === 1_337_000,
    fc.record({ code: fc.string(), amount: fc.integer() }),
  ],
  [
    'two values that are the same',
    ({ from, to }: { from: string; to: string }) => from === to,
    fc.record({ from: fc.uuid(), to: fc.uuid() }),
  ],
  [
    'how a text begins, and its length',
    ({ line }: { line: string }) => line.startsWith('ERR:') && line.length > 9,
    fc.record({ line: fc.string() }),
  ],
])('%s is drawn', async (_, isBad, source) => {
  expect(await shortest(isBad, source)).toBe(1);
});

test.for([{ pin: 918_273 }, { pin: "it's open" }])(
  'a value that a guard is given as a parameter is tried: %o',
  async ({ pin }) => {
    const machine = setup({
      types: {} as { events: { type: 'ENTER'; pin: unknown } },
      guards: { isRight: ({ event }, params: { pin: unknown }) => event.pin === params.pin },
    }).createMachine({
      initial: 'shut',
      states: {
        shut: { on: { ENTER: { guard: { type: 'isRight', params: { pin } }, target: 'open' } } },
        open: { type: 'final' },
      },
    });
    const failure = await propertyFailure(
      propertyTest(machine, {
        seed: 1,
        events: { ENTER: fc.record({ pin: fc.oneof(fc.nat(), fc.string()) }) },
        mayEnd: () => true,
        invariants: { 'stays shut': ({ value }) => value === 'shut' },
      }),
    );
    expect(failure.steps).toEqual([{ type: 'ENTER', pin }]);
  },
);

test('what asks for the time is found, whichever part of it', async () => {
  const guards = {
    hour: () => new Date().getHours() >= 9,
    day: () => Date.now() > Date.parse('2030-01-01'),
    parity: () => Date.now() % 2 === 0,
  };
  for (const [name, guard] of Object.entries(guards)) {
    const machine = setup({ types: {} as { events: { type: 'GO' } } }).createMachine({
      initial: 'a',
      states: {
        a: { on: { GO: [{ guard, target: 'b' }, { target: 'c' }] } },
        b: { on: { GO: 'a' } },
        c: { on: { GO: 'a' } },
      },
    });
    const failure = await propertyFailure(propertyTest(machine, { seed: 1 }));
    expect(failure, name).toMatchObject({ property: 'deterministic' });
  }
});

test('chance is another one in each run, and the same in the replay of one', async () => {
  const dice = defineAggregate('dice', {
    machine: setup({
      types: {} as { context: { sides: number }; events: { type: 'ROLL'; n: number } },
    }).createMachine({
      context: { sides: 0 },
      on: { ROLL: { actions: assign({ sides: () => Math.floor(Math.random() * 1_000) }) } },
    }),
  });
  const properties = {
    events: { ROLL: fc.record({ n: fc.nat() }) },
    invariants: { 'is never 7': ({ context }: { context: { sides: number } }) => context.sides !== 7 },
  };
  const failure = await propertyFailure(propertyTest(dice, { seed: 1, ...properties }));
  const again = await propertyFailure(replay(dice, failure.steps as never, properties));
  expect(again).toMatchObject({ property: 'is never 7', steps: failure.steps });
});

test('an exact bigint is drawn', async () => {
  const isBad = ({ n }: { n: bigint }) => n === 123_456_789_012_345n;
  expect(await shortest(isBad, fc.record({ n: fc.bigInt() }))).toBe(1);
});

test('what a set or a map of the module holds is drawn, and what a pattern of it matches', async () => {
  const text = fc.record({ text: fc.string() });
  expect(await shortest((told: { text: string }) => words.has(told.text), text)).toBe(1);
  expect(await shortest((told: { text: string }) => prices.get(told.text) === 4, text)).toBe(1);
  expect(await shortest((told: { text: string }) => code.test(told.text), text)).toBe(1);
});
