import fc from 'fast-check';
import { expect, test } from 'vitest';
import { assign, createMachine, fromCallback, fromPromise, raise, setup } from 'xstate';
import { z } from 'zod';
import { defineAggregate } from '../../actors/definitions/define-aggregate.ts';
import {
  defineModel,
  type PropertyTestOptions,
  propertyTest,
  replay,
  stepsOf,
  testPaths,
} from '../../runtime/testing/index.ts';
import { house } from '../support/machines/house.ts';
import { propertyFailure } from '../support/property-failure.ts';
import { times } from '../support/thorough.ts';

interface OrderContext {
  readonly items: number;
  readonly paid: number;
  readonly refunded: number;
}

type OrderEvent =
  | { type: 'ADD'; count: number }
  | { type: 'REMOVE'; count: number }
  | { type: 'PAY'; cents: number }
  | { type: 'REFUND'; cents: number }
  | { type: 'SHIP'; code: string };

const order = setup({
  types: {} as { context: OrderContext; events: OrderEvent },
  actors: { gateway: fromPromise<{ receipt: string }, number>(async () => ({ receipt: 'r' })) },
  guards: {
    isCovered: ({ context, event }) =>
      event.type === 'REFUND' && (event.cents === 4711 || context.refunded + event.cents <= context.paid),
  },
}).createMachine({
  id: 'order',
  initial: 'cart',
  context: { items: 0, paid: 0, refunded: 0 },
  states: {
    cart: {
      on: {
        ADD: { actions: assign({ items: ({ context, event }) => context.items + event.count }) },
        REMOVE: {
          guard: ({ context, event }) => event.count <= context.items,
          actions: assign({ items: ({ context, event }) => context.items - event.count }),
        },
        PAY: {
          guard: ({ context }) => context.items > 0,
          target: 'paying',
          actions: assign({ paid: ({ event }) => event.cents }),
        },
      },
    },
    paying: {
      invoke: { src: 'gateway', input: ({ context }) => context.paid, onDone: 'paid', onError: 'cart' },
      after: { 60000: 'cart' },
    },
    paid: {
      on: {
        REFUND: {
          guard: 'isCovered',
          actions: assign({ refunded: ({ context, event }) => context.refunded + event.cents }),
        },
        SHIP: { guard: ({ event }) => event.code === 'parcel-7', target: 'shipped' },
      },
    },
    shipped: { type: 'final' },
  },
});

const orderModel = defineModel(order, {
  events: {
    ADD: z.object({ count: z.int().min(1).max(9) }),
    REMOVE: ({ context }) => fc.record({ count: fc.integer({ min: 1, max: context.items + 2 }) }),
    PAY: fc.record({ cents: fc.nat(100_000) }),
    REFUND: fc.record({ cents: fc.nat() }),
    SHIP: fc.record({ code: fc.string() }),
  },
  outcomes: { gateway: { done: [{ receipt: 'r-1' }], error: [new Error('declined')] } },
});

test('a machine with work, timers and guards holds, and is covered', async () => {
  const runs = times(15, 40);
  const report = await propertyTest(orderModel, {
    seed: 1,
    numRuns: runs,
    invariants: { 'items are not negative': ({ context }) => context.items >= 0 },
    steps: {
      'what was paid stays': (before, _, after) =>
        !before.matches('paid') || after.context.paid === before.context.paid,
    },
    eventually: { 'can be shipped': (state) => state.matches('shipped') },
    coverage: { states: 1, transitions: 1 },
  });
  expect(report).toMatchObject({ runs, seed: 1, silentWork: [] });
  expect(report.coverage.transitions).toEqual({ covered: 8, total: 8, missed: [] });
  expect(report.steps).toBeGreaterThan(250);
});

test('work that the model has no outcomes for is told, also where its state is always left for something else', async () => {
  const charge = fromPromise(async () => 'receipt');
  const till = setup({ actors: { charge } }).createMachine({
    initial: 'open',
    states: {
      open: { on: { PAY: 'paying' } },
      paying: {
        invoke: { id: 'card', src: 'charge', onDone: 'paid', onError: 'open' },
        after: { 1000: 'late' },
      },
      paid: { type: 'final' },
      late: { type: 'final' },
    },
  });
  const silentWith = async (outcomes: Record<string, { done: string[] }>) =>
    (await propertyTest(till, { seed: 1, numRuns: 10, outcomes })).silentWork;

  expect(await silentWith({})).toEqual(['charge']);
  expect(await silentWith({ charge: { done: ['receipt'] } })).toEqual([]);
  expect(await silentWith({ card: { done: ['receipt'] } })).toEqual([]);
});

