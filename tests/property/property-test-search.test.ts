import fc from 'fast-check';
import { expect, test } from 'vitest';
import { assign, createMachine, fromPromise, setup, stateIn } from 'xstate';
import { defineModel, propertyTest, testPaths } from '../../runtime/testing/index.ts';
import { propertyFailure } from '../support/property-failure.ts';

test('a row of the same value is found although no state holds it', async () => {
  const hash = (id: number) => (id * 7919) % 1_000_003;
  const machine = setup({
    types: {} as { context: { last: number; row: number }; events: { type: 'HIT'; id: number } },
  }).createMachine({
    context: { last: -1, row: 0 },
    on: {
      HIT: {
        actions: assign(({ context, event }) => {
          const last = hash(event.id);
          return { last, row: last === context.last ? context.row + 1 : 1 };
        }),
      },
    },
  });
  const model = defineModel(machine, { events: { HIT: fc.record({ id: fc.nat(1_000_000) }) } });
  const failure = await propertyFailure(
    propertyTest(model, {
      seed: 1,
      invariants: { 'four in a row at most': ({ context }) => context.row < 5 },
    }),
  );
  expect(failure.steps).toHaveLength(5);
});

test('what runs come by by themselves is not searched for', async () => {
  const machine = createMachine({
    initial: 'a',
    context: { n: 0 },
    states: {
      a: { on: { ADD: { actions: assign({ n: ({ context }) => context.n + 1 }) }, GO: 'b' } },
      b: { on: { GO: 'c' } },
      c: { on: { GO: 'd' } },
      d: { on: { GO: 'a' } },
    },
  });
  const { eventually } = await propertyTest(machine, {
    seed: 1,
    searchMax: 1,
    eventually: { 'it comes to d': (state) => state.matches('d') },
  });
  expect(eventually).toEqual({ 'it comes to d': 'ok' });
});

test('what is not found says that only some values were tried, and is found once the model names the right one', async () => {
  const lock = setup({
    types: {} as { events: { type: 'CODE'; code: number } | { type: 'WAIT' } },
  }).createMachine({
    initial: 'shut',
    states: {
      shut: {
        on: {
          CODE: { guard: ({ event }) => (event.code * 31 + 7) % 100_003 === 500, target: 'open' },
          WAIT: 'dark',
        },
      },
      dark: { on: { WAIT: 'shut' } },
      open: { type: 'final' },
    },
  });
  const any = fc.nat(1_000_000);
  const search = (code: fc.Arbitrary<number>) =>
    propertyTest(lock, {
      seed: 1,
      numRuns: 20,
      events: { CODE: fc.record({ code }) },
      eventually: { 'it can be opened': (state) => state.matches('open') },
    });

  expect((await propertyFailure(search(any))).why).toContain('some values of each event');
  const { eventually } = await search(fc.oneof(any, fc.constant(96_793)));
  expect(eventually).toEqual({ 'it can be opened': 'ok' });
});

test('a search goes first where states are of a new kind, and finds what is far away', async () => {
  const machine = setup({
    types: {} as {
      context: { n: number; level: number };
      events: { type: 'ADD'; by: number } | { type: 'UP'; code: number };
    },
  }).createMachine({
    context: { n: 0, level: 0 },
    on: {
      ADD: { actions: assign({ n: ({ event }) => event.by }) },
      UP: {
        guard: ({ context, event }) => event.code === context.level,
        actions: assign({ level: ({ context }) => context.level + 1 }),
      },
    },
  });
  const model = defineModel(machine, {
    events: {
      ADD: fc.record({ by: fc.integer({ min: 1_024, max: 2_047 }) }),
      UP: fc.record({ code: fc.nat(20) }),
    },
    // Runs hardly ever do it by themselves.
    weights: { UP: 0.001 },
  });
  const { eventually } = await propertyTest(model, {
    seed: 1,
    numRuns: 2,
    maxSteps: 5,
    eventually: { 'level seven': ({ context }) => context.level === 7 },
  });
  expect(eventually).toEqual({ 'level seven': 'ok' });
});

const keys = ['up', 'up', 'down', 'down', 'left', 'right', 'left', 'right', 'b', 'a'] as const;
const keyEvents = { KEY: fc.record({ key: fc.constantFrom(...new Set(keys)) }) };

test('a row of ten that only a counter tells of is found', async () => {
  const counted = setup({
    types: {} as { context: { at: number }; events: { type: 'KEY'; key: string } },
  }).createMachine({
    context: { at: 0 },
    on: {
      KEY: {
        actions: assign({
          at: ({ context, event }) => (event.key === keys[context.at] ? context.at + 1 : 0),
        }),
      },
    },
  });
  const failure = await propertyFailure(
    propertyTest(counted, {
      seed: 1,
      numRuns: 600,
      events: keyEvents,
      oracles: [],
      invariants: { 'not all of them': ({ context }) => context.at < 10 },
    }),
  );
  expect(failure.steps).toHaveLength(10);
});

