import { expect, test } from 'vitest';
import { assign, createMachine, fromPromise, sendParent, sendTo, setup } from 'xstate';
import { addressOf } from '../../actors/definitions/address-of.ts';
import { defineAggregate } from '../../actors/definitions/define-aggregate.ts';
import { HostedDefinition } from '../../actors/definitions/hosted-definition.ts';
import { holdfastError } from '../../runtime/errors/holdfast-error.ts';
import { AskedHost, foreignAppend, hostedMachine } from '../support/hosted-actor.ts';
import { InMemoryHostLog } from '../support/in-memory-host-log.ts';

type DocumentEvent =
  | { type: 'created'; title: string }
  | { type: 'revised'; body: string }
  | { type: 'published' };

const documentMachine = setup({
  types: {} as { context: { title: string; body: string }; events: DocumentEvent },
}).createMachine({
  initial: 'absent',
  context: { title: '', body: '' },
  states: {
    absent: { on: { created: { target: 'draft', actions: assign({ title: ({ event }) => event.title }) } } },
    draft: {
      on: {
        revised: {
          guard: ({ event }) => event.body !== '',
          actions: assign({ body: ({ event }) => event.body }),
        },
        published: 'published',
      },
    },
    published: {},
  },
});

const document = defineAggregate('document', {
  machine: documentMachine,
  commands: {
    write: ({ input }: { input: { title: string; body: string } }) => [
      { type: 'created', title: input.title },
      { type: 'revised', body: input.body },
    ],
    rest: () => [],
    refuse: () => {
      throw new Error('not today');
    },
    mumble: () => ({ type: '' }) as never,
  },
});

function open(): AskedHost {
  return new AskedHost(new Map([['document', new HostedDefinition(document)]]));
}

test('an event that a command decides on is checked against its schema, and is what that makes of it', async () => {
  const title = (value: unknown) => {
    const { title } = value as { title: string };
    return title === ''
      ? { issues: [{ message: 'is empty', path: ['title'] }] }
      : { value: { title: title.trim() } };
  };
  const checked = defineAggregate('document', {
    machine: documentMachine,
    commands: { create: ({ input }: { input: string }) => ({ type: 'created' as const, title: input }) },
    events: { created: { '~standard': { version: 1, vendor: 'test', validate: title } } },
  });
  const host = new AskedHost(new Map([['document', new HostedDefinition(checked)]]));

  const refused = await host.execute('document/plan', 'create', '');
  await host.execute('document/plan', 'create', ' Plan ');

  expect(refused).toMatchObject({
    code: 'HOLDFAST_ERR_PAYLOAD_INVALID',
    message: expect.stringContaining('created does not match its schema: title: is empty'),
  });
  expect(await host.snapshot('document/plan')).toMatchObject({ version: 1, state: 'draft' });
  expect(await host.log.events('document/plan')).toMatchObject([
    { type: 'created', data: '{"title":"Plan"}' },
  ]);
});

test('a rejection names the actor, its state, the event and what it accepts', async () => {
  const host = open();
  await host.send('document/plan', 'created', { title: 'Plan' });

  const refused = await host.send('document/plan', 'created', { title: 'Again' });
  await host.send('document/plan', 'published', {});
  const atTheEnd = await host.send('document/plan', 'created', { title: 'Again' });

  expect((refused as Error).message).toBe(
    'document/plan is "draft" and does not accept "created"; it accepts "published", "revised". [HOLDFAST_ERR_EVENT_REJECTED]',
  );
  expect((atTheEnd as Error).message).toBe(
    'document/plan is "published" and does not accept "created"; it accepts nothing. [HOLDFAST_ERR_EVENT_REJECTED]',
  );
  expect(atTheEnd).toMatchObject({
    address: 'document/plan',
    eventType: 'created',
    state: 'published',
    accepts: [],
  });
});

test('a rejection says when it was a guard that refused', async () => {
  const host = open();
  await host.send('document/plan', 'created', { title: 'Plan' });

  const refused = await host.send('document/plan', 'revised', { body: '' });

  expect((refused as Error).message).toContain(
    'does not accept "revised" now: its guard refused it, or the state forbids it;',
  );
});

test('a command becomes its events, all of them in one append', async () => {
  const host = open();

  const answer = await host.execute('document/plan', 'write', { title: 'Plan', body: 'Text' });

  expect(answer).toMatchObject({ outcome: 'appended', version: 2, state: 'draft' });
  expect((await host.log.events('document/plan')).map(({ type }) => type)).toEqual(['created', 'revised']);
});

