import { expect, test } from 'vitest';
import { assign, createMachine, enqueueActions, fromPromise, raise, setup, spawnChild } from 'xstate';
import { defineModel } from '../../runtime/testing/index.ts';

const charge = fromPromise(async () => 'receipt');
const child = setup({ actors: { print: charge } }).createMachine({
  id: 'child',
  invoke: { src: 'print', id: 'printing' },
});
const machine = setup({ actors: { charge, child } }).createMachine({
  id: 'order',
  initial: 'open',
  states: {
    open: {
      entry: raise({ type: 'HURRY' }, { id: 'hurry', delay: 10 }),
      invoke: [{ src: charge }, { src: child }, { src: 'charge', id: 'paying' }],
      after: { 1000: 'open' },
      on: { HURRY: {}, 'file.*': {} },
    },
  },
});
const done = { done: ['receipt'] };

function refusal(of: unknown, options: object): string {
  try {
    defineModel(of as never, options);
    return 'it was taken';
  } catch (error) {
    return (error as Error).message;
  }
}

test('outcomes of work that a machine cannot have are refused', () => {
  for (const [wrong, right] of [
    ['chargee', 'charge'],
    ['prints', 'print'],
    ['payin', 'paying'],
  ] as const)
    expect(refusal(machine, { outcomes: { [wrong]: done } })).toContain(
      `"outcomes.${wrong}" is nothing that the machine knows. Did you mean "${right}"?`,
    );
  const names = [
    'charge',
    'print',
    'printing',
    'child',
    'paying',
    'xstate.invoke.0.order.open',
    '0.order.open',
  ];
  for (const name of names) expect(refusal(machine, { outcomes: { [name]: done } })).toBe('it was taken');
});

test('weights of what a machine cannot do are refused', () => {
  expect(refusal(machine, { weights: { HURY: 2 } })).toContain('"weights.HURY" is nothing that the machine');
  const names = [
    'HURRY',
    'file.added',
    'hurry',
    'xstate.after.1000.order.open',
    'charge',
    'paying',
    'printing',
  ];
  for (const name of names) expect(refusal(machine, { weights: { [name]: 2 } })).toBe('it was taken');
});

test.each([
  { on: { GO: { actions: spawnChild('charge', { id: ({ self }) => `of-${self.id}` }) } } },
  { on: { GO: { actions: assign({ ref: ({ spawn }: never) => (spawn as never as () => 1)() }) } } },
  { on: { GO: { actions: enqueueActions(({ enqueue }) => enqueue.spawnChild('charge')) } } },
  { context: ({ spawn }: { spawn: unknown }) => ({ has: typeof spawn }) },
])('%#: names that only code tells are taken', (config) => {
  const spawner = createMachine(config as never).provide({ actors: { charge } } as never);
  expect(refusal(spawner, { outcomes: { 'of-x': done } })).toBe('it was taken');
});

test('a timer whose name only code tells may have a weight', () => {
  for (const action of [
    raise({ type: 'TICK' }, { id: () => 'x', delay: 1 } as never),
    enqueueActions(({ enqueue }) => enqueue.raise({ type: 'TICK' }, { delay: 1, id: 'other' })),
  ])
    expect(refusal(createMachine({ entry: action as never }), { weights: { other: 1 } })).toBe(
      'it was taken',
    );
  const plain = createMachine({ on: { TICK: { actions: assign({}) } } });
  expect(refusal(plain, { weights: { other: 1 } })).toContain('It knows TICK.');
});