test('a way that has used up all steps of a run is gone on from without its detours', async () => {
  const chain = setup({
    types: {} as { context: { has: boolean }; events: { type: (typeof keys)[number] } },
  }).createMachine({
    initial: 's0',
    context: { has: false },
    states: Object.fromEntries(
      keys.map((key, at) => [
        `s${at}`,
        {
          on: { '*': 's0', [key]: at < 9 ? `s${at + 1}` : { target: 's0', actions: assign({ has: true }) } },
        },
      ]),
    ),
  });
  // With this one, the last but one state is met once, and at the end of a run.
  const failure = await propertyFailure(
    propertyTest(chain, {
      seed: 2,
      numRuns: 150,
      events: Object.fromEntries([...new Set(keys)].map((key) => [key, [{}]])) as object,
      oracles: [],
      invariants: { 'not all of them': ({ context }) => !context.has },
    }),
  );
  expect(failure.steps).toHaveLength(10);
});

/** A timer of twenty moments, beside which one of ten can be set later. */
const race = setup({
  types: {} as { events: { type: 'START' } | { type: 'POKE' } },
  delays: { long: 20, short: 10 },
  guards: { isWaiting: stateIn('#wait') },
}).createMachine({
  type: 'parallel',
  states: {
    one: { initial: 'wait', states: { wait: { id: 'wait', after: { long: 'rang' } }, rang: {} } },
    two: {
      initial: 'idle',
      states: {
        idle: {
          on: { START: { guard: 'isWaiting', target: 'run' }, POKE: { actions: () => undefined } },
        },
        run: { after: { short: 'rang' } },
        rang: {},
      },
    },
  },
});

test('a search finds what hangs on how much is left of two timers', async () => {
  const { eventually } = await propertyTest(race, {
    seed: 5,
    numRuns: 1,
    maxSteps: 1,
    oracles: [],
    eventually: {
      'the long one rings first': (state) => state.matches({ one: 'rang', two: 'run' }),
      'the short one rings first': (state) => state.matches({ one: 'wait', two: 'rang' }),
    },
  });
  expect(eventually).toEqual({ 'the long one rings first': 'ok', 'the short one rings first': 'ok' });
});

test('what cannot come about beside timers is a counterexample all the same, after few states', async () => {
  const alone = createMachine({
    initial: 'wait',
    states: { wait: { on: { POKE: { actions: () => undefined } }, after: { 60000: 'rang' } }, rang: {} },
  });
  for (const [machine, searchMax] of [
    [alone, 2],
    [race, 100],
  ] as const) {
    const failure = await propertyFailure(
      propertyTest(machine, {
        seed: 5,
        numRuns: 1,
        maxSteps: 1,
        searchMax,
        oracles: [],
        eventually: { never: (state: { status: string }) => state.status === 'done' },
      }),
    );
    expect(failure).toMatchObject({ kind: 'eventually', property: 'never' });
  }
});

test('what no order of timers leads to is a counterexample, although they never stand to each other as before', async () => {
  const again = (state: string) => ({ target: state, reenter: true });
  const machine = setup({
    types: {} as { events: { type: 'FINISH' | 'BREAK' | 'AGAIN' | 'EDIT' | 'ANSWER' | 'UNLOCK' } },
  }).createMachine({
    type: 'parallel',
    states: {
      job: {
        initial: 'idle',
        states: {
          idle: { on: { FINISH: 'done', BREAK: 'broken' } },
          broken: {},
          done: { on: { AGAIN: 'idle' } },
        },
      },
      save: {
        initial: 'clean',
        states: {
          clean: { on: { EDIT: 'dirty' } },
          dirty: { on: { EDIT: again('dirty') }, after: { 700: 'clean' } },
        },
      },
      poll: {
        initial: 'wait',
        states: {
          wait: { after: { 30000: 'asking' } },
          asking: { on: { ANSWER: 'wait' }, after: { 5000: 'wait' } },
        },
      },
      session: {
        initial: 'active',
        states: {
          active: { on: { EDIT: again('active') }, after: { 900000: 'locked' } },
          locked: { on: { UNLOCK: 'active' } },
        },
      },
    },
  });

  const failure = await propertyFailure(
    propertyTest(machine, { seed: 1, eventually: { done: (state) => state.matches({ job: 'done' }) } }),
  );

  expect(failure).toMatchObject({ kind: 'eventually', property: 'done' });
});