test('a bug that needs four steps and one exact value is found, and shown as those steps', async () => {
  const failure = await propertyFailure(
    propertyTest(orderModel, {
      seed: 2,
      numRuns: 1_000,
      invariants: { 'refunds are covered': ({ context }) => context.refunded <= context.paid },
    }),
  );
  expect(failure.property).toBe('refunds are covered');
  expect(failure.steps.map((step) => ('type' in step ? step.type : Object.keys(step)[0]))).toEqual([
    'ADD',
    'PAY',
    'work',
    'REFUND',
  ]);
  expect(failure.steps[3]).toEqual({ type: 'REFUND', cents: 4711 });
  expect(failure.states.at(-1)).toEqual({
    value: 'paid',
    context: { items: 1, paid: 0, refunded: 4711 },
  });
});

test('a failure shows the steps, the state after each, a diagram, and a replay that fails in the same way', async () => {
  const options = {
    seed: 3,
    invariants: { small: ({ context }: { context: OrderContext }) => context.items < 3 },
  };
  const failure = await propertyFailure(propertyTest(orderModel, options));
  expect(failure.steps).toEqual([{ type: 'ADD', count: 3 }]);
  expect(failure.message).toContain(
    "1. { type: 'ADD', count: 3 }\n     -> 'cart' { items: 3, paid: 0, refunded: 0 }",
  );
  expect(failure.diagram).toContain('sequenceDiagram\n  participant p_test as test');
  expect(failure.diagram).toContain('p_test->>machine: ADD');
  expect(failure.replay).toBe("await replay(model, [\n  { type: 'ADD', count: 3 },\n], { ...properties });");
  const again = await propertyFailure(replay(orderModel, [{ type: 'ADD', count: 3 }], options));
  expect(again).toMatchObject({ property: 'small', kind: 'invariant', steps: failure.steps });
});

test('the same seed gives the same runs', async () => {
  const options = {
    seed: 5,
    numRuns: 30,
    invariants: { few: ({ context }: { context: OrderContext }) => context.items < 20 },
  };
  const [one, other] = [
    await propertyFailure(propertyTest(orderModel, options)),
    await propertyFailure(propertyTest(orderModel, options)),
  ];
  expect(one.message).toBe(other.message);
  expect(one.run).toBe(other.run);
});

test('detours are left out, and the values that belong together become small together', async () => {
  const failure = await propertyFailure(
    propertyTest(orderModel, {
      seed: 7,
      invariants: {
        'not all is given back': ({ context: { paid, refunded } }) => paid < 10 || refunded < paid,
      },
    }),
  );
  expect(failure.steps).toEqual([
    { type: 'ADD', count: 1 },
    { type: 'PAY', cents: 10 },
    { work: 'gateway', done: { receipt: 'r-1' } },
    { type: 'REFUND', cents: 10 },
  ]);
});

const mutable = { count: 0 };
/** Machines with one fault each, and the oracle that has to find it. */
const faulty: readonly [string, ReturnType<typeof createMachine>, PropertyTestOptions?][] = [
  [
    'immutable',
    createMachine({
      context: { list: [] as number[] },
      on: { ADD: { actions: assign({ list: ({ context: { list } }) => (list.push(1) > 0 ? list : []) }) } },
    }) as never,
  ],
  [
    'unhandled-is-noop',
    createMachine({
      context: { asked: 0 },
      on: { ADD: { guard: ({ context }) => context.asked++ > 100 }, OTHER: { actions: assign({}) } },
    }) as never,
  ],
  [
    'deterministic',
    createMachine({ on: { DRAW: { actions: assign({ x: () => Math.random() }) } } }) as never,
  ],
  ['deterministic', createMachine({ on: { DRAW: { actions: assign({ x: () => new Date() }) } } }) as never],
  [
    'deterministic',
    createMachine({ on: { DRAW: { actions: assign({ x: () => mutable.count++ }) } } }) as never,
  ],
  [
    'no-throw',
    createMachine({
      context: { n: 0 },
      on: {
        ADD: {
          actions: assign({
            n: ({ context }) => {
              if (context.n === 3) throw new Error('four is too many');
              return context.n + 1;
            },
          }),
        },
      },
    }) as never,
  ],
  [
    'no-throw',
    setup({ actors: { work: fromPromise(async () => 1) } }).createMachine({
      initial: 'a',
      states: { a: { invoke: { src: 'work', onDone: 'b' } }, b: { type: 'final' } },
    }) as never,
    { outcomes: { work: { error: [new Error('no')] } } },
  ],
  ['round-trip', createMachine({ on: { SET: { actions: assign({ f: () => () => 1 }) } } }) as never],
  [
    'no-deadlock',
    createMachine({
      initial: 'a',
      states: { a: { on: { GO: 'b' } }, b: { on: { BACK: { guard: () => false, target: 'a' } } } },
    }) as never,
  ],
];

