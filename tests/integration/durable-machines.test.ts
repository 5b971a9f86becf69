import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { books, light, order } from '../support/fixtures/order.ts';
import { patient, patientForMs } from '../support/fixtures/patient.ts';
import { openRuntime } from '../support/open-runtime.ts';
import { sharedRuntime } from '../support/shared-runtime.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** For tests that look at actors of their own. */
const shared = sharedRuntime(['order', 'talkative']);

const typesOf = async (
  runtime: Awaited<ReturnType<typeof openRuntime>>,
  stream: string,
): Promise<string[]> => {
  const types: string[] = [];
  for await (const { type } of runtime.store.read(stream)) types.push(type);
  return types;
};

test('a machine with a promise, a callback, a child machine and a message runs to its end', async () => {
  const runtime = await openRuntime(['order']);
  const emitted: unknown[] = [];
  runtime.on(order, 'paidFor', (event) => emitted.push(event));

  await runtime.actor(order, '1').send({ type: 'pay', cents: 7, fails: false });
  const done = await runtime.actor(order, '1').waitFor(({ status }) => status === 'done');
  const booked = await runtime.actor(books, 'main').waitFor(({ context }) => context.entries > 0);

  expect(done.context).toMatchObject({
    paid: 7,
    key: 'order/1@1["0.order.paying"]',
    heard: 'bye',
    hurried: true,
  });
  expect(done.output).toEqual({ total: 7 });
  expect(booked.context).toEqual({ total: 7, entries: 1 });
  expect(emitted).toEqual([{ address: 'order/1', id: '1', event: { type: 'paidFor', cents: 7 } }]);
  expect((await runtime.store.stats()).messages).toBe(0);
});

test('the failure of a promise reaches the machine as the error that it was', async () => {
  const runtime = await shared();
  const actor = runtime.actor(order, 'declined');

  await actor.send({ type: 'pay', cents: 1, fails: true });
  const failed = await actor.waitFor(({ state }) => state === 'failed');

  expect(failed.context.error).toBeInstanceOf(TypeError);
  expect((failed.context.error as Error).message).toBe('declined');
});

test('an actor that is started goes on by its timers, without an event', async () => {
  const runtime = await openRuntime(['order']);
  const actor = runtime.actor(light, '1');

  const receipt = await actor.start();
  await actor.waitFor(({ status }) => status === 'done');

  expect(receipt).toMatchObject({ version: 1, state: 'green' });
  expect(await typesOf(runtime, 'light/1')).toEqual([
    'holdfast.started',
    'xstate.after.20.light.green',
    'xstate.after.20.light.yellow',
  ]);
  expect((await runtime.store.stats()).timers).toBe(0);
});

test('starting an actor twice changes nothing, and with an input it is refused', async () => {
  const runtime = await shared();
  const actor = runtime.actor(order, 'started twice');

  await actor.start();
  const again = await actor.start();

  expect(again.version).toBe(1);
  await expect(actor.start({ input: { other: 1 } as never })).rejects.toMatchObject({
    code: 'HOLDFAST_ERR_EVENT_REJECTED',
  });
});

test('a start that is repeated under its key changes nothing, also after others', async () => {
  const { invited } = await import('../support/fixtures/talkative.ts');
  const runtime = await shared();
  const actor = runtime.actor(invited, 'repeated');
  const start = { input: { first: 1 }, idempotencyKey: 'invite' };

  await actor.start(start);
  await actor.send({ type: 'counted', n: 2 });
  const again = await actor.start(start);

  expect(again).toMatchObject({ version: 1, repeated: true });
  expect((await actor.snapshot()).version).toBe(2);
  await expect(actor.start({ ...start, input: { first: 9 } })).rejects.toMatchObject({
    code: 'HOLDFAST_ERR_IDEMPOTENCY_CONFLICT',
  });
  await expect(actor.start({ input: { first: 1 } })).rejects.toMatchObject({
    code: 'HOLDFAST_ERR_EVENT_REJECTED',
  });
});

test('a timer is cancelled with the event that leaves its state', async () => {
  const runtime = await openRuntime(['order']);
  const actor = runtime.actor(light, '1');

  await actor.start();
  await actor.send({ type: 'stop' });

  expect((await runtime.store.stats()).timers).toBe(0);
  expect((await actor.snapshot()).state).toBe('off');
});

test('work that was interrupted by a restart fails if it is declared to, and the tags tell that it is under way', async () => {
  const first = await openRuntime(['order']);
  await first.actor(order, '1').send({ type: 'wait' });
  expect((await first.actor(order, '1').snapshot()).hasTag('busy')).toBe(true);
  await first.close();

  const second = await openRuntime(['order'], { database: first.database });
  const failed = await second.actor(order, '1').waitFor(({ state }) => state === 'failed');

  expect(failed.context.error).toMatchObject({
    code: 'HOLDFAST_ERR_WORK_INTERRUPTED',
    src: 'hanging',
    idempotencyKey: 'order/1@1["0.order.hanging"]',
  });
});