test('testPaths goes on from every input, and tells it with the way', async () => {
  const machine = setup({
    types: {} as { input: { n: number }; context: { n: number }; events: { type: 'GO' } },
  }).createMachine({
    context: ({ input }) => ({ n: input.n }),
    initial: 'a',
    states: {
      a: { on: { GO: [{ guard: ({ context }) => context.n === 12, target: 'b' }, { target: 'c' }] } },
      b: { type: 'final' },
      c: { type: 'final' },
    },
  });
  const inputs = Array.from({ length: 12 }, (_, index) => ({ n: index + 1 }));
  const { paths, coverage } = await testPaths(machine, { input: inputs });
  expect(coverage.states.missed).toEqual([]);
  expect(paths.map(({ snapshot }) => snapshot.value).toSorted()).toEqual(['a', 'b', 'c']);
  expect(paths.find(({ snapshot }) => snapshot.value === 'b')?.input).toEqual({ n: 12 });
  const failure = await propertyFailure(
    testPaths(machine, {
      input: fc.record({ n: fc.constantFrom(11, 12) }),
      invariants: { 'never b': ({ value }) => value !== 'b' },
    }),
  );
  expect(failure.message).toContain('(start with { n: 12 })');
});

test('all examples of a list are tried, where states are gone through', async () => {
  const machine = setup({
    types: {} as { events: { type: 'GO'; n: number } },
    actors: { work: fromPromise<number>(async () => 0) },
  }).createMachine({
    initial: 'a',
    states: {
      a: { on: { GO: { guard: ({ event }) => (event.n * 37) % 41 === 5, target: 'b' } } },
      b: {
        invoke: {
          src: 'work',
          onDone: [
            { guard: ({ event }) => (event.output * 37) % 41 === 5, target: 'c' },
            { target: 'b', reenter: true },
          ],
        },
      },
      c: { type: 'final' },
    },
  });
  const numbers = Array.from({ length: 41 }, (_, n) => n);
  const { coverage } = await testPaths(machine, {
    valuesOfEach: 2,
    events: { GO: numbers.map((n) => ({ n })) },
    outcomes: { work: { done: numbers } },
  });
  expect(coverage.states.missed).toEqual([]);
});

test('a failure says of which events other values might be let through', async () => {
  const machine = setup({
    types: {} as { events: { type: 'CODE'; n: number } | { type: 'WAIT' } },
  }).createMachine({
    initial: 'a',
    states: {
      a: { on: { CODE: { guard: ({ event }) => Math.sin(event.n) * 1e6 > 1e6 - 1e-6, target: 'b' } } },
      b: { type: 'final' },
    },
  });
  const hint =
    'Guards refused every value of CODE that was tried, and there are others: where they let one in thousands through, ' +
    'give that one among the values.';
  const events = { CODE: fc.record({ n: fc.nat() }) };
  const stuck = await propertyFailure(propertyTest(machine, { seed: 1, events }));
  expect(stuck).toMatchObject({ property: 'no-deadlock' });
  expect(stuck.message).toContain(hint);
  const eventually = { b: ({ value }: { value: unknown }) => value === 'b' };
  const search = { seed: 1, eventually, mayEnd: () => true };
  expect((await propertyFailure(propertyTest(machine, { ...search, events }))).message).toContain(hint);
  // Of a list there are no others.
  const listed = propertyTest(machine, { ...search, events: { CODE: [{ n: 1 }, { n: 2 }] } });
  expect((await propertyFailure(listed)).message).not.toContain('Guards refused');
});

test('a failure says that events of a pattern are tried where they are named', async () => {
  const machine = createMachine({
    context: { n: 0 },
    on: { '*': { actions: assign({ n: 1 }) }, 'net.*': { actions: assign({ n: 2 }) } },
  });
  const failure = await propertyFailure(propertyTest(machine, { seed: 1 }));
  expect(failure.message).toContain(
    'Events that only "*" and "net.*" names are tried if they are in events:',
  );
  await propertyTest(machine, { seed: 1, events: { 'net.up': [{}] } as never });
});

test('a state is not stuck, and nothing lost, where a guard takes one value in hundreds', async () => {
  const machine = setup({
    types: {} as { events: { type: 'GO'; n: number } },
  }).createMachine({
    initial: 'a',
    states: {
      a: {
        on: {
          GO: { guard: ({ event }) => Math.imul(event.n, 0x9e3779b1) >>> 0 < 2 ** 32 / 700, target: 'b' },
        },
      },
      b: { type: 'final' },
    },
  });
  const events = { GO: fc.record({ n: fc.nat() }) };
  for (const seed of [1, 2, 3]) {
    await propertyTest(machine, { seed, events });
    const eventually = { b: ({ value }: { value: unknown }) => value === 'b' };
    const report = await propertyTest(machine, { seed, numRuns: 10, events, mayEnd: () => true, eventually });
    expect(report.eventually).toEqual({ b: 'ok' });
  }
});
