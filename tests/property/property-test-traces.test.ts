import fc from 'fast-check';
import { expect, test } from 'vitest';
import { assign, createMachine, fromPromise, setup } from 'xstate';
import { defineModel, propertyTest, replay } from '../../runtime/testing/index.ts';
import { propertyFailure } from '../support/property-failure.ts';

test('a property of a whole run sees what no state tells, refused events too', async () => {
  const door = createMachine({
    initial: 'shut',
    states: { shut: { on: { OPEN: 'open' } }, open: { on: { SHUT: 'shut' } } },
  });
  const failure = await propertyFailure(
    propertyTest(door, {
      seed: 1,
      traces: {
        'opened at most three times': (moments) =>
          moments.filter(
            ({ step, outcome }) => 'type' in step && step.type === 'OPEN' && outcome === 'accepted',
          ).length <= 3,
      },
    }),
  );
  expect(failure).toMatchObject({ kind: 'trace', property: 'opened at most three times' });
  expect(failure.steps.map((step) => 'type' in step && step.type)).toEqual([
    'OPEN',
    'SHUT',
    'OPEN',
    'SHUT',
    'OPEN',
    'SHUT',
    'OPEN',
  ]);
  const refused = await propertyFailure(
    propertyTest(door, {
      seed: 1,
      traces: { 'nothing is refused': (moments) => moments.every(({ outcome }) => outcome !== 'refused') },
    }),
  );
  expect(refused.steps).toHaveLength(1);
  const again = await propertyFailure(
    replay(door, failure.steps as never, { traces: { never: (moments) => moments.length < 7 } }),
  );
  expect(again.kind).toBe('trace');
});

test('a property sees what is pending: timers with their delay, and work', async () => {
  const machine = setup({ actors: { upload: fromPromise(async () => 1) } }).createMachine({
    initial: 'idle',
    states: {
      idle: { after: { 500: 'busy' } },
      busy: { invoke: { src: 'upload', id: 'u' }, after: { 90: 'idle' }, on: { STOP: 'stopped' } },
      stopped: { type: 'final' },
    },
  });
  const seen = new Map<string, unknown>();
  await propertyTest(machine, {
    seed: 1,
    numRuns: 10,
    invariants: {
      noted: ({ value }, { timers, work }) => seen.set(String(value), [timers[0]?.delayMs, work]),
    },
    steps: { same: (_, __, after, { work }) => after.matches('busy') === (work.length === 1) },
  });
  expect(Object.fromEntries(seen)).toEqual({
    idle: [500, []],
    busy: [90, [{ name: 'upload', id: 'u' }]],
    stopped: [undefined, []],
  });
});

test('values may be drawn from what happened before, which the state need not hold', async () => {
  const machine = setup({
    types: {} as { context: { last: number }; events: { type: 'TICK'; at: number } },
  }).createMachine({
    context: { last: 0 },
    on: { TICK: { actions: assign({ last: ({ event }) => event.at % 7 }) } },
  });
  const model = defineModel(machine, {
    events: {
      TICK: (_, past) => {
        const now = (past.at(-1) as { at?: number } | undefined)?.at ?? 0;
        return fc.record({ at: fc.integer({ min: now, max: now + 10 }) });
      },
    },
  });
  await propertyTest(model, {
    seed: 1,
    numRuns: 20,
    traces: {
      'time does not go back': (moments) => {
        const times = moments.map(({ step }) => ('at' in step ? (step.at as number) : 0));
        return times.every((at, index) => at >= (times[index - 1] ?? 0));
      },
    },
  });
});

test('a run that ends where nothing can happen any more is asked as a whole too', async () => {
  const machine = createMachine({
    initial: 'a',
    states: { a: { on: { GO: 'b' } }, b: { on: { GO: 'c' } }, c: {} },
  });
  const traces = { 'goes once': (moments: readonly unknown[]) => moments.length < 2 };
  const ends = [{ mayEnd: () => true }, { oracles: ['no-throw'] as const }];
  for (const end of ends) {
    const failure = await propertyFailure(propertyTest(machine, { seed: 1, numRuns: 5, traces, ...end }));
    expect(failure).toMatchObject({ kind: 'trace', property: 'goes once' });
    expect(failure.steps).toHaveLength(2);
  }
});
