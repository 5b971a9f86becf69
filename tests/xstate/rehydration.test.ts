import { expect, test } from 'vitest';
import { assign, spawnChild, stopChild } from 'xstate';
import { defineAggregate } from '../../actors/definitions/define-aggregate.ts';
import { HostedDefinition } from '../../actors/definitions/hosted-definition.ts';
import { AskedHost, hostedMachine } from '../support/hosted-actor.ts';
import { bump, keep, raises, sends, spawns, tells, tellsParent } from '../support/statechart-actions.ts';
import { behaviours } from '../support/statechart-behaviours.ts';
import { chart } from '../support/statechart-chart.ts';
import { HostedRun, type Treatment } from '../support/statechart-run.ts';
import { advance, next, reject, resolve, send } from '../support/statechart-step.ts';

interface Told {
  readonly snapshot: { readonly context: unknown };
}

const address = 'thing/1';
const counter = chart({ context: { n: 0 }, on: { ADD: { actions: bump('n') } } });
const forgetful: [Treatment][] = [['passivated'], ['replayed']];

behaviours({
  'entry actions of a state are not done again when its actor is read': {
    machine: (world) =>
      chart({
        ...tells(world, 'root'),
        initial: 'a',
        context: { n: 0 },
        states: { a: { ...tells(world, 'a'), on: { ADD: { actions: bump('n') } } } },
      }),
    script: [send('ADD'), send('ADD')],
    performed: ['enter root', 'enter a'],
  },
  'data that looks like what XState persists of an actor is kept as data': {
    machine: () =>
      chart({ context: { n: 0 }, on: { DRAFT: { actions: keep('saved') }, ADD: { actions: bump('n') } } }),
    script: [send('DRAFT', { saved: { child: { xstate$$type: 1, id: 'c' } } }), send('ADD')],
    last: { context: { saved: { child: { xstate$$type: 1, id: 'c' } }, n: 1 } },
  },
  'so it is in a machine that has a child of that id': {
    machine: () =>
      chart(
        { entry: spawnChild('counter', { id: 'c' }), context: {}, on: { DRAFT: { actions: keep('saved') } } },
        { actors: { counter } },
      ),
    script: [send('DRAFT', { saved: { child: { xstate$$type: 1, id: 'c', i: 1 } } })],
    last: { context: { saved: { child: { xstate$$type: 1, id: 'c', i: 1 } } } },
  },
  'a child deep in the tree goes on with its context': {
    machine: () =>
      chart(
        { invoke: { src: 'child', id: 'child' }, on: { ADD: { actions: sends('child', { type: 'ADD' }) } } },
        {
          actors: {
            child: chart(
              {
                invoke: { src: 'counter', id: 'inner' },
                on: { ADD: { actions: sends('inner', { type: 'ADD' }) } },
              },
              { actors: { counter } },
            ),
          },
        },
      ),
    script: [send('ADD'), send('ADD')],
    last: { children: { child: { children: { inner: { context: { n: 2 } } } } } },
  },
  'a child that has ended does not tell its parent again': {
    machine: () =>
      chart(
        {
          context: { n: 0 },
          entry: spawnChild('end', { id: 'e' }),
          on: { 'xstate.done.actor.*': { actions: bump('n') }, ANY: {} },
        },
        { actors: { end: chart({ initial: 'a', states: { a: { type: 'final' } } }) } },
      ),
    script: [send('ANY'), send('ANY')],
    last: { context: { n: 1 } },
  },
  'the failure of a child is not told to its parent again': {
    machine: (world) =>
      chart(
        {
          context: { n: 0 },
          invoke: { src: 'p', onError: { actions: bump('n') } },
          on: { ADD: { actions: bump('n') } },
        },
        { actors: { p: world.promise('p') } },
      ),
    script: [reject('p'), send('ADD')],
    last: { context: { n: 2 } },
  },
  'a machine that has failed stays so': {
    machine: (world) => chart({ invoke: { src: 'p' } }, { actors: { p: world.promise('p') } }),
    script: [reject('p', new Error('for good')), send('ANY'), advance(1)],
    last: { status: 'error', error: 'for good' },
  },
  'a machine that has ended stays so, with its output': {
    machine: () =>
      chart({ initial: 'a', states: { a: { on: { END: 'b' } }, b: { type: 'final' } }, output: 3 }),
    script: [send('END'), advance(1), send('END')],
    last: { status: 'done', output: 3 },
  },
  'a child that was read can be stopped': {
    machine: (world) =>
      chart(
        {
          initial: 'a',
          states: { a: { invoke: { src: 'p', onDone: 'c' }, on: { NEXT: 'b' } }, b: {}, c: {} },
        },
        { actors: { p: world.promise('p') } },
      ),
    script: [send('NOTHING'), send('NEXT'), resolve('p')],
    values: ['a', 'a', 'b', 'b'],
  },
  'an observable goes on telling after its actor was read': {
    machine: (world) =>
      chart(
        {
          context: { seen: null },
          invoke: {
            src: 'o',
            onSnapshot: {
              actions: assign({ seen: ({ event }) => (event as unknown as Told).snapshot.context }),
            },
          },
        },
        { actors: { o: world.observable('o') } },
      ),
    script: [next('o', 42), next('o', 100)],
    last: { context: { seen: 100 } },
  },
  'snapshots of children are not told to their parent again': {
    machine: (world) =>
      chart(
        {
          context: { n: 0 },
          invoke: [
            { src: 'o', onSnapshot: { actions: bump('n') } },
            { src: 'counter', id: 'c', onSnapshot: { actions: bump('n') } },
          ],
          on: { ANY: { actions: sends('c', { type: 'ADD' }) } },
        },
        { actors: { o: world.observable('o'), counter } },
      ),
    script: [next('o', 1), send('ANY'), next('o', 2), send('ANY')],
    last: { context: { n: 6 } },
  },
  'a delay that was under way ends when it would have ended': {
    machine: () =>
      chart({
        initial: 'a',
        context: { n: 0 },
        states: { a: { after: { 10: 'b' }, on: { ADD: { actions: bump('n') } } }, b: {} },
      }),
    script: [advance(6), send('ADD'), advance(3), advance(1)],
    values: ['a', 'a', 'a', 'a', 'b'],
  },
  'a history that was recorded is found again': {
    machine: () =>
      chart({
        initial: 'on',
        states: {
          on: {
            initial: 'a',
            on: { OFF: 'off' },
            states: { a: { on: { NEXT: 'b' } }, b: {}, h: { type: 'history' } },
          },
          off: { on: { ON: 'on.h' } },
        },
      }),
    script: [send('NEXT'), send('OFF'), send('ON')],
    values: [{ on: 'a' }, { on: 'b' }, 'off', { on: 'b' }],
  },
});

