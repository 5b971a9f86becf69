import { expect, test } from 'vitest';
import {
  and,
  assign,
  createMachine,
  enqueueActions,
  fromPromise,
  not,
  raise,
  setup,
  spawnChild,
} from 'xstate';
import { lintMachine } from '../../actors/charts/lint-machine.ts';
import type { AnyStateMachine } from '../../actors/xstate-adapter.ts';
import { AskedHost, hostedMachine } from '../support/hosted-actor.ts';

const work = fromPromise(async () => 1);

test.each<[what: string, machine: AnyStateMachine, state: string, rule: string, hint: string]>([
  [
    'an actor that is spawned in place at entry',
    createMachine({ id: 'm', entry: spawnChild(work) }),
    'm',
    'undeclared-actor',
    'Declare its logic in setup',
  ],
  [
    'an actor that is spawned in place on a transition deep inside',
    createMachine({
      id: 'm',
      initial: 'a',
      states: { a: { initial: 'b', states: { b: { on: { go: { actions: spawnChild(work) } } } } } },
    }),
    'm.a.b',
    'undeclared-actor',
    'Declare its logic in setup',
  ],
  [
    'an actor that a named action spawns in place',
    setup({ actions: { start: spawnChild(work) as never } }).createMachine({
      id: 'm',
      on: { go: { actions: 'start' } },
    }),
    'm',
    'undeclared-actor',
    'Declare its logic in setup',
  ],
  [
    'a guard that is async',
    createMachine({
      id: 'm',
      initial: 'a',
      states: { a: { on: { go: { guard: not((async () => true) as never) } } } },
    }),
    'm.a',
    'async',
    'has a guard with an async function',
  ],
  [
    'a named guard that is async',
    setup({ guards: { ok: (async () => true) as never } }).createMachine({
      id: 'm',
      on: { go: { guard: 'ok' } },
    }),
    'm',
    'async',
    'has a guard with an async function',
  ],
  [
    'a named guard that is made of one that is async',
    setup({ guards: { ok: and([(async () => true) as never]) } }).createMachine({
      id: 'm',
      on: { go: { guard: 'ok' } },
    }),
    'm',
    'async',
    'has a guard with an async function',
  ],
  [
    'an assigner that is async',
    setup({ actions: { load: assign((async () => ({})) as never) as never } }).createMachine({
      id: 'm',
      on: { go: { actions: 'load' } },
    }),
    'm',
    'async',
    'invoke what takes time',
  ],
  [
    'an assigner of a property that is async',
    createMachine({ id: 'm', entry: assign({ found: (async () => 1) as never }) }),
    'm',
    'async',
    'invoke what takes time',
  ],
  [
    'an enqueueActions that is async',
    createMachine({ id: 'm', entry: enqueueActions((async () => undefined) as never) }),
    'm',
    'async',
    'invoke what takes time',
  ],
  [
    'states that lead to each other by themselves',
    createMachine({
      id: 'm',
      initial: 'a',
      states: { a: { on: { go: 'b' } }, b: { always: 'c' }, c: { always: 'b' } },
    }),
    'm.b',
    'endless-always',
    'm.b -> m.c -> m.b',
  ],
  [
    'a state that enters itself again through the initial state of another',
    createMachine({
      id: 'm',
      initial: 'a',
      states: { a: { always: 'b' }, b: { initial: 'c', states: { c: { always: '#m.a' } } } },
    }),
    'm.a',
    'endless-always',
    'm.a -> m.b.c -> m.a',
  ],
  [
    'a context that cannot be kept',
    createMachine({ id: 'm', context: { open: { socket: () => 1 } } }),
    'm',
    'context',
    'context.open.socket is a function',
  ],
  [
    'an error in a machine that it invokes',
    setup({ actors: { child: createMachine({ id: 'child', entry: spawnChild(work) }) } }).createMachine({
      id: 'm',
      invoke: { src: 'child', onError: {} },
    }),
    'child',
    'undeclared-actor',
    'Declare its logic in setup',
  ],
])('a machine with %s is refused, and told where and how to mend it', (_what, machine, state, rule, hint) => {
  const problems = lintMachine(machine);

  expect(problems).toContainEqual({
    severity: 'error',
    rule,
    state,
    message: expect.stringContaining(hint) as string,
  });
  expect(() => hostedMachine(machine)).toThrow(
    expect.objectContaining({ code: 'HOLDFAST_ERR_MACHINE_UNSUPPORTED', kind: 'thing' }),
  );
});