test.each(faulty)('%s is found out', async (oracle, machine, options) => {
  const failure = await propertyFailure(propertyTest(machine, { seed: 1, ...options }));
  expect(failure).toMatchObject({ kind: 'oracle', property: oracle });
  const others = (['no-throw', 'immutable', 'unhandled-is-noop', 'replay'] as const).filter(
    (each) =>
      each !== oracle &&
      (each !== 'replay' || oracle !== 'deterministic') &&
      (each !== 'immutable' || oracle !== 'unhandled-is-noop'),
  );
  await propertyTest(machine, { seed: 1, numRuns: 5, maxSteps: 3, ...options, oracles: others });
});

test('an event that is refused and changes something is found out', async () => {
  const machine = createMachine({
    context: { asked: { times: 0 } },
    on: { ASK: { guard: ({ context }) => ++context.asked.times > 1_000_000, actions: assign({}) } },
  });
  const failure = await propertyFailure(
    replay(machine, [{ type: 'ASK' }], { oracles: ['unhandled-is-noop'] }),
  );
  expect(failure).toMatchObject({ kind: 'oracle', property: 'unhandled-is-noop' });
});

test('a definition may ask for the time and for chance, which its events decide', async () => {
  const machine = createMachine({
    context: { at: 0, lot: 0 },
    on: { DRAW: { actions: assign({ at: () => Date.now(), lot: () => Math.random() }) } },
  });
  await propertyTest(defineAggregate('lottery', { machine }), { seed: 1, numRuns: 10 });
});

test('what cannot come about any more is a counterexample; a search without end is inconclusive', async () => {
  const trap = createMachine({
    initial: 'free',
    states: {
      free: { on: { FALL: 'pit', LEAVE: 'gone' } },
      pit: { on: { CLIMB: 'pit' } },
      gone: { type: 'final' },
    },
  });
  const failure = await propertyFailure(
    propertyTest(trap, { seed: 1, eventually: { 'can leave': (state) => state.status === 'done' } }),
  );
  expect(failure).toMatchObject({ kind: 'eventually', property: 'can leave', steps: [{ type: 'FALL' }] });
  const again = await propertyFailure(
    replay(trap, [{ type: 'FALL' }], { eventually: { 'can leave': (state) => state.status === 'done' } }),
  );
  expect(again.kind).toBe('eventually');
  const counter = createMachine({
    context: { n: 0 },
    on: { ADD: { actions: assign({ n: ({ context }) => context.n + 1 }) } },
  });
  const report = await propertyTest(counter, {
    seed: 1,
    numRuns: 3,
    searchMax: 20,
    eventually: { 'below zero': ({ context }) => context.n < 0 },
  });
  expect(report.eventually).toEqual({ 'below zero': 'inconclusive' });
});

test('a long row of one event is found', async () => {
  const counter = createMachine({
    context: { n: 0 },
    on: {
      ADD: { actions: assign({ n: ({ context }) => context.n + 1 }) },
      RESET: { actions: assign({ n: 0 }) },
      NOISE: { actions: assign({}) },
    },
  });
  const failure = await propertyFailure(
    propertyTest(counter, {
      seed: 1,
      numRuns: 1_000,
      invariants: { 'below thirty': ({ context }) => context.n < 30 },
      oracles: [],
    }),
  );
  expect(failure.steps).toHaveLength(30);
});