test('a command of which one event is not accepted writes none of them', async () => {
  const host = open();

  const answer = await host.execute('document/plan', 'write', { title: 'Plan', body: '' });

  expect(answer).toMatchObject({ code: 'HOLDFAST_ERR_EVENT_REJECTED', eventType: 'revised' });
  expect(await host.log.events('document/plan')).toEqual([]);
  expect(await host.snapshot('document/plan')).toMatchObject({
    state: 'absent',
    context: { title: '', body: '' },
  });
});

test('a command that decides on nothing changes nothing and is answered', async () => {
  const host = open();

  const answer = await host.execute('document/plan', 'rest', undefined);

  expect(answer).toMatchObject({ outcome: 'unchanged', version: 0, state: 'absent' });
  expect(await host.log.events('document/plan')).toEqual([]);
});

test.each([
  [
    'that throws',
    'refuse',
    'HOLDFAST_ERR_COMMAND_FAILED',
    'document/plan refused the command "refuse": not today',
  ],
  ['that is not there', 'wirte', 'HOLDFAST_ERR_COMMAND_UNKNOWN', 'Did you mean "write"?'],
  ['named after a method of every object', 'toString', 'HOLDFAST_ERR_COMMAND_UNKNOWN', 'It has write, rest'],
  ['that decides on an event without a type', 'mumble', 'HOLDFAST_ERR_ARGUMENT_INVALID', 'must not be empty'],
])('a command %s is refused and writes nothing', async (_what, name, code, message) => {
  const host = open();

  const answer = await host.execute('document/plan', name, {});

  expect(answer).toMatchObject({ code, message: expect.stringContaining(message) });
  expect(await host.log.events('document/plan')).toEqual([]);
});

test('a command on another version than expected is refused with the version that it is at', async () => {
  const host = open();
  await host.send('document/plan', 'created', { title: 'Plan' });

  const answer = await host.send('document/plan', 'published', {}, { expectedVersion: 3 });

  expect(answer).toMatchObject({ code: 'HOLDFAST_ERR_VERSION_CONFLICT', expected: 3, actual: 1 });
});

test('a key that is used again for another command is a conflict, also when that would be rejected', async () => {
  const host = open();
  await host.send('document/plan', 'created', { title: 'Plan' }, { key: 'k' });

  const accepted = await host.send('document/plan', 'published', {}, { key: 'k' });
  const rejected = await host.send('document/plan', 'created', { title: 'Other' }, { key: 'k' });

  expect(accepted).toMatchObject({ code: 'HOLDFAST_ERR_IDEMPOTENCY_CONFLICT', key: 'k' });
  expect(rejected).toMatchObject({ code: 'HOLDFAST_ERR_IDEMPOTENCY_CONFLICT', key: 'k' });
});

test('a message to a kind that nobody defined is answered with the kinds that there are', async () => {
  const answer = await open().send('dokument/plan', 'created', {});

  expect(answer).toMatchObject({
    code: 'HOLDFAST_ERR_DEFINITION_UNKNOWN',
    message: expect.stringContaining('they export document'),
  });
});

test.each([5, null, 'text', [1], new Map([['a', 1]]), undefined])(
  'an event of another writer with the payload %j does not make the actor unreachable',
  async (data) => {
    const log = new InMemoryHostLog();
    await log.appendNow(foreignAppend('document/plan', 'noted', data));
    const host = new AskedHost(new Map([['document', new HostedDefinition(document)]]), { log });

    const answer = await host.send('document/plan', 'created', { title: 'Plan' });

    expect(answer).toMatchObject({ outcome: 'appended', version: 2, state: 'draft' });
  },
);

test('a recorded event at which the machine throws is reported with a code and the cause', async () => {
  const machine = setup({}).createMachine({
    on: {
      noted: {
        guard: () => {
          throw new Error('bad guard');
        },
      },
    },
  });
  const log = new InMemoryHostLog();
  await log.appendNow(foreignAppend('thing/1', 'noted', {}));
  const host = new AskedHost(new Map([['thing', hostedMachine(machine)]]), { log });

  const answer = await host.send('thing/1', 'noted', {});

  expect(answer).toMatchObject({
    code: 'HOLDFAST_ERR_TRANSITION_FAILED',
    message: expect.stringContaining('bad guard'),
  });
});