test('a machine of a copy of XState that is too old is refused, wherever it is, and nothing else is said of it', () => {
  const old = createMachine({ id: 'old', entry: spawnChild(work) });
  Object.assign(old, { options: undefined });
  const problem = {
    severity: 'error',
    rule: 'old-xstate',
    state: 'old',
    message: expect.stringContaining('npm ls'),
  };

  expect(lintMachine(old)).toEqual([problem]);
  expect(lintMachine(setup({ actors: { old } }).createMachine({ id: 'm' }))).toEqual([problem]);
  expect(() => hostedMachine(old)).toThrow('another copy of XState');
});

test('all problems of a machine are told at once', () => {
  const machine = createMachine({
    id: 'm',
    entry: spawnChild(work),
    initial: 'a',
    states: { a: { always: 'b' }, b: { always: 'a' } },
  });

  expect(() => hostedMachine(machine)).toThrow(
    expect.objectContaining({ problems: [expect.any(String), expect.any(String)] }),
  );
});

test.each<[what: string, machine: AnyStateMachine, rule: string]>([
  ['invokes an actor without onError', createMachine({ id: 'm', invoke: { src: work } }), 'unhandled-error'],
  [
    'invokes an actor that is not implemented',
    createMachine({ id: 'm', invoke: { src: 'nowhere', onError: {} } }),
    'not-implemented',
  ],
  [
    'runs an action that is not implemented',
    createMachine({ id: 'm', on: { go: { actions: ['nowhere', { type: 'nowhere' }] } } }),
    'not-implemented',
  ],
  [
    'asks a guard that is not implemented, among others',
    createMachine({
      id: 'm',
      on: { go: { guard: and([() => true, not({ type: 'nowhere' })]), actions: () => undefined } },
    }),
    'not-implemented',
  ],
  [
    'waits for a delay that is not implemented',
    createMachine({ id: 'm', initial: 'a', states: { a: {} }, after: { nowhere: '.a' } }),
    'not-implemented',
  ],
  [
    'raises an event after a delay that is not implemented',
    createMachine({ id: 'm', entry: raise({ type: 'go' }, { delay: 'nowhere' as never }) }),
    'not-implemented',
  ],
])('a machine that %s is warned of, and hosted', (_what, machine, rule) => {
  expect(lintMachine(machine)).toEqual([
    { severity: 'warning', rule, state: 'm', message: expect.any(String) },
  ]);
  expect(() => hostedMachine(machine)).not.toThrow();
});

test('what is no machine, and an option that there is not, are refused', () => {
  expect(() => lintMachine(null as never)).toThrow(
    expect.objectContaining({ code: 'HOLDFAST_ERR_OPTION_INVALID' }),
  );
  expect(() => lintMachine(createMachine({}), { inputt: 1 } as never)).toThrow(
    expect.objectContaining({ code: 'HOLDFAST_ERR_OPTION_INVALID' }),
  );
});

test('a sound machine has no problems', () => {
  const machine = setup({
    actors: { work },
    guards: { isSo: () => true },
    actions: { note: () => undefined },
    delays: { soon: 10 },
  }).createMachine({
    context: ({ spawn }) => ({ ref: spawn('work') }),
    initial: 'a',
    states: {
      a: {
        always: [{ guard: 'isSo', target: 'b' }, { target: 'c' }],
        after: { 1000: 'c', soon: { target: 'c', actions: 'note' } },
      },
      b: { always: 'c' },
      c: { invoke: { src: 'work', onDone: 'a', onError: 'b' } },
    },
  });

  expect(lintMachine(machine)).toEqual([]);
});

