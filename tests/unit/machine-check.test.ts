import { expect, test } from 'vitest';
import {
  assign,
  createMachine,
  emit,
  enqueueActions,
  fromPromise,
  raise,
  sendTo,
  setup,
  spawnChild,
} from 'xstate';
import type { AnyStateMachine } from '../../actors/xstate-adapter.ts';
import { AskedHost, hostedMachine } from '../support/hosted-actor.ts';

const work = fromPromise(async () => 1);

test.each<[what: string, machine: AnyStateMachine, problem: string]>([
  ['a delayed transition', createMachine({ after: { 1000: {} } }), 'delayed transitions (after)'],
  [
    'a delayed transition deep inside',
    createMachine({
      initial: 'a',
      states: { a: { initial: 'b', states: { b: { after: { 10: 'c' } }, c: {} } } },
    }),
    'State "(machine).a.b" has delayed transitions (after)',
  ],
  ['an invoked actor', createMachine({ invoke: { src: work } }), 'invokes an actor'],
  [
    'an actor that a named action spawns',
    setup({ actors: { work }, actions: { start: spawnChild('work') } }).createMachine({
      on: { go: { actions: 'start' } },
    }),
    'spawns an actor',
  ],
  ['an actor that is spawned at entry', createMachine({ entry: spawnChild(work) }), 'spawns an actor'],
  [
    'an actor that is spawned on a transition',
    createMachine({ on: { go: { actions: spawnChild(work) } } }),
    'spawns',
  ],
  ['a delayed raise', createMachine({ entry: raise({ type: 'x' }, { delay: 5 }) }), 'sends a delayed event'],
  [
    'a send to another actor',
    createMachine({ exit: sendTo('other', { type: 'x' }) }),
    'sends to another actor',
  ],
  ['an emitted event', createMachine({ on: { go: { actions: emit({ type: 'x' }) } } }), 'emits an event'],
])('a machine with %s is refused, and told where', (_what, machine, problem) => {
  const refused = () => hostedMachine(machine);

  expect(refused).toThrow(
    expect.objectContaining({
      code: 'HOLDFAST_ERR_MACHINE_UNSUPPORTED',
      kind: 'thing',
      problems: [expect.stringContaining(problem)],
    }),
  );
});

test('all problems of a machine are told at once', () => {
  const machine = createMachine({ after: { 5: {} }, invoke: { src: work } });

  expect(() => hostedMachine(machine)).toThrow(
    expect.objectContaining({ problems: [expect.any(String), expect.any(String)] }),
  );
});

test.each<[what: string, machine: AnyStateMachine]>([
  [
    'spawns within an assign',
    createMachine({ on: { go: { actions: assign(({ spawn }) => ({ ref: spawn(work) })) } } }),
  ],
  [
    'spawns in enqueueActions',
    createMachine({ on: { go: { actions: enqueueActions(({ enqueue }) => enqueue.spawnChild(work)) } } }),
  ],
  [
    'emits in enqueueActions',
    createMachine({ on: { go: { actions: enqueueActions(({ enqueue }) => enqueue.emit({ type: 'x' })) } } }),
  ],
  [
    'spawns in its context',
    setup({ actors: { work } }).createMachine({
      context: ({ spawn }) => ({ ref: spawn('work') }),
      on: { go: {} },
    }),
  ],
  [
    'loops for ever without an event',
    createMachine({
      initial: 'a',
      states: { a: { on: { go: 'b' } }, b: { always: 'c' }, c: { always: 'b' } },
    }),
  ],
])(
  'a machine that %s, which only running shows, is refused when it does, and nothing is written',
  async (_what, machine) => {
    const host = new AskedHost(new Map([['thing', hostedMachine(machine)]]));

    const answer = await host.send('thing/1', 'go', {});

    expect(answer).toMatchObject({ code: 'HOLDFAST_ERR_TRANSITION_FAILED' });
    expect(await host.log.events('thing/1')).toEqual([]);
  },
);