test('work is resumed after a restart without anybody asking for its actor', async () => {
  const first = await openRuntime(['order']);
  await first.actor(order, '1').send({ type: 'wait' });
  await first.close();

  const second = await openRuntime(['order'], { database: first.database });
  const { signal } = new AbortController();
  for await (const { stream, type } of second.store.subscribe({ after: 1, signal })) {
    expect({ stream, type }).toEqual({ stream: 'order/1', type: 'holdfast.settled' });
    break;
  }
});

test('a message that is not accepted is kept as a dead letter', async () => {
  const runtime = await openRuntime(['order', 'talkative']);
  const { talkative } = await import('../support/fixtures/talkative.ts');

  await runtime.actor(talkative, '1').send({ type: 'talk', to: 'light/9', what: 'nonsense' });
  await runtime.actor(talkative, '1').send({ type: 'talk', to: 'books/main', what: 'booked' });
  await runtime.actor(books, 'main').waitFor(({ version }) => version === 1);

  // Messages to different actors do not wait for each other.
  await expect
    .poll(() => runtime.deadLetters())
    .toMatchObject([
      {
        address: 'light/9',
        type: 'nonsense',
        reason: 'not-accepted',
        detail: expect.stringContaining('talkative/1'),
      },
    ]);
  expect((await runtime.store.stats()).messages).toBe(0);
});

test('messages to an actor that has no input yet are delivered once it is started with one', async () => {
  const { invited, talkative } = await import('../support/fixtures/talkative.ts');
  const runtime = await shared();
  const delayed = Promise.withResolvers<unknown>();
  subscribe('holdfast:delivery:delayed', delayed.resolve);

  await runtime.actor(talkative, '1').send({ type: 'count', to: 'invited/1', from: 2, upTo: 3 });
  expect(await delayed.promise).toMatchObject({ address: 'invited/1', type: 'counted', attempt: 1 });
  unsubscribe('holdfast:delivery:delayed', delayed.resolve);
  await runtime.actor(invited, '1').start({ input: { first: 1 } });

  const { context } = await runtime.actor(invited, '1').waitFor(({ version }) => version === 3);
  expect(context.heard).toEqual([1, 2, 3]);
});

test('thousands of messages to a kind that nobody hosts hold up no other, and arrive once somebody hosts it', async () => {
  const { talkative } = await import('../support/fixtures/talkative.ts');
  const database = join(temporaryFolder(), 'app.db');
  const many = 2_500;
  {
    await using runtime = await openRuntime(['talkative'], { database });
    const talker = runtime.actor(talkative, '1');
    await Promise.all(
      Array.from({ length: many }, (_, index) =>
        talker.send({ type: 'talk', to: `books/${index % 1_500}`, what: 'booked' }),
      ),
    );
    await talker.send({ type: 'count', to: 'talkative/2', from: 1, upTo: 2 });
    const { context } = await runtime
      .actor(talkative, '2')
      .waitFor(({ context: { heard } }) => heard.length === 2);

    expect(context.heard).toEqual([1, 2]);
    expect((await runtime.store.stats()).messages).toBe(many);
  }

  const runtime = await openRuntime(['talkative', 'order'], { database });
  await expect.poll(async () => (await runtime.store.stats()).messages, { timeout: 20_000 }).toBe(0);

  const entries = async (id: string) => (await runtime.actor(books, id).snapshot()).context.entries;
  expect([await entries('0'), await entries('999'), await entries('1000'), await entries('1499')]).toEqual([
    2, 2, 1, 1,
  ]);
});

test('a timer that begins anew with a start waits for as long as it would have from its beginning, and comes once', async () => {
  const database = join(temporaryFolder(), 'app.db');
  const ids = Array.from({ length: 20 }, (_, id) => `${id}`);
  const before = await openRuntime(['patient'], { database });
  await Promise.all(ids.map((id) => before.actor(patient, id).start()));
  await before.close();
  // As if they were for a second, most of which has passed.
  const { DatabaseSync } = await import('node:sqlite');
  const file = new DatabaseSync(database);
  file.exec(`update timers set delay_ms = 1000, due_at = due_at - ${patientForMs - 100}`);
  file.close();

  const openedAt = Date.now();
  const runtime = await openRuntime(['patient'], { database });
  const beside = await openRuntime(['patient'], { database });
  await Promise.all(ids.map((id) => beside.actor(patient, id).waitFor(({ state }) => state === 'over')));

  expect(Date.now() - openedAt).toBeGreaterThanOrEqual(1_000);
  const types = await Promise.all(ids.map((id) => typesOf(runtime, `patient/${id}`)));
  const once = ['holdfast.started', `xstate.after.${patientForMs}.patient.waiting`];
  expect(types).toEqual(ids.map(() => once));
  expect((await runtime.health()).pending).toMatchObject({ timers: 0 });
});
