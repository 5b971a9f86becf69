import { expect, test } from 'vitest';
import {
  createMachine,
  emit,
  enqueueActions,
  fromCallback,
  fromPromise,
  raise,
  sendParent,
  sendTo,
  setup,
} from 'xstate';
import { addressOf } from '../../actors/definitions/address-of.ts';
import type { AnyStateMachine } from '../../actors/xstate-adapter.ts';
import { encode } from '../../runtime/protocol/codec.ts';
import { AskedHost, hostedMachine } from '../support/hosted-actor.ts';

/** What nothing keeps. */
const live = () => 1;

/** Actions that ask for what cannot be kept, and what the failure says of it. */
const asking = [
  ['an emitted event', emit({ type: 'told', live } as never), 'emit "told".live is a function'],
  ['an event that is none', emit(() => undefined as never), 'A machine emits events such as { type'],
  ['an event without a type', emit({ told: 1 } as never), 'A machine emits events such as { type'],
  ['a message', sendTo(addressOf('thing', '2'), { type: 'said', live } as never), 'said.live is a function'],
  ['a delayed event', raise({ type: 'due', live } as never, { delay: 5 }), 'due.live is a function'],
  [
    'the name of a delayed event',
    raise({ type: 'due' } as never, { delay: 5, id: (() => 'due') as never }),
    'The id of a delayed event must be a string',
  ],
  [
    'a message of a type that the journal speaks in',
    sendTo(addressOf('thing', '2'), { type: 'holdfast.started' }),
    'does not begin with "holdfast.", got "holdfast.started"',
  ],
  ['a delayed event without a type', raise({} as never, { delay: 5 }), 'must be a string'],
] as const;

const undeclared = [
  'an actor that is not declared',
  enqueueActions(({ enqueue }) => enqueue.spawnChild(fromPromise(async () => 1))),
  'not declared in setup({ actors })',
] as const;

type Action = (typeof asking)[number][1] | (typeof undeclared)[1];

/** A host of one kind, which tells what is durable of `thing/1` however it came to be. */
function open(machine: AnyStateMachine) {
  const hosted = () => new Map([['thing', hostedMachine(machine)]]);
  const host = new AskedHost(hosted());
  const anew = () => new AskedHost(hosted(), { log: host.log });
  return {
    host,
    types: async () => (await host.log.events('thing/1')).map(({ type }) => type),
    lastData: async () => (await host.log.events('thing/1')).at(-1)?.data,
    both: async () => [await host.snapshot('thing/1'), await anew().snapshot('thing/1')],
  };
}

/** A machine whose work leads to `actions`; a timer of it is under way all the while. */
function working(actions: Action): AnyStateMachine {
  return setup({ actors: { load: fromPromise(async () => 1) } }).createMachine({
    initial: 'idle',
    states: {
      idle: { on: { go: 'loading' } },
      loading: {
        invoke: { src: 'load', onDone: { target: 'ready', actions: actions as never } },
        after: { 900: 'idle' },
      },
      ready: {},
    },
  }) as AnyStateMachine;
}

test.each([...asking, undeclared])(
  'work that asks for %s that cannot be kept ends the actor, and so does a replay',
  async (_what, actions, message) => {
    const { host, types, both, lastData } = open(working(actions));

    await host.send('thing/1', 'go', {});
    await expect.poll(types).toEqual(['go', 'holdfast.failed']);

    expect(await lastData()).toContain(JSON.stringify(message).slice(1, -1));
    const ended = { status: 'error', version: 2, state: 'loading' };
    expect(await both()).toMatchObject([ended, ended]);
    expect(host.log.effects.nextDueAt()).toBeUndefined();
    expect(host.failedEffects).toEqual([]);
    expect(host.emitted).toEqual([]);
  },
);

test('work that leads to states which exclude each other ends the actor, and so does a replay', async () => {
  const machine = setup({ actors: { load: fromPromise(async () => 1) } }).createMachine({
    initial: 'both',
    states: {
      both: {
        type: 'parallel',
        invoke: { src: 'load', id: 'load' },
        states: {
          one: {
            initial: 'a',
            states: {
              a: { on: { 'xstate.done.actor.load': '#past' } },
              past: { id: 'past', type: 'history' },
            },
          },
          other: { on: { 'xstate.done.actor.load': { target: '#out', reenter: true } } },
        },
      },
      out: { id: 'out' },
    },
  });
  const { host, types, both, lastData } = open(machine as AnyStateMachine);

  await host.start('thing/1');
  await expect.poll(types).toEqual(['holdfast.started', 'holdfast.failed']);

  expect(await lastData()).toContain('transitions that exclude each other');
  const ended = { status: 'error', version: 2, state: { both: { one: 'a', other: {} } } };
  expect(await both()).toMatchObject([ended, ended]);
});

test.each(asking)(
  'a timer that asks for %s that cannot be kept ends its actor, and comes no more',
  async (_what, actions, message) => {
    const machine = createMachine({
      initial: 'waiting',
      states: {
        waiting: { after: { 10: { target: 'due', actions: actions as never }, 20: 'due' } },
        due: {},
      },
    });
    const { host, types, both, lastData } = open(machine as AnyStateMachine);
    await host.start('thing/1');
    const { effects } = host.log;
    effects.now += 10;

    const answers = await Promise.all(effects.due().map((timer) => host.deliver(timer)));

    expect(answers).toMatchObject([{ outcome: 'appended', version: 2 }]);
    expect(await types()).toEqual(['holdfast.started', 'holdfast.failed']);
    expect(await lastData()).toContain(JSON.stringify(message).slice(1, -1));
    const ended = { status: 'error', version: 2, state: 'waiting' };
    expect(await both()).toMatchObject([ended, ended]);
    expect(effects.nextDueAt()).toBeUndefined();
  },
);