test.each(forgetful)('work that an actor began with is run again when it is read (%s)', async (treatment) => {
  const run = await new HostedRun(
    (world) =>
      chart(
        { initial: 'a', states: { a: { invoke: { src: 'p', onDone: 'b' } }, b: {} } },
        { actors: { p: world.promise('p') } },
      ),
    treatment,
  ).start(undefined);

  await run.crash();
  await run.take(resolve('p'));

  expect(run.world.begun).toEqual(['p', 'p']);
  expect((await run.look()).value).toBe('b');
});

test.each(forgetful)('work whose outcome is journaled is not run again (%s)', async (treatment) => {
  const run = await new HostedRun(
    (world) =>
      chart(
        { initial: 'a', states: { a: { invoke: { src: 'p', onDone: 'b' } }, b: {} } },
        { actors: { p: world.promise('p') } },
      ),
    treatment,
  ).start(undefined);

  await run.take(resolve('p'));
  await run.crash();

  expect(run.world.begun).toEqual(['p']);
});

test.each(forgetful)(
  'work that was left before it began is not begun by a restart either (%s)',
  async (treatment) => {
    const run = await new HostedRun(
      (world) =>
        chart(
          {
            initial: 'a',
            states: {
              a: { on: { GO: 'b' } },
              b: { entry: raises({ type: 'ON' }), invoke: { src: 'p' }, on: { ON: 'c' } },
              c: { on: { GO: 'a' } },
            },
          },
          { actors: { p: world.promise('p') } },
        ),
      treatment,
    ).start(undefined);

    await run.take(send('GO'));
    await run.crash();
    await run.take(send('GO'));

    expect((await run.look()).value).toBe('a');
    expect(run.world.begun).toEqual([]);
  },
);

test.each([
  ['its own child', { id: 'c' }, true],
  ['its own child without an id', {}, true],
  ['its own child that was stopped', { id: 'stopped' }, false],
])(
  'a tree whose context refers to %s is read from a snapshot if that keeps the reference',
  async (_whom, options, isUsed) => {
    const machine = chart(
      {
        context: { n: 0 },
        entry: [spawns('ref', 'counter', options), stopChild('stopped')],
        on: { ADD: { actions: [bump('n'), sends(({ context }) => context.ref, { type: 'ADD' })] } },
      },
      { actors: { counter } },
    );
    const host = new AskedHost(new Map([['thing', hostedMachine(machine, 1)]]));

    await host.send(address, 'ADD', {});
    await host.passivate();
    await host.send(address, 'ADD', {});

    expect((await host.snapshot(address)).context).toMatchObject({ n: 2 });
    expect(host.log.snapshotsUsed > 0).toBe(isUsed);
  },
);

