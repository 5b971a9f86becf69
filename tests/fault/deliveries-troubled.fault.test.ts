import { join } from 'node:path';
import {
  alwaysOnline,
  type ConnectivityProbe,
  createRuntime,
  type OperationContext,
  type Runtime,
  type StoreAndForward,
  type StoreAndForwardOptions,
} from 'holdfast';
import { InMemoryOperations } from 'holdfast/resilience';
import { expect, onTestFinished, test, vi } from 'vitest';
import { ChannelRecord } from '../support/channel-record.ts';
import { codedError } from '../support/coded-error.ts';
import { CountingReceiver } from '../support/counting-receiver.ts';
import { postOperation } from '../support/post-operation.ts';
import { SmallDisk, whyNoMount } from '../support/small-disk.ts';
import { expectWholeQueues } from '../support/stored-operations.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { testThoroughly } from '../support/thorough.ts';

type Deliver = (payload: unknown, context: OperationContext) => Promise<void>;
type Outbox = StoreAndForward<{ deliver: Deliver }>;

async function open(
  deliver: Deliver,
  options: StoreAndForwardOptions = {},
  {
    database = join(temporaryFolder(), 'app.db'),
    probe = alwaysOnline,
  }: { database?: string; probe?: ConnectivityProbe } = {},
): Promise<{ runtime: Runtime; outbox: Outbox }> {
  const connectivity = { probe, pauseMs: 1, offlineIntervalMs: 10 };
  const runtime = await createRuntime({ database, modules: [], hosts: 1, connectivity });
  onTestFinished(() => runtime.close());
  const outbox = runtime.storeAndForward('outbox', { deliver }, { delayMs: 5, delayMaxMs: 20, ...options });
  return { runtime, outbox };
}

const slowly = { timeout: 10_000, interval: 10 };
const numbers = (count: number): number[] => Array.from({ length: count }, (_, number) => number);

test('a server that hangs, resets, refuses for now and for good: each operation ends as promised, in order', async () => {
  const receiver = await CountingReceiver.open();
  const { outbox } = await open((_, context) => postOperation(receiver.url, context), {
    timeoutMs: 1_000,
    concurrency: 7,
  });
  const failed = new ChannelRecord<{ operationId: string; retryAt: number }>('holdfast:operation:failed');
  receiver.answer = (response, { idempotencyKey }, number) => {
    const [trouble] = idempotencyKey.split('-');
    if (trouble === 'refused') response.writeHead(404);
    if (number === 1 && idempotencyKey === 'hangs-0') return;
    if (number < 3) {
      if (trouble === 'resets') return void response.destroy();
      if (trouble === 'breaks') {
        response.writeHead(200, { 'content-length': 100 }).write('half of it');
        return void response.destroy();
      }
      if (trouble === 'busy') response.writeHead(503);
      if (idempotencyKey === 'asks-0' && number === 1) response.writeHead(429, { 'retry-after': '1' });
    }
    response.end();
  };
  const troubles = ['hangs', 'resets', 'breaks', 'busy', 'asks', 'refused', 'works'];
  const before = Date.now();
  const asking = await outbox.enqueue(0, { idempotencyKey: 'asks-0', orderKey: 'asks' });

  for (const number of numbers(3))
    await Promise.all(
      troubles.map((trouble) =>
        outbox.enqueue(number, { idempotencyKey: `${trouble}-${number}`, orderKey: trouble }),
      ),
    );
  await expect.poll(async () => (await outbox.metrics()).depth, slowly).toBe(0);

  const countsOf = (trouble: string) => numbers(3).map((number) => receiver.countOf(`${trouble}-${number}`));
  expect(Object.fromEntries(troubles.map((trouble) => [trouble, countsOf(trouble)]))).toEqual({
    hangs: [2, 1, 1],
    resets: [3, 3, 3],
    breaks: [3, 3, 3],
    busy: [3, 3, 3],
    asks: [2, 1, 1],
    refused: [1, 1, 1],
    works: [1, 1, 1],
  });
  for (const [trouble, keys] of receiver.firsts())
    expect(keys).toEqual(numbers(3).map((number) => `${trouble}-${number}`));
  expect((await outbox.list({ states: ['dead'] })).map(({ orderKey }) => orderKey)).toEqual(
    Array(3).fill('refused'),
  );
  expect(await outbox.metrics()).toMatchObject({ replayed: 18, dead: 3, parked: 0 });
  // It waited as long as it was asked to, although the longest wait is far shorter.
  const asked = failed.messages.filter(({ operationId }) => operationId === asking.operationId);
  expect(asked.map(({ retryAt }) => retryAt >= before + 1_000)).toEqual([true]);
});