test.each<[what: string, machine: AnyStateMachine]>([
  [
    'spawns in place within an assign',
    createMachine({ on: { go: { actions: assign(({ spawn }) => ({ ref: spawn(work) })) } } }),
  ],
  [
    'spawns in place in enqueueActions',
    createMachine({ on: { go: { actions: enqueueActions(({ enqueue }) => enqueue.spawnChild(work)) } } }),
  ],
  [
    'spawns in place although it declares actors',
    setup({ actors: { work } }).createMachine({
      on: { go: { actions: assign(({ spawn }) => ({ ref: spawn(work) })) } },
    }),
  ],
  [
    'loops for ever without an event by what its guards say',
    createMachine({
      initial: 'a',
      states: {
        a: { on: { go: 'b' } },
        b: { always: { guard: () => true, target: 'c' } },
        c: { always: { guard: () => true, target: 'b' } },
      },
    }),
  ],
  [
    'sends a message that cannot be kept',
    createMachine({
      on: {
        go: {
          actions: enqueueActions(({ enqueue }) =>
            enqueue.raise({ type: 'x', f() {} } as never, { delay: 5 }),
          ),
        },
      },
    }),
  ],
])(
  'a machine that %s, which only running shows, is refused when it does, and nothing is written',
  async (_what, machine) => {
    const host = new AskedHost(new Map([['thing', hostedMachine(machine)]]));

    const answer = await host.send('thing/1', 'go', {});

    expect(answer).toBeInstanceOf(Error);
    expect((answer as { code?: string }).code).toMatch(/TRANSITION_FAILED|PAYLOAD_INVALID/);
    expect(await host.log.events('thing/1')).toEqual([]);
    expect(host.log.effects.timersOf('thing/1')).toEqual([]);
  },
);

test.each<[what: string, machine: AnyStateMachine, unreachable: string[], deadEnds: string[]]>([
  [
    'an island of two states',
    createMachine({
      id: 'm',
      initial: 'a',
      states: {
        a: { on: { go: 'b' } },
        b: { type: 'final' },
        c: { on: { go: 'd' } },
        d: { on: { go: 'c' } },
      },
    }),
    ['m.c', 'm.d'],
    [],
  ],
  [
    'a first state that every transition passes by, and the regions of a parallel one',
    createMachine({
      id: 'm',
      initial: 'a',
      states: {
        a: { on: { go: '#inner', split: 'p' } },
        b: {
          initial: 'first',
          states: { first: { on: { x: 'inner' } }, inner: { id: 'inner', on: { y: '#m.a' } } },
        },
        p: {
          type: 'parallel',
          states: { left: {}, right: { initial: 'off', states: { off: { on: { z: 'on' } }, on: {} } } },
        },
      },
    }),
    ['m.b.first'],
    [],
  ],
  [
    'a state that nothing leads on from',
    createMachine({
      id: 'm',
      initial: 'a',
      states: { a: { after: { 10: 'b' } }, b: {}, c: { type: 'history' } },
    }),
    ['m.c'],
    ['m.b'],
  ],
  [
    'what is reached by history, by always and by the end of work',
    setup({ actors: { work } }).createMachine({
      id: 'm',
      initial: 'a',
      states: {
        a: { invoke: { src: 'work', onDone: 'b.past', onError: 'c' } },
        b: {
          initial: 'one',
          states: { one: { always: 'two' }, two: {}, past: { type: 'history' } },
          on: { end: 'c' },
        },
        c: { type: 'final' },
      },
    }),
    [],
    [],
  ],
])('states that nothing leads to or on from: %s', (_what, machine, unreachable, deadEnds) => {
  const problems = lintMachine(machine);
  const of = (rule: string) => problems.filter((each) => each.rule === rule).map(({ state }) => state);
  expect(of('unreachable-state')).toEqual(unreachable);
  expect(of('dead-end')).toEqual(deadEnds);
  expect(problems.every(({ severity }) => severity === 'warning')).toBe(true);
});