test('paths lead to every state of an abstraction by the shortest way', async () => {
  const { paths, isComplete, coverage } = await testPaths(orderModel, {
    abstraction: ({ context }) => context.items > 0,
    coverage: { states: 1, transitions: 1 },
  });
  expect(isComplete).toBe(true);
  expect(coverage.states.missed).toEqual([]);
  const lengths = paths.map(({ steps, snapshot }) => [
    snapshot.value,
    snapshot.context.items > 0,
    steps.length,
  ]);
  expect(lengths).toEqual([
    ['cart', false, 0],
    ['cart', true, 1],
    ['paying', true, 2],
    ['paid', true, 3],
    ['shipped', true, 4],
  ]);
  const failure = await propertyFailure(
    testPaths(orderModel, {
      abstraction: ({ context }) => context.items > 0,
      invariants: { unpaid: (state) => !state.matches('paid') },
    }),
  );
  expect(failure.steps).toHaveLength(3);
  const counter = createMachine({
    context: { n: 0 },
    on: { ADD: { actions: assign({ n: ({ context }) => context.n + 1 }) } },
  });
  const cut = await testPaths(counter, { abstraction: ({ context }) => context.n, statesMax: 10 });
  expect(cut).toMatchObject({ isComplete: false });
  expect(cut.paths).toHaveLength(10);
});

test('child machines, delayed events and callbacks take part', async () => {
  const light = setup({}).createMachine({
    initial: 'on',
    states: { on: { after: { 100: 'off' } }, off: { type: 'final' } },
  });
  const crossing = setup({
    types: {} as { context: { seen: number }; events: { type: 'CAR'; count: number } | { type: 'GO' } },
    actors: { light, sensor: fromCallback(() => undefined) },
  }).createMachine({
    initial: 'red',
    context: { seen: 0 },
    states: {
      red: { invoke: { src: 'light', onDone: 'green' } },
      green: {
        entry: raise({ type: 'GO' }, { delay: 10 }),
        invoke: { src: 'sensor' },
        on: {
          CAR: { actions: assign({ seen: ({ context, event }) => context.seen + event.count }) },
          GO: 'red',
        },
      },
    },
  });
  const failure = await propertyFailure(
    propertyTest(crossing, {
      seed: 1,
      events: { CAR: [{ count: 1 }] },
      weights: { CAR: 0 },
      outcomes: { sensor: { send: [{ type: 'CAR', count: 2 }] } },
      invariants: { 'few cars': ({ context }) => context.seen < 4 },
    }),
  );
  expect(failure.steps).toEqual([
    { timer: 'xstate.after.100.(machine).on' },
    { work: 'sensor', send: { type: 'CAR', count: 2 } },
    { work: 'sensor', send: { type: 'CAR', count: 2 } },
  ]);
});

test('commands are drawn from their schemas, and what they refuse is no failure', async () => {
  const account = defineAggregate('account', {
    machine: setup({
      types: {} as { context: { cents: number }; events: { type: 'paid'; cents: number } },
    }).createMachine({
      context: { cents: 0 },
      on: { paid: { actions: assign({ cents: ({ context, event }) => context.cents + event.cents }) } },
    }),
    commands: {
      deposit: {
        input: z.object({ cents: z.int().min(1).max(100) }),
        decide: ({ input }) => ({ type: 'paid', cents: input.cents }),
      },
      withdraw: {
        input: z.object({ cents: z.int().min(1).max(100) }),
        decide: ({ input, context }) => {
          if (input.cents > context.cents) throw new Error('overdrawn');
          return { type: 'paid', cents: -input.cents };
        },
      },
    },
  });
  const model = defineModel(account, { events: { paid: [{ cents: 1 }] }, weights: { paid: 0 } });
  await propertyTest(model, {
    seed: 1,
    invariants: { 'not overdrawn': ({ context }) => context.cents >= 0 },
  });
  const failure = await propertyFailure(
    propertyTest(model, { seed: 1, invariants: { poor: ({ context }) => context.cents < 50 } }),
  );
  expect(failure.steps).toEqual([{ command: 'deposit', input: { cents: 50 } }]);
});