test('a server that hangs holds up neither what comes later nor what is tried again, and a drain waits for it', async () => {
  const hanging = Promise.withResolvers<void>();
  const began: unknown[] = [];
  const { outbox } = await open(
    async (payload, { attempt }) => {
      began.push(payload);
      if (payload === 'hangs') await hanging.promise;
      if (payload === 'fails' && attempt < 3) throw Object.assign(new Error('busy'), { status: 503 });
    },
    { concurrency: 2 },
  );
  await outbox.enqueue('hangs', { orderKey: 'a' });
  await expect.poll(() => began, slowly).toEqual(['hangs']);
  let isDrained = false;
  const drained = outbox.drain();
  const drainEnd = drained.finally(() => {
    isDrained = true;
  });
  drainEnd.catch(() => undefined);

  for (const payload of ['later', 'fails']) await outbox.enqueue(payload, { orderKey: payload });
  await outbox.enqueue('behind', { orderKey: 'a' });

  await expect.poll(() => began, slowly).toEqual(['hangs', 'later', 'fails', 'fails', 'fails']);
  await expect.poll(() => outbox.metrics(), slowly).toMatchObject({ replayed: 2, running: 1, depth: 2 });
  expect(isDrained).toBe(false);
  hanging.resolve();
  expect(await drained).toMatchObject({ failed: 2 });
  await expect.poll(() => outbox.metrics(), slowly).toMatchObject({ replayed: 4, depth: 0 });
  expect(began.at(-1)).toBe('behind');
});

test('whoever asks for a longer wait than the longest gets it, also from a queue that looks meanwhile', async () => {
  const begun: unknown[] = [];
  const { outbox } = await open(async (payload) => {
    begun.push(payload);
    if (payload === 'asks')
      throw Object.assign(new Error('not now'), { status: 429, headers: { 'retry-after': '3600' } });
  });
  const failed = new ChannelRecord<{ retryAt: number }>('holdfast:operation:failed');
  const { operationId } = await outbox.enqueue('asks');
  const { retryAt } = await failed.nth(1);

  for (const number of numbers(5)) await outbox.enqueue(number);
  await expect.poll(() => begun.length).toBe(6);

  expect(await outbox.get(operationId)).toMatchObject({ state: 'waiting', dueAt: retryAt });
});

test('a clock that is moved back and forward under load delays nothing, and repeats and reorders nothing', async () => {
  const receiver = await CountingReceiver.open();
  receiver.answer = (response, _, number) => void response.writeHead(number === 1 ? 503 : 200).end();
  const { outbox } = await open((_, context) => postOperation(receiver.url, context), { concurrency: 4 });
  const failed = new ChannelRecord('holdfast:operation:failed');
  const now = Date.now.bind(Date);
  let offsetMs = 0;
  const clock = vi.spyOn(Date, 'now').mockImplementation(() => now() + offsetMs);
  onTestFinished(() => clock.mockRestore());
  const hour = 3_600_000;

  for (const [step, offset] of [0, -2 * hour, 3 * hour, -24 * hour, 0].entries()) {
    offsetMs = offset;
    for (const number of numbers(10))
      await outbox.enqueue(number, {
        idempotencyKey: `${step}-${number}`,
        orderKey: `key-${number % 3}`,
        delayMs: number % 4 === 0 ? 5 : 0,
      });
    await failed.nth(step * 10 + 3);
  }
  await expect.poll(async () => (await outbox.metrics()).depth, slowly).toBe(0);

  expect(await outbox.metrics()).toMatchObject({ queued: 50, replayed: 50, failed: 50, dead: 0 });
  expect(receiver.deliveries).toHaveLength(100);
  for (const [, keys] of receiver.firsts()) expect(keys).toEqual(keys.toSorted());
});

