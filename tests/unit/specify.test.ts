import { expect, test } from 'vitest';
import { assign, emit, fromPromise, sendTo, setup } from 'xstate';
import { z } from 'zod';
import { addressOf } from '../../actors/definitions/address-of.ts';
import { defineAggregate } from '../../actors/definitions/define-aggregate.ts';
import { defineProjection } from '../../runtime/projections/define-projection.ts';
import { defineReactor } from '../../runtime/projections/define-reactor.ts';
import { rejection, specify } from '../../runtime/testing/index.ts';

const account = defineAggregate('account', {
  machine: setup({
    types: {} as {
      context: { cents: number };
      events: { type: 'paid'; cents: number } | { type: 'closed' };
      emitted: { type: 'low' };
    },
    actors: { audit: fromPromise(async () => 'fine') },
  }).createMachine({
    id: 'account',
    initial: 'open',
    context: { cents: 0 },
    states: {
      open: {
        on: {
          paid: {
            actions: [
              assign({ cents: ({ context, event }) => context.cents + event.cents }),
              emit({ type: 'low' }),
              sendTo(
                () => addressOf('ledger', 'main'),
                ({ event }) => ({ type: 'note', cents: event.cents }),
              ),
            ],
          },
          closed: { guard: ({ context }) => context.cents === 0, target: 'auditing' },
        },
      },
      auditing: { invoke: { src: 'audit', onDone: 'closed', onError: 'open' }, after: { 1000: 'open' } },
      closed: { type: 'final' },
    },
  }),
  commands: {
    withdraw: {
      input: z.object({ cents: z.int().min(1) }),
      decide: ({ input, context }) => {
        if (input.cents > context.cents) throw new Error('overdrawn');
        return { type: 'paid', cents: -input.cents };
      },
    },
  },
});

const paid = { type: 'paid', cents: 100 } as const;

test('given what has happened, when something happens, then events follow and the state is so', () => {
  specify(account)
    .given([paid])
    .when({ command: 'withdraw', input: { cents: 30 } })
    .then([{ type: 'paid', cents: -30 }])
    .thenState({ value: 'open', context: { cents: 70 } })
    .thenAsked({
      messages: [{ to: 'ledger/main', event: { type: 'note', cents: -30 } }],
      emitted: [{ type: 'low' }],
    })
    .when({ command: 'withdraw', input: { cents: 70 } })
    .when({ type: 'closed' })
    .then([{ type: 'closed' }])
    .thenAsked({ work: ['audit'], timers: [{ event: 'xstate.after.1000.account.auditing', delayMs: 1_000 }] })
    .when({ work: 'audit', done: 'fine' })
    .thenState({ status: 'done' });
  specify(account)
    .given([{ type: 'closed' }])
    .when({ timer: 'xstate.after.1000.account.auditing' })
    .thenState(({ value }) => value === 'open');
});

test('what is refused is refused, by its code and its message', () => {
  const { given } = specify(account);
  given([])
    .when({ command: 'withdraw', input: { cents: 1 } })
    .then(rejection('HOLDFAST_ERR_COMMAND_FAILED', 'overdrawn'));
  given([])
    .when({ command: 'withdraw', input: { cents: 0 } })
    .then(rejection('HOLDFAST_ERR_PAYLOAD_INVALID'));
  given([paid])
    .when({ type: 'closed' })
    .then(rejection(undefined, /does not accept "closed"/))
    .thenState({ value: 'open' });
});

test.each([
  [() => specify(account).given([paid]).when(paid).then([]), 'expected the events [], got [{ cents: 100'],
  [
    () =>
      specify(account)
        .given([])
        .when({ type: 'closed' })
        .then([{ type: 'closed' }])
        .thenState({ value: 'open' }),
    "got { value: 'auditing' }",
  ],
  [() => specify(account).given([]).when(paid).then(rejection()), 'expected a refusal, and it was accepted'],
  [
    () =>
      specify(account)
        .given([paid])
        .when({ type: 'closed' })
        .then([{ type: 'closed' }]),
    'it was refused: ',
  ],
  [
    () =>
      specify(account).given([paid]).when({ type: 'closed' }).then(rejection('HOLDFAST_ERR_COMMAND_FAILED')),
    'expected HOLDFAST_ERR_COMMAND_FAILED, got',
  ],
  [() => specify(account).given([paid, { type: 'closed' }]), 'what is given could not have happened'],
  [() => specify(account).given([]).when({ timer: 'tick' }), 'there is no timer "tick" now'],
  [
    () =>
      specify(account)
        .given([])
        .when(paid)
        .thenAsked({ work: ['audit'] }),
    "expected to have asked for { work: ['audit'] }, got { work: [] }",
  ],
  [
    () =>
      specify(account)
        .given([])
        .when(paid)
        .thenState(({ context }) => context.cents < 0),
    'the function returned false',
  ],
  [
    () =>
      specify(account)
        .given([])
        .when(paid)
        .thenState(async () => Promise.reject(new Error('nobody hears this'))),
    'returned a promise, and has to answer at once',
  ],
])('%#: what is not as expected is told with what led to it', (scenario, message) => {
  expect(scenario).toThrow(
    expect.objectContaining({
      code: 'HOLDFAST_ERR_EXPECTATION_FAILED',
      message: expect.stringContaining(message),
      expected: expect.anything(),
    }),
  );
  expect(scenario).toThrow(/\n {2}(given|when) /);
});

