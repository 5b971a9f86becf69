import { expect, test } from 'vitest';
import { type AnyStateMachine, assign, createMachine, setup } from 'xstate';
import { propertyTest } from '../../runtime/testing/index.ts';
import { propertyFailure } from '../support/property-failure.ts';

const document = createMachine({ context: { edits: 0 } });

/** A machine that opens documents, kept in whatever `keep` makes of them. */
const editor = (keep: (open: object) => unknown): AnyStateMachine =>
  setup({ types: {} as { context: { open: unknown; n: number } }, actors: { document } }).createMachine({
    context: { open: null, n: 0 },
    on: {
      OPEN: {
        guard: ({ context }) => context.open === null,
        actions: assign(({ spawn }) => ({ open: keep(spawn('document', { id: 'a' })) })),
      },
      COUNT: {
        guard: ({ context }) => context.n < 9,
        actions: assign({ n: ({ context }) => context.n + 1 }),
      },
    },
  });

const ofItself = createMachine({
  types: {} as { context: { open: unknown; n: number } },
  context: { open: null, n: 0 },
  on: {
    OPEN: { actions: assign({ open: ({ self }) => self }) },
    COUNT: { guard: ({ context }) => context.n < 9, actions: assign({ n: ({ context }) => context.n + 1 }) },
  },
});

const machines: readonly (readonly [string, AnyStateMachine])[] = [
  ['a map of children', editor((child) => new Map([['a', child]]))],
  ['a set of children', editor((child) => new Set([child]))],
  ['a list of children', editor((child) => [child])],
  ['a reference to itself', ofItself],
];

test.each(machines)(
  'a machine that keeps %s holds what is asked of every machine',
  async (_what, machine) => {
    await propertyTest(machine, { numRuns: 30, seed: 1, mayEnd: () => true });
  },
);

test.each(machines)('a failure of a machine that keeps %s is told', async (_what, machine) => {
  const told = propertyFailure(
    propertyTest(machine, {
      numRuns: 30,
      seed: 1,
      mayEnd: () => true,
      invariants: { closed: ({ context }) => (context as { open: unknown }).open === null },
    }),
  );

  expect((await told).property).toBe('closed');
});