test('a machine that cannot begin without an input is started with one, and read again', async () => {
  const machine = chart({
    context: ({ input }) => ({ name: input.name }),
    on: { RENAME: { actions: keep('name') } },
  });
  const host = new AskedHost(new Map([['thing', hostedMachine(machine)]]));

  const early = await host.send(address, 'RENAME', { name: 'bob' });
  const unseen = await host.snapshot(address).catch((error: Error) => error);
  const started = await host.start(address, { name: 'ann' });
  await host.passivate();
  const again = await host.start(address);

  expect(early).toMatchObject({
    code: 'HOLDFAST_ERR_TRANSITION_FAILED',
    message: expect.stringMatching(/could not be started: .*'name'\)\. It was given no input/),
  });
  expect(unseen).toMatchObject({ code: 'HOLDFAST_ERR_TRANSITION_FAILED' });
  expect(started).toMatchObject({ outcome: 'appended', version: 1 });
  expect(again).toMatchObject({ outcome: 'unchanged', version: 1 });
  expect((await host.snapshot(address)).context).toEqual({ name: 'ann' });
});

test('what an actor begins with depends on its own input, not on that of another', async () => {
  const machine = chart({
    context: ({ input }) => ({ isTimed: input.isTimed }),
    initial: 'sort',
    states: {
      sort: { always: [{ guard: ({ context }) => context.isTimed, target: 'timed' }, { target: 'still' }] },
      timed: { after: { 10: 'still' }, on: { ANY: {}, ADD: { actions: keep('got', 'type') } } },
      still: { on: { ADD: { actions: keep('got', 'type') } } },
    },
  });
  const definition = defineAggregate('thing', { machine, input: (id) => ({ isTimed: id === 'timed' }) });
  const host = new AskedHost(new Map([['thing', new HostedDefinition(definition)]]));

  await host.snapshot('thing/timed');
  await host.send('thing/still', 'ADD', {});
  await host.send('thing/timed', 'ADD', {});

  expect(host.log.effects.timersOf('thing/timed')).toEqual(['xstate.after.10.(machine).timed']);
});

test('an actor is read once for an effect that asks for a reading while its append is settled', async () => {
  const machine = chart({
    initial: 'a',
    states: {
      a: { on: { GO: { target: 'b', actions: ({ self }) => self.send({ type: 'NOBODY' }) } } },
      b: { on: { GO: 'a' } },
    },
  });
  const host = new AskedHost(new Map([['thing', hostedMachine(machine)]]));
  await host.start(address);
  let loads = 0;
  const load = host.log.load.bind(host.log);
  host.log.load = (request) => {
    loads++;
    return load(request);
  };

  await host.send(address, 'GO', {});
  await host.passivate();

  expect(loads).toBe(1);
});

test('a tree that has failed is not taken for an active one when its state is saved', async () => {
  const machine = chart(
    {
      context: { n: 0 },
      on: {
        ADD: { actions: bump('n') },
        BAD: {
          guard: () => {
            throw new Error('broken');
          },
          actions: bump('n'),
        },
      },
    },
    { actors: { child: chart({}) } },
  );
  const hosted = hostedMachine(machine, 2);
  const first = new AskedHost(new Map([['thing', hosted]]));
  await first.send(address, 'ADD', {});
  const message = { target: address, type: 'BAD', data: '{}', schemaVersion: null };
  first.log.effects.apply('thing/other', {
    consumed: null,
    timers: [],
    messages: [message],
    hasWork: null,
    deadLetter: null,
  });
  await first.deliver(first.log.effects.messages()[0] as never);
  const second = new AskedHost(new Map([['thing', hosted]]), { log: first.log });
  await second.wake(address);

  expect(await second.snapshot(address)).toMatchObject({ status: 'error' });
  expect(second.host.hotSnapshots()).toEqual([]);
});

test('actors of a tree that send each other events without an end fail the event, not the thread', async () => {
  const echo = chart({ on: { PING: { actions: tellsParent({ type: 'PONG' }) } } });
  const machine = chart(
    {
      context: { n: 0 },
      entry: spawnChild('echo', { id: 'e' }),
      on: { PONG: { actions: sends('e', { type: 'PING' }) }, ADD: { actions: bump('n') } },
    },
    { actors: { echo } },
  );
  const host = new AskedHost(new Map([['thing', hostedMachine(machine)]]));
  await host.start(address);

  const answer = await host.send(address, 'PONG', {});
  await host.send(address, 'ADD', {});

  expect(answer).toMatchObject({ code: 'HOLDFAST_ERR_TRANSITION_FAILED' });
  expect((answer as Error).message).toMatch(/without an end/);
  expect(await host.snapshot(address)).toMatchObject({ status: 'active', context: { n: 1 } });
});