test('what no values can be drawn for is told', async () => {
  const silent = z.object({ cents: z.int() });
  const { jsonSchema: _, ...standard } = silent['~standard'] as { jsonSchema?: unknown };
  const schema = { '~standard': standard } as typeof silent;
  const machine = setup({
    types: {} as { context: object; events: { type: 'paid'; cents: number } },
  }).createMachine({ on: { paid: { actions: assign({}) } } });
  const mute = defineAggregate('mute', { machine, events: { paid: schema } });
  expect(() => defineModel(mute)).toThrow('the schema of "paid" does not tell its JSON Schema');
  const model = defineModel(mute, { events: { paid: [{ cents: 1 }] } });
  expect(await propertyTest(model, { seed: 1, numRuns: 2 })).toMatchObject({ untriedCommands: [] });
  const account = defineAggregate('account', {
    machine,
    commands: { pay: { input: schema, decide: () => ({ type: 'paid', cents: 1 }) } },
  });
  expect(await propertyTest(account, { seed: 1, numRuns: 2 })).toMatchObject({ untriedCommands: ['pay'] });
});

test('an input is drawn and becomes small', async () => {
  const machine = setup({
    types: {} as { context: { max: number }; input: { max: number }; events: { type: 'X' } },
  }).createMachine({ context: ({ input }) => ({ max: input.max }), on: { X: { actions: assign({}) } } });
  const failure = await propertyFailure(
    propertyTest(machine, {
      seed: 1,
      input: fc.record({ max: fc.nat() }),
      invariants: { 'not many': ({ context }) => context.max < 10 },
    }),
  );
  expect(failure).toMatchObject({ steps: [], input: { max: 10 } });
  expect(failure.replay).toContain('{ ...properties, input: { max: 10 } }');
  const again = await propertyFailure(
    replay(machine, [], {
      input: { max: 10 },
      invariants: { 'not many': ({ context }) => context.max < 10 },
    }),
  );
  expect(again.input).toEqual({ max: 10 });
});

test('a history state, which nothing is ever in, is no state to cover', async () => {
  const machine = createMachine({
    initial: 'on',
    states: {
      on: {
        initial: 'a',
        states: { a: { on: { GO: 'b' } }, b: {}, was: { type: 'history' } },
        on: { PAUSE: 'off' },
      },
      off: { on: { RESUME: 'on.was' } },
    },
  });
  const { coverage } = await propertyTest(machine, { seed: 1, coverage: { states: 1, transitions: 1 } });
  expect(coverage.states).toEqual({ covered: 4, total: 4, missed: [] });
});

test('what history states remember of several regions is a set, in whichever order XState lists it', async () => {
  const { eventually } = await propertyTest(house, {
    seed: 1,
    numRuns: 40,
    coverage: { states: 1, transitions: 1 },
    eventually: { 'it gets hot': (state) => state.matches({ home: { kitchen: { hot: 'high' } } }) },
  });
  expect(eventually).toEqual({ 'it gets hot': 'ok' });
  expect((await testPaths(house)).paths).toHaveLength(7);
});

test('too little coverage is told with what was missed', async () => {
  const machine = createMachine({
    initial: 'a',
    states: { a: { on: { GO: { guard: () => false, target: 'b' }, STAY: {} } }, b: {} },
  });
  await expect(
    propertyTest(machine, { seed: 1, numRuns: 3, oracles: [], coverage: { states: 1 } }),
  ).rejects.toMatchObject({
    code: 'HOLDFAST_ERR_COVERAGE_MISSED',
    coverage: { states: { missed: ['(machine).b'] }, transitions: { covered: 0, total: 1 } },
  });
});

test('what is in a stream can be replayed as a test', async () => {
  const events = [
    { type: 'holdfast.started', data: { input: { max: 3 } } },
    { type: 'ADD', data: { count: 2 } },
    { type: 'PAY', data: { cents: 500 } },
    {
      type: 'holdfast.settled',
      data: {
        actor: '["0.order.paying"]',
        event: { type: 'holdfast.work.failed', error: new Error('declined') },
      },
    },
    { type: 'PAY', data: { cents: 400 } },
    { type: 'xstate.after.60000.order.paying', data: {} },
    { type: 'PAY', data: { cents: 300 } },
    {
      type: 'holdfast.settled',
      data: { actor: '["0.order.paying"]', event: { type: 'holdfast.work.done', output: { receipt: 'r' } } },
    },
    { type: 'SHIP', data: { code: 'parcel-7' } },
  ];
  const { steps, input } = stepsOf<typeof orderModel.machine>(events);
  expect(input).toEqual({ max: 3 });
  const { snapshot, steps: taken } = await replay(orderModel, steps);
  expect(snapshot).toMatchObject({ value: 'shipped', context: { items: 2, paid: 300 } });
  expect(taken.map(({ outcome }) => outcome)).toEqual(steps.map(() => 'accepted'));
  expect(() => stepsOf([{ kind: 'ADD' }] as never)).toThrow('takes the events of a stream');
});