test('a child that asks for what cannot be kept as its timer is due ends its whole actor, also in a replay, and leaves no timer', async () => {
  const child = createMachine({
    after: { 10: { actions: sendParent({ type: 'said', live } as never) }, 900: {} },
  });
  const machine = setup({ actors: { child } }).createMachine({
    initial: 'waiting',
    invoke: { src: 'child', id: 'child' },
    states: {
      // What the step itself has asked of timers, and what it has called off, is ended with the rest.
      waiting: {
        after: { 800: 'said' },
        on: { said: { target: 'said', actions: emit(({ event }) => ({ ...event, type: 'told' }) as never) } },
      },
      said: { after: { 700: 'waiting' } },
    },
  });
  const { host, types, both } = open(machine as AnyStateMachine);
  await host.start('thing/1');
  const { effects } = host.log;
  effects.now += 10;

  for (const timer of effects.due()) await host.deliver(timer);

  expect(await types()).toEqual(['holdfast.started', 'holdfast.failed']);
  const ended = { status: 'error', version: 2, state: 'waiting' };
  expect(await both()).toMatchObject([ended, ended]);
  expect(effects.nextDueAt()).toBeUndefined();
});

test('the first message to an actor whose beginning asks for what cannot be kept ends it, and is delivered', async () => {
  const machine = createMachine({ entry: asking[0][1] as never, on: { said: { actions: () => undefined } } });
  const { host, types, both } = open(machine as AnyStateMachine);
  const sender = new AskedHost(
    new Map([
      [
        'sender',
        hostedMachine(
          createMachine({ on: { go: { actions: sendTo(addressOf('thing', '1'), { type: 'said' }) } } }),
        ),
      ],
    ]),
    { log: host.log },
  );
  await sender.send('sender/1', 'go', {});

  for (const message of host.log.effects.messages()) await host.deliver(message);

  expect(await types()).toEqual(['holdfast.failed']);
  const ended = { status: 'error', version: 1 };
  expect(await both()).toMatchObject([ended, ended]);
  expect(host.emitted).toEqual([]);
});

test('an event that is too deep to be kept together with its failure fails the actor all the same', async () => {
  let deep: unknown = 1;
  for (let level = 0; level < 999; level++) deep = [deep];
  const machine = setup({
    actors: { load: fromCallback(({ sendBack }) => sendBack({ type: 'loaded', deep })) },
  }).createMachine({
    invoke: { src: 'load' },
    on: { loaded: { actions: asking[0][1] as never } },
  });
  expect(() => encode({ event: { deep } })).toThrow('nested');
  const { host, types, lastData } = open(machine as AnyStateMachine);

  await host.start('thing/1');
  await expect.poll(types).toEqual(['holdfast.started', 'holdfast.failed']);

  expect(await lastData()).toContain('is a function');
});

test('an event from within that cannot even be read is told as an effect that failed', async () => {
  const { host, types } = open(createMachine({ on: { said: {} } }) as AnyStateMachine);
  await host.start('thing/1');

  host.host.receive({
    id: 0,
    operation: 'deliver',
    address: 'thing/1',
    name: 'said',
    payload: 'no text of the codec',
    metadata: null,
    expectedVersion: null,
    idempotencyKey: null,
    fingerprint: '',
    delivery: { consumed: null, actor: '', passOnTo: null, sender: null, workKey: null },
  });

  await expect.poll(() => host.failedEffects).toEqual(['thing/1 said']);
  expect(await types()).toEqual(['holdfast.started']);
});

test('a callback that tells an event of a type that the journal speaks in has failed', async () => {
  const tell = fromCallback(({ sendBack }) => sendBack({ type: 'holdfast.failed', error: new Error('no') }));
  const machine = setup({ actors: { tell } }).createMachine({
    initial: 'on',
    states: { on: { invoke: { src: 'tell', onError: 'off' }, on: { '*': {} } }, off: {} },
  });
  const { host, types, both } = open(machine as AnyStateMachine);

  await host.start('thing/1');
  await expect.poll(types).toEqual(['holdfast.started', 'holdfast.settled']);

  expect(await both()).toMatchObject([{ state: 'off' }, { state: 'off' }]);
});

test('an action that sends its actor an event of such a type has failed, and nothing is written', async () => {
  const actions = ({ self }: { self: { send(event: never): void } }) =>
    self.send({ type: 'holdfast.delivered', actor: '' } as never);
  const { host, types } = open(createMachine({ on: { go: { actions } } }) as AnyStateMachine);

  await host.send('thing/1', 'go', {});

  await expect.poll(() => host.failedEffects).toEqual(['thing/1 holdfast.delivered']);
  expect(await types()).toEqual(['go']);
});

test('what cannot be kept is refused on the newest state only, and once', async () => {
  const machine = createMachine({
    initial: 'first',
    states: {
      first: { on: { go: { actions: asking[0][1] as never }, next: 'second' } },
      second: { on: { go: 'third' } },
      third: {},
    },
  });
  const { host } = open(machine as AnyStateMachine);
  await host.start('thing/1');
  const refused = await host.send('thing/1', 'go', {});
  const other = new AskedHost(new Map([['thing', hostedMachine(machine as AnyStateMachine)]]), {
    log: host.log,
  });
  await host.snapshot('thing/1');
  await other.send('thing/1', 'next', {});

  const answer = await host.send('thing/1', 'go', {});

  expect(refused).toMatchObject({ code: 'HOLDFAST_ERR_PAYLOAD_INVALID', path: 'emit "told".live' });
  expect(answer).toMatchObject({ outcome: 'appended', version: 3, state: 'third' });
});