test('an effect that throws after its commit is reported and fails nobody', async () => {
  const machine = setup({
    actions: {
      explode: () => {
        throw new Error('boom');
      },
      failLater: (): unknown => Promise.reject(new Error('later')),
    },
  }).createMachine({ on: { go: { actions: ['explode', 'failLater'] } } });
  const host = new AskedHost(new Map([['thing', hostedMachine(machine)]]));

  const answer = await host.send('thing/1', 'go', {});
  await host.snapshot('thing/1');

  expect(answer).toMatchObject({ outcome: 'appended', version: 1 });
  expect(host.failedEffects).toEqual(['thing/1 explode', 'thing/1 failLater']);
});

test('no effect of an event is carried out when its append fails', async () => {
  const performed: number[] = [];
  const machine = setup({ actions: { perform: () => performed.push(1) } }).createMachine({
    on: { go: { actions: 'perform' } },
  });
  const host = new AskedHost(new Map([['thing', hostedMachine(machine)]]));
  host.log.breakWith(() => new Error('the disk is gone'));

  const answer = await host.send('thing/1', 'go', {});

  expect(answer).toMatchObject({ message: 'the disk is gone' });
  expect(performed).toEqual([]);
});

const careless = setup({
  types: {} as { context: { list: number[] }; events: { type: 'go' } | { type: 'fail' } },
}).createMachine({
  context: () => ({ list: [] }),
  on: {
    go: { actions: assign(({ context }) => ({ list: pushed(context.list) })) },
    fail: {
      actions: assign(({ context }) => {
        pushed(context.list);
        throw new Error('half way');
      }),
    },
  },
});

function pushed(list: number[]): number[] {
  list.push(list.length);
  return list;
}

test('an assign that changes the context in place and throws has changed nothing', async () => {
  const host = new AskedHost(new Map([['thing', hostedMachine(careless)]]));
  await host.send('thing/1', 'go', {});

  const answer = await host.send('thing/1', 'fail', {});
  const { context } = await host.snapshot('thing/1');

  expect(answer).toMatchObject({ code: 'HOLDFAST_ERR_TRANSITION_FAILED' });
  expect(context).toEqual({ list: [0] });
});

test('an assign that changes the context in place has changed nothing when its append fails', async () => {
  const host = new AskedHost(new Map([['thing', hostedMachine(careless)]]));
  await host.send('thing/1', 'go', {});
  const faults = [holdfastError('HOLDFAST_ERR_STORAGE_FULL', 'The disk is full.')];
  host.log.breakWith(() => faults.shift());

  const answers = await Promise.all([host.send('thing/1', 'go', {}), host.send('thing/1', 'go', {})]);
  const { context, version } = await host.snapshot('thing/1');

  expect(answers).toMatchObject([{ code: 'HOLDFAST_ERR_STORAGE_FULL' }, { outcome: 'appended', version: 2 }]);
  expect({ context, version }).toEqual({ context: { list: [0, 1] }, version: 2 });
});

test('an event that a state forbids is rejected, as XState says with can(), and not offered', async () => {
  const machine = setup({}).createMachine({
    initial: 'closed',
    states: { closed: { on: { note: {}, open: 'opened' } }, opened: {} },
    on: { note: '.closed' },
  });
  const host = new AskedHost(new Map([['door', hostedMachine(machine)]]));

  const answer = await host.send('door/1', 'note', {});

  expect(answer).toMatchObject({ code: 'HOLDFAST_ERR_EVENT_REJECTED', accepts: ['note', 'open'] });
  expect(await host.log.events('door/1')).toEqual([]);
});

class Money {
  readonly cents = 1;
}

const pay = fromPromise(async () => 1);
const keeper = defineAggregate('keeper', {
  machine: setup({
    types: {} as { context: { kept: unknown }; events: { type: 'go' } | { type: 'take' } },
    actors: { pay },
  }).createMachine({
    initial: 'idle',
    context: { kept: null },
    states: {
      idle: { on: { go: 'paying', take: { actions: assign({ kept: () => new Money() }) } } },
      paying: {
        invoke: { src: 'pay', onDone: { target: 'idle', actions: assign({ kept: () => new Money() }) } },
      },
    },
  }),
});

test('work that leads to a state which cannot be kept ends the actor, with the path, and so does a replay', async () => {
  const host = new AskedHost(new Map([['keeper', new HostedDefinition(keeper)]]));

  await host.send('keeper/one', 'go', {});
  await expect.poll(async () => (await host.log.events('keeper/one')).length).toBe(2);

  const failedState = { status: 'error', version: 2 };
  expect(await host.snapshot('keeper/one')).toMatchObject(failedState);
  const events = await host.log.events('keeper/one');
  expect(events.map(({ type }) => type)).toEqual(['go', 'holdfast.failed']);
  expect(events.at(-1)?.data).toContain('context.kept is an instance of Money');
  const next = new AskedHost(new Map([['keeper', new HostedDefinition(keeper)]]), { log: host.log });
  expect(await next.snapshot('keeper/one')).toMatchObject(failedState);
  expect(await next.send('keeper/one', 'go', {})).toMatchObject({ code: 'HOLDFAST_ERR_EVENT_REJECTED' });
});