test('what is mistaken is refused with what is meant', async () => {
  const wrong = (options: object) => propertyTest(order, options as never);
  await expect(wrong({ invariant: {} })).rejects.toThrow('did you mean "invariants"?');
  await expect(wrong({ invariants: { a: true } })).rejects.toThrow('"invariants.a" must be a function');
  await expect(wrong({ events: { AD: [{}] } })).rejects.toThrow('Did you mean "ADD"?');
  await expect(wrong({ events: { ADD: 5 } })).rejects.toThrow('"events.ADD" must be an arbitrary');
  await expect(wrong({ events: { ADD: [] } })).rejects.toThrow('an empty list of examples');
  await expect(wrong({ oracles: ['replays'] })).rejects.toThrow('did you mean "replay"?');
  await expect(wrong({ coverage: { states: 2 } })).rejects.toThrow('a number from 0 to 1');
  await expect(wrong({ numRuns: 0 })).rejects.toMatchObject({ code: 'HOLDFAST_ERR_OPTION_INVALID' });
  await expect(wrong({ outcomes: { gateway: { finished: [1] } } })).rejects.toThrow('no option "finished"');
  await expect(propertyTest({} as never)).rejects.toThrow('takes a machine of XState 5');
  await expect(propertyTest(orderModel, { events: {} })).rejects.toThrow('belongs to the model');
  await expect(replay(order, [{ kind: 'ADD' }] as never)).rejects.toThrow('a step is an event with a type');
  await expect(testPaths(order, { abstraction: 'items' } as never)).rejects.toThrow('must be a function');
  const asynchronous = await propertyFailure(wrong({ invariants: { later: async () => true } }));
  expect(asynchronous.why).toContain('has to answer at once');
});

test('a signal ends a test with its reason', async () => {
  const stop = new AbortController();
  const testing = propertyTest(orderModel, {
    numRuns: 1_000_000,
    signal: stop.signal,
    onProgress: ({ done }) => done === 20 && stop.abort(new Error('enough')),
  });
  await expect(testing).rejects.toThrow('enough');
});

const endless = setup({
  types: {} as { context: { n: number }; events: { type: 'GO' } | { type: 'INC' } | { type: 'STAY' } },
}).createMachine({
  initial: 'start',
  context: { n: 0 },
  states: {
    start: { on: { GO: 'run' } },
    run: {
      on: {
        INC: { actions: assign({ n: ({ context }) => context.n + 1 }) },
        STAY: { actions: () => undefined },
      },
    },
  },
});

test('a signal ends the search for what should eventually come about, also within one', async () => {
  const stop = new AbortController();
  let isLookingAhead = false;
  let looks = 0;
  const testing = propertyTest(endless, {
    seed: 1,
    numRuns: 2,
    maxSteps: 5,
    searchMax: 1_000_000,
    signal: stop.signal,
    onProgress: ({ done, total }) => {
      isLookingAhead = done === total;
    },
    eventually: {
      never: () => {
        if (isLookingAhead && ++looks === 100) setImmediate(() => stop.abort(new Error('enough')));
        // So that it ends.
        return looks > 5_000;
      },
    },
  });
  await expect(testing).rejects.toThrow('enough');
});

test('a signal ends testPaths, whichever number of steps each state takes', async () => {
  const stop = new AbortController();
  const testing = testPaths(endless, {
    statesMax: 500,
    valuesOfEach: 1,
    signal: stop.signal,
    abstraction: ({ context: { n } }) => {
      if (n === 10) setImmediate(() => stop.abort(new Error('enough')));
      return n;
    },
  });
  await expect(testing).rejects.toThrow('enough');
});