test('an attempt that nobody answers while the network is away does not count', async () => {
  let result: 'online' | 'offline' = 'online';
  let attempts = 0;
  const deliver: Deliver = (_, { signal }) => {
    // As with a cable that is pulled: the call hangs, and whoever looks finds no network.
    if (++attempts > 2) return Promise.resolve();
    result = 'offline';
    return new Promise((__, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  };
  const probe: ConnectivityProbe = { check: () => result };
  const { runtime, outbox } = await open(deliver, { timeoutMs: 20, attemptsMax: 1 }, { probe });
  const failed = new ChannelRecord('holdfast:operation:failed');
  const { operationId } = await outbox.enqueue('patient', { idempotencyKey: 'k' });

  for (const number of numbers(2)) {
    await failed.nth(number + 1);
    expect(await outbox.get(operationId)).toMatchObject({ state: 'waiting', attempts: 0 });
    result = 'online';
    await runtime.connectivity.check();
  }

  await expect.poll(async () => (await outbox.get(operationId))?.state, slowly).toBe('done');
  expect(await outbox.metrics()).toMatchObject({ failed: 0, dead: 0, replayed: 1 });
});

test('a network that changes again while its return is noted is known as it is in the end', async () => {
  const noting = Promise.withResolvers<void>();
  class SlowOperations extends InMemoryOperations {
    override async networkIsBack(queue: string, spreadMs: number, now: number): Promise<void> {
      await noting.promise;
      return super.networkIsBack(queue, spreadMs, now);
    }
  }
  const done: unknown[] = [];
  const store = new SlowOperations();
  const { runtime, outbox } = await open(async (payload) => void done.push(payload), {
    store,
    onDegraded: 'queue',
  });
  await runtime.connectivity.override('offline');
  await outbox.enqueue('first');
  await outbox.pause();
  await outbox.resume();
  expect(done).toEqual([]);

  await runtime.connectivity.override('degraded');
  await runtime.connectivity.override('online');
  await expect.poll(() => done, slowly).toEqual(['first']);
  noting.resolve();
  await outbox.pause();
  await outbox.resume();
  await outbox.enqueue('second');

  await expect.poll(() => done, slowly).toEqual(['first', 'second']);
});

test('whatever a handler throws, and whoever judges it, its operation comes to an end', async () => {
  const thrown = [Object.create(null), new Proxy({}, { get: () => () => 1 }), null, undefined, Symbol('s')];
  const { outbox } = await open(
    async (payload) => {
      throw thrown[payload as number];
    },
    {
      attemptsMax: 2,
      isPermanent: () => {
        throw new Error('cannot judge');
      },
    },
  );

  for (const index of thrown.keys()) await outbox.enqueue(index);
  await expect.poll(() => outbox.metrics(), slowly).toMatchObject({ dead: thrown.length, depth: 0 });

  const [first] = await outbox.list({ states: ['dead'] });
  expect(first).toMatchObject({ attempts: 2, lastError: 'an error that cannot be shown' });
});

test('a full disk refuses what is handed in, loses nothing that was kept, and repeats nothing that was done', async ({
  skip,
}) => {
  const why = whyNoMount();
  skip(why !== undefined, why);
  const disk = new SmallDisk(4_096);
  const database = join(disk.folder, 'app.db');
  const receiver = await CountingReceiver.open();
  const held: (() => void)[] = [];
  let isHeld = true;
  receiver.answer = (response) => void (isHeld ? held.push(() => response.end()) : response.end());
  const { runtime, outbox } = await open(
    (_, context) => postOperation(receiver.url, context),
    { concurrency: 2 },
    { database },
  );
  const kept: string[] = [];
  const refused: unknown[] = [];
  const fillUp = async (prefix: string) => {
    for (const number of numbers(2_000)) {
      const key = `${prefix}-${String(number).padStart(4, '0')}`;
      try {
        await outbox.enqueue('x'.repeat(1_000), { idempotencyKey: key, orderKey: `key-${number % 3}` });
        kept.push(key);
      } catch (error) {
        return void refused.push(error);
      }
    }
  };

  for (const number of numbers(3)) {
    await outbox.enqueue('x', { idempotencyKey: `a-${number}`, orderKey: `key-${number}` });
    kept.push(`a-${number}`);
  }
  await expect.poll(() => held.length, slowly).toBe(2);
  disk.fill(200);
  await fillUp('b');
  disk.fill();
  isHeld = false;
  for (const release of held) release();
  // Their ends cannot be written: nothing else may begin, and they may not begin again.
  await expect(outbox.cancel('nobody')).resolves.toBe(false);
  await fillUp('c');
  const whileFull = { deliveries: receiver.deliveries.length, running: (await outbox.metrics()).running };
  disk.free();
  await outbox.enqueue('after', { idempotencyKey: 'd', orderKey: 'key-0' });
  kept.push('d');
  await expect.poll(async () => (await outbox.metrics()).depth, slowly).toBe(0);
  await runtime.close();

  expect(refused).toEqual(Array(2).fill(codedError('HOLDFAST_ERR_STORAGE_FULL')));
  // The log of the database may have had room for one of the two.
  expect(whileFull.deliveries).toBe(2);
  expect(whileFull.running).toBeGreaterThan(0);
  expect(kept.length).toBeGreaterThan(5);
  expect(kept.map((key) => receiver.countOf(key))).toEqual(kept.map(() => 1));
  for (const [, keys] of receiver.firsts()) expect(keys).toEqual(keys.toSorted());
  expect(new Set(expectWholeQueues(database).values())).toEqual(new Set(['done']));
});

testThoroughly(
  'a soak: two thousand operations of fifty order keys, eight at a time, a fifth of which fails',
  async () => {
    const began = new Map<string, number[]>();
    const done = new Map<string, number[]>();
    const noted = (map: Map<string, number[]>, key: string, number: number) =>
      map.set(key, [...(map.get(key) ?? []), number]);
    const { outbox } = await open(
      async (payload, { orderKey }) => {
        noted(began, orderKey ?? '', payload as number);
        await Promise.resolve();
        if (Math.random() < 0.2) throw Object.assign(new Error('answered 503'), { status: 503 });
        noted(done, orderKey ?? '', payload as number);
      },
      { concurrency: 8, delayMs: 1, delayMaxMs: 5, attemptsMax: 100 },
      {
        database: join(
          whyNoMount() === undefined ? new SmallDisk(65_536).folder : temporaryFolder(),
          'app.db',
        ),
      },
    );

    await Promise.all(
      numbers(2_000).map((number) => outbox.enqueue(number, { orderKey: `key-${number % 50}` })),
    );
    await expect.poll(async () => (await outbox.metrics()).depth, { ...slowly, timeout: 60_000 }).toBe(0);

    expect(done.size).toBe(50);
    for (const [orderKey, own] of done) {
      const first = Number(orderKey.slice(4));
      expect(own).toEqual(numbers(40).map((number) => first + 50 * number));
      expect(began.get(orderKey)).toEqual(began.get(orderKey)?.toSorted((a, b) => a - b));
    }
    expect(await outbox.metrics()).toMatchObject({ queued: 2_000, replayed: 2_000, dead: 0, parked: 0 });
  },
);