test('what ends with an error half way through a timer is as it was before it, also when read again, and no timer of it is left', async () => {
  const child = createMachine({
    id: 'child',
    after: { 900: {} },
    on: { poke: { actions: sendParent({ type: 'poked' }) } },
  });
  const hosted = hostedMachine(
    setup({ types: {} as { context: { n: number } }, actors: { child } }).createMachine({
      initial: 'waiting',
      context: { n: 0 },
      invoke: { src: 'child', id: 'child' },
      states: {
        waiting: {
          after: {
            10: {
              target: 'on',
              actions: [assign({ n: ({ context }) => context.n + 1 }), sendTo('child', { type: 'poke' })],
            },
          },
        },
        on: {
          after: { 800: 'waiting' },
          on: { poked: { actions: sendTo('nobody' as never, { type: 'poke' } as never) } },
        },
      },
    }),
  );
  const host = new AskedHost(new Map([['thing', hosted]]));
  await host.start('thing/1');
  const { effects } = host.log;
  effects.now += 10;

  for (const timer of effects.due()) await host.deliver(timer);
  const live = await host.snapshot('thing/1');
  const anew = await new AskedHost(new Map([['thing', hosted]]), { log: host.log }).snapshot('thing/1');

  expect(live).toMatchObject({ status: 'error', version: 2, state: 'waiting', context: { n: 0 } });
  expect(anew).toMatchObject({ status: 'error', version: 2, state: 'waiting', context: { n: 0 } });
  expect(effects.nextDueAt()).toBeUndefined();
});

test('an actor that has ended with an error says so to whoever sends to it, also by message', async () => {
  const failing = createMachine({
    initial: 'on',
    states: {
      on: {
        after: { 5: { target: 'off', actions: assign(() => decline()) } },
        on: { poke: {}, tell: { actions: sendTo(addressOf('thing', '1'), { type: 'poke' }) } },
      },
      off: {},
    },
  });
  const host = new AskedHost(new Map([['thing', hostedMachine(failing)]]));
  const { effects } = host.log;
  await host.start('thing/1');
  effects.now += 5;
  for (const timer of effects.due()) await host.deliver(timer);
  const ended = 'thing/1 is "on", where it ended with an error (it is stuck), and does not accept';

  expect(await host.send('thing/1', 'poke', {})).toMatchObject({
    message: `${ended} "poke"; it accepts nothing. [HOLDFAST_ERR_EVENT_REJECTED]`,
  });
  await host.send('thing/2', 'tell', {});
  for (const message of effects.messages()) await host.deliver(message);
  expect(effects.letters).toMatchObject([{ detail: `thing/2 sent it, and ${ended} it.` }]);
});

function decline(): never {
  throw new Error('it is stuck');
}

test.each([
  ['an error', new Error('not today')],
  ['a text', 'not today'],
  ['nothing', undefined],
])('what an input of the definition throws refuses a start with a code: %s', async (_name, thrown) => {
  const machine = setup({ types: {} as { context: object; input: object } }).createMachine({ context: {} });
  const input = (): never => {
    throw thrown;
  };
  const thing = new HostedDefinition(defineAggregate('thing', { machine, input }));
  const asked = new AskedHost(new Map([['thing', thing]]));

  await expect(asked.start('thing/1')).resolves.toMatchObject({
    code: 'HOLDFAST_ERR_TRANSITION_FAILED',
    message: expect.stringContaining(String(thrown).replace('Error: ', '')) as string,
  });
});

test.each([
  ['an error', new Error('not today')],
  ['a text', 'not today'],
  ['nothing', undefined],
])(
  'what is thrown where an event of a command is looked at refuses it with a code: %s',
  async (_name, thrown) => {
    const look = () => ({
      type: 'looked' as const,
      get at(): number {
        throw thrown;
      },
    });
    const machine = setup({ types: {} as { events: { type: 'looked'; at: number } } }).createMachine({
      on: { looked: {} },
    });
    const thing = new HostedDefinition(defineAggregate('thing', { machine, commands: { look } }));
    const asked = new AskedHost(new Map([['thing', thing]]));

    await expect(asked.execute('thing/1', 'look', null)).resolves.toMatchObject({
      code: 'HOLDFAST_ERR_COMMAND_FAILED',
    });
  },
);