const titles = defineProjection('titles', {
  version: 1,
  tables: 'create table titles (id text primary key, title text not null) strict',
  on: {
    'document.created': ({ id, data }, sql) =>
      sql`insert into titles values (${id}, ${data['title'] as string})`,
    'document.renamed': ({ id, data }, sql) =>
      sql`update titles set title = ${data['title'] as string} where id = ${id}`,
  },
});
const created = { stream: 'document/1', type: 'created', data: { title: 'Tides' } };

test('a projection into tables is asked with a query, and one that folds for its state', async () => {
  await specify(titles)
    .given([
      created,
      { ...created, stream: 'document/2' },
      { stream: 'document/1', type: 'renamed', data: { title: 'Ebb' } },
    ])
    .when('select title from titles where id = ?', ['1'])
    .then([{ title: 'Ebb' }]);
  const count = defineProjection('count', {
    version: 1,
    initial: () => ({ count: 0 }),
    partition: ({ kind }) => kind,
    on: { '*': ({ count }) => ({ count: count + 1 }) },
  });
  await specify(count).given([created, created]).when({ partition: 'document' }).then({ count: 2 });
  await expect(
    specify(count).given([created]).when({ partition: 'document' }).then({ count: 2 }),
  ).rejects.toThrow('expected to find { count: 2 }, got { count: 1 }');
});

test('a reactor is asked for its messages', async () => {
  const greeter = defineReactor('greeter', {
    on: {
      'document.created': ({ id, data }, send) =>
        send(addressOf('mailer', 'main'), { type: 'greet', document: id, title: data['title'] }),
    },
  });
  await specify(greeter)
    .given([created])
    .then([{ to: 'mailer/main', event: { document: '1', title: 'Tides', type: 'greet' } }]);
});

test('events of an older shape are upcast', async () => {
  const document = defineAggregate('document', {
    machine: setup({ types: {} as { events: { type: 'created'; title: string } } }).createMachine({
      on: { created: {} },
    }),
    upcast: { created: [(data) => ({ title: (data as { name: string }).name })] },
  });
  await specify(titles)
    .given([{ ...created, data: { name: 'Old' }, schemaVersion: 1 }], { from: [document] })
    .when('select title from titles')
    .then([{ title: 'Old' }]);
});

test('what a handler throws and what SQLite refuses are told with their event', async () => {
  await expect(specify(titles).given([created, created]).when('select 1').then([])).rejects.toMatchObject({
    code: 'HOLDFAST_ERR_PROJECTION_FAILED',
    position: 2,
  });
  const broken = defineProjection('broken', {
    version: 1,
    initial: () => 0,
    on: {
      'document.created': () => {
        throw new Error('oh');
      },
    },
  });
  await expect(specify(broken).given([created]).then(1)).rejects.toThrow(
    '"broken" failed on the event at position 1: oh',
  );
});

test('a specification that has ended may be returned to the test runner, which awaits it', async () => {
  const ended = specify(account)
    .given([])
    .when({ type: 'paid', cents: 1 })
    .then([{ type: 'paid', cents: 1 }]);
  await expect(Promise.resolve(ended as unknown)).resolves.toBeUndefined();
  await expect(Promise.resolve(ended.thenState({ value: 'open' }) as unknown)).resolves.toBeUndefined();
  await expect(Promise.resolve(ended.when({ type: 'paid', cents: 1 }) as unknown)).rejects.toThrow(
    'it was awaited before',
  );
});

test('a specification that is awaited instead of ended, or asks the wrong thing, says so', async () => {
  await expect(Promise.resolve(specify(titles).given([created]).when('select 1') as unknown)).rejects.toThrow(
    'it was awaited before',
  );
  await expect(Promise.resolve(specify(account).given([]).when(paid) as unknown)).rejects.toThrow(
    'it was awaited before',
  );
  await expect(specify(titles).given([created]).then([])).rejects.toThrow(
    "ask for rows with when('select ...')",
  );
  expect(() => specify(account).given([]).then([])).toThrow('call when(step) before');
  expect(() => specify({} as never)).toThrow('takes a machine, or what defineAggregate');
  expect(() => specify(titles).given([{ type: 'created' } as never])).toThrow('has a stream');
});
