import { join } from 'node:path';
import { setTimeout as rest } from 'node:timers/promises';
import type { OperationContext, OperationHandlers, StoreAndForward, StoreAndForwardOptions } from 'holdfast';
import { InMemoryOperations } from 'holdfast/resilience';
import { expect, test } from 'vitest';
import { ChannelRecord } from '../support/channel-record.ts';
import { ChildProgram } from '../support/child-program.ts';
import { codedError } from '../support/coded-error.ts';
import { hostile } from '../support/fixtures/hostile.ts';
import { lastSign } from '../support/last-sign.ts';
import { openResilient, type Resilient, sharedResilient } from '../support/resilient-runtime.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** A handler that remembers what it was given, and does what the test says. */
class Receiver {
  readonly got: unknown[] = [];
  readonly contexts: OperationContext[] = [];
  act: (payload: unknown, context: OperationContext) => unknown = () => undefined;
  readonly deliver = async (payload: unknown, context: OperationContext): Promise<void> => {
    this.got.push(payload);
    this.contexts.push(context);
    await this.act(payload, context);
  };
}

const shared = sharedResilient();

interface Given<Handlers extends OperationHandlers> extends Resilient {
  readonly queue: string;
  readonly outbox: StoreAndForward<Handlers>;
}

const fast: StoreAndForwardOptions = { delayMs: 1, delayMaxMs: 5 };

/** A queue of a runtime that has others as well. */
async function open<Handlers extends OperationHandlers>(
  handlers: Handlers,
  options: StoreAndForwardOptions = {},
  network: 'online' | 'offline' = 'online',
): Promise<Given<Handlers>> {
  const { fresh, ...resilient } = await shared(network);
  return withOutbox(resilient, handlers, options, fresh('outbox'));
}

/** A queue of a runtime of its own. */
async function openAlone<Handlers extends OperationHandlers>(
  handlers: Handlers,
  {
    network = 'online',
    database = join(temporaryFolder(), 'app.db'),
    modules = [],
  }: { network?: 'online' | 'offline'; database?: string; modules?: readonly string[] } = {},
  options: StoreAndForwardOptions = {},
): Promise<Given<Handlers>> {
  return withOutbox(await openResilient(network, modules, { database }), handlers, options);
}

function withOutbox<Handlers extends OperationHandlers>(
  resilient: Resilient,
  handlers: Handlers,
  options: StoreAndForwardOptions,
  queue = 'outbox',
): Given<Handlers> {
  const outbox = resilient.runtime.storeAndForward(queue, handlers, { ...fast, ...options });
  return { ...resilient, queue, outbox };
}

interface OfQueue {
  readonly queue: string;
  readonly operationId: string;
}

/** What is published of the operations of a queue on a channel, and nothing of others. */
const recordOf = <Details>(queue: string, what: 'ended' | 'failed') =>
  new ChannelRecord<OfQueue & Details>(`holdfast:operation:${what}`, (message) => message.queue === queue);

const numbers = (count: number): number[] => Array.from({ length: count }, (_, number) => number);
const httpError = (status: number, headers = {}) =>
  Object.assign(new Error(`answered ${status}`), { status, headers });
const networkError = (code: string) => Object.assign(new Error('connect'), { code });

test('an operation is kept before it is promised, and carried out once with its context', async () => {
  const receiver = new Receiver();
  const { outbox } = await open({ deliver: receiver.deliver });

  const enqueued = await outbox.enqueue(
    { url: 'http://a', at: new Date(0) },
    { idempotencyKey: 'a', orderKey: 'k' },
  );

  expect(enqueued).toEqual({ operationId: expect.any(String), status: 'enqueued', state: 'waiting' });
  await expect.poll(() => receiver.got).toEqual([{ url: 'http://a', at: new Date(0) }]);
  expect(receiver.contexts[0]).toMatchObject({ idempotencyKey: 'a', orderKey: 'k', attempt: 1 });
  expect(receiver.contexts[0]?.operationId).toBe(enqueued.operationId);
  await expect
    .poll(() => outbox.metrics())
    .toMatchObject({ queued: 1, replayed: 1, failed: 0, depth: 0, bytes: 0 });
});

test('a response that a handler throws is let go of, and keeps no connection', async () => {
  const receiver = new Receiver();
  const { outbox } = await open({ deliver: receiver.deliver });
  const letGo: number[] = [];
  receiver.act = (_payload, { attempt }) => {
    if (attempt === 3) return;
    throw new Response(new ReadableStream({ cancel: () => void letGo.push(attempt) }), { status: 503 });
  };

  await outbox.enqueue('a');

  await expect.poll(() => outbox.metrics()).toMatchObject({ replayed: 1, failed: 2 });
  expect(letGo).toEqual([1, 2]);
});

test('a runtime that only has a queue gives signs of life as long as it has an operation in hand', async () => {
  const { runtime, outbox } = await openAlone({ deliver: () => new Promise(() => undefined) });
  await outbox.enqueue('a');
  await expect.poll(() => outbox.metrics()).toMatchObject({ running: 1 });
  const first = lastSign(runtime.database);

  await expect.poll(() => lastSign(runtime.database), { timeout: 20_000 }).toBeGreaterThan(first);
});

test('operations are carried out in the order in which they came, once each, when the network is back', async () => {
  const receiver = new Receiver();
  const { outbox, become } = await open({ deliver: receiver.deliver }, {}, 'offline');
  for (const number of numbers(40)) await outbox.enqueue(number);
  expect(receiver.got).toEqual([]);
  expect(await outbox.metrics()).toMatchObject({ queued: 40, replayed: 0, depth: 40 });

  await become('online');

  await expect.poll(() => receiver.got.length).toBe(40);
  expect(receiver.got).toEqual(numbers(40));
  await expect.poll(() => outbox.metrics()).toMatchObject({ replayed: 40, depth: 0, oldestAgeMs: 0 });
});

test('a network that goes away under load loses nothing, repeats nothing that was done, and keeps the order', async () => {
  const receiver = new Receiver();
  const { runtime, outbox, probe } = await open({ deliver: receiver.deliver });
  const done: unknown[] = [];
  let calls = 0;
  receiver.act = (payload) => {
    if (++calls % 7 === 0) {
      probe.result = 'offline';
      throw networkError('ENETUNREACH');
    }
    done.push(payload);
  };
  const enqueueing = Promise.all(numbers(60).map((number) => outbox.enqueue(number)));

  while (done.length < 60) {
    await runtime.connectivity.check();
    probe.result = 'online';
  }

  await enqueueing;
  expect(done).toEqual(numbers(60));
  expect(await outbox.metrics()).toMatchObject({ queued: 60, dead: 0 });
});

test('what another process has left is carried out by the next, without being asked for', async () => {
  const database = join(temporaryFolder(), 'app.db');
  const first = await openAlone({ deliver: () => undefined }, { network: 'offline', database });
  for (const number of numbers(3)) await first.outbox.enqueue(number);
  await first.runtime.close();
  const receiver = new Receiver();

  const { outbox } = await openAlone({ deliver: receiver.deliver }, { database });

  await expect.poll(() => receiver.got).toEqual([0, 1, 2]);
  await expect.poll(() => outbox.metrics()).toMatchObject({ queued: 3, replayed: 3 });
});

test('one that fails waits and lets others go first, but never those of its order key', async () => {
  const receiver = new Receiver();
  const slow = { delayMs: 30, delayMaxMs: 30, attemptsMax: 1_000 };
  const { outbox, become } = await open({ deliver: receiver.deliver }, slow, 'offline');
  const done: string[] = [];
  receiver.act = (payload) => {
    // For as long as it has let no other go first.
    if (payload === 'a1' && !done.includes('b1')) throw httpError(503);
    done.push(payload as string);
  };
  const [a, b] = [{ orderKey: 'a' }, { orderKey: 'b' }];
  await Promise.all([
    outbox.enqueue('a1', a),
    outbox.enqueue('a2', a),
    outbox.enqueue('b1', b),
    outbox.enqueue('a3', a),
    outbox.enqueue('none'),
  ]);
  await become('online');

  await expect.poll(() => done.length).toBe(5);

  expect(done.filter((name) => name.startsWith('a'))).toEqual(['a1', 'a2', 'a3']);
  const attempts = receiver.contexts
    .filter((_, index) => receiver.got[index] === 'a1')
    .map(({ attempt }) => attempt);
  expect(attempts.length).toBeGreaterThan(1);
  expect(attempts).toEqual(attempts.map((_, index) => index + 1));
  expect(await outbox.metrics()).toMatchObject({ failed: attempts.length - 1, replayed: 5 });
});

test('one is dead after its last attempt, or at once for a permanent error, and can be sent again', async () => {
  const receiver = new Receiver();
  const { queue, outbox } = await open({ deliver: receiver.deliver }, { attemptsMax: 3 });
  const ended = recordOf(queue, 'ended');
  receiver.act = (payload) => {
    throw httpError(payload as number);
  };
  const unlucky = await outbox.enqueue(500);
  await ended.nth(1);
  const wrong = await outbox.enqueue(404);
  await ended.nth(2);

  expect(receiver.got).toEqual([500, 500, 500, 404]);
  const dead = await outbox.list({ states: ['dead'] });
  expect(dead).toMatchObject([
    { operationId: unlucky.operationId, payload: 500, attempts: 3, lastError: 'answered 500' },
    { operationId: wrong.operationId, payload: 404, attempts: 1 },
  ]);
  receiver.act = () => undefined;
  expect(await outbox.requeue(unlucky.operationId)).toBe(true);
  await expect.poll(() => receiver.got.length).toBe(5);
  expect(await outbox.discard(wrong.operationId)).toBe(true);
  await expect.poll(() => outbox.metrics()).toMatchObject({ dead: 2, replayed: 1, depth: 0 });
  expect(await outbox.get(wrong.operationId)).toBeUndefined();
});

test('a call that its handler aborts itself, since it takes too long, is tried again', async () => {
  const receiver = new Receiver();
  const { outbox } = await open({ deliver: receiver.deliver }, { attemptsMax: 3 });
  receiver.act = async () => {
    if (receiver.got.length > 1) return;
    const own = new AbortController();
    own.abort();
    await rest(60_000, undefined, { signal: own.signal });
  };
  await outbox.enqueue('slow');

  await expect.poll(() => outbox.metrics()).toMatchObject({ dead: 0, failed: 1, replayed: 1, depth: 0 });
});

test('a server that cannot be reached never makes an operation dead', async () => {
  const receiver = new Receiver();
  const { outbox } = await open({ deliver: receiver.deliver }, { attemptsMax: 2 });
  receiver.act = () => {
    if (receiver.got.length <= 6)
      throw networkError(receiver.got.length % 2 === 0 ? 'ECONNREFUSED' : 'ECONNRESET');
  };

  await outbox.enqueue('well');

  await expect.poll(() => outbox.metrics()).toMatchObject({ replayed: 1, dead: 0 });
  expect(receiver.got.length).toBe(7);
});

test('who asks for a longer wait gets it', async () => {
  const receiver = new Receiver();
  const { queue, outbox } = await open({ deliver: receiver.deliver });
  const failed = recordOf<{ retryAt: number }>(queue, 'failed');
  receiver.act = () => {
    throw httpError(429, { 'retry-after': '3600' });
  };
  const before = Date.now();
  await outbox.enqueue('well');

  expect((await failed.nth(1)).retryAt).toBeGreaterThanOrEqual(before + 3_600_000);
  receiver.act = () => undefined;
  expect(await outbox.drain()).toEqual({ replayed: 1, failed: 0, left: 0 });
});

test('a handler that hangs is told to end, its operation is tried again, and later ones of its key wait', async () => {
  const receiver = new Receiver();
  const { outbox } = await open({ deliver: receiver.deliver }, { timeoutMs: 20, concurrency: 2 });
  let isEnded = false;
  receiver.act = (payload, { signal, attempt }) => {
    if (payload === 'next') expect(isEnded).toBe(true);
    if (payload !== 'slow' || attempt > 1) return undefined;
    return new Promise((_, reject) =>
      signal.addEventListener('abort', () => {
        isEnded = true;
        reject(signal.reason);
      }),
    );
  };
  await outbox.enqueue('slow', { orderKey: 'k' });
  await outbox.enqueue('next', { orderKey: 'k' });

  await expect.poll(() => receiver.got).toEqual(['slow', 'slow', 'next']);
  await expect.poll(() => outbox.metrics()).toMatchObject({ failed: 1, replayed: 2 });
});

test('the same key is the same operation, and another operation under it is refused', async () => {
  const receiver = new Receiver();
  const { outbox } = await open({ deliver: receiver.deliver });
  const first = await outbox.enqueue('once', { idempotencyKey: 'k' });
  const again = await outbox.enqueue('once', { idempotencyKey: 'k' });
  await expect.poll(() => outbox.metrics()).toMatchObject({ replayed: 1 });
  const late = await outbox.enqueue('once', { idempotencyKey: 'k' });

  expect(again).toMatchObject({ status: 'duplicate', operationId: first.operationId });
  expect(late).toMatchObject({ status: 'duplicate', state: 'done' });
  await expect(outbox.enqueue('other', { idempotencyKey: 'k' })).rejects.toEqual(
    codedError('HOLDFAST_ERR_IDEMPOTENCY_CONFLICT', { key: 'k' }),
  );
  expect(receiver.got).toEqual(['once']);
});

test('a later payload replaces one that waits, an expired one is never carried out, and priority goes first', async () => {
  const receiver = new Receiver();
  const { queue, outbox, become } = await open({ deliver: receiver.deliver }, {}, 'offline');
  const ended = recordOf(queue, 'ended');
  await outbox.enqueue('draft 1', { coalesceKey: 'draft' });
  await outbox.enqueue('stale', { ttlMs: 1 });
  await outbox.enqueue('urgent', { priority: 10 });
  expect(await outbox.enqueue('draft 2', { coalesceKey: 'draft' })).toMatchObject({ status: 'coalesced' });
  await new Promise((resolve) => setTimeout(resolve, 5));

  await become('online');

  await expect.poll(() => receiver.got).toEqual(['urgent', 'draft 2']);
  expect(await ended.nth(1)).toMatchObject({ state: 'expired' });
  await expect
    .poll(() => outbox.metrics())
    .toMatchObject({ expired: 1, coalesced: 1, replayed: 2, depth: 0 });
});

test('an operation that is cancelled is never carried out; one that is under way is told', async () => {
  const receiver = new Receiver();
  const { outbox, become } = await open({ deliver: receiver.deliver }, {}, 'offline');
  const waits = await outbox.enqueue('waits');
  const runs = await outbox.enqueue('runs');
  const deaf = await outbox.enqueue('deaf');
  expect(await outbox.cancel(waits.operationId)).toBe(true);
  const [began, end] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  receiver.act = (payload, { signal }) => {
    if (payload === 'deaf') return end.promise;
    began.resolve();
    return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  };
  await become('online');
  await began.promise;

  expect(await outbox.cancel(runs.operationId)).toBe(true);
  expect(receiver.contexts[0]?.signal.reason).toEqual(codedError('HOLDFAST_ERR_CANCELLED'));
  await expect.poll(() => receiver.got).toEqual(['runs', 'deaf']);
  const tooLate = outbox.cancel(deaf.operationId);
  end.resolve();
  expect(await tooLate).toBe(false);
  expect(await outbox.cancel(runs.operationId)).toBe(true);
  expect(await outbox.cancel('unknown')).toBe(false);
  await expect.poll(() => outbox.metrics()).toMatchObject({ cancelled: 2, replayed: 1, depth: 0 });
});

test('a paused queue begins nothing, and a drain carries out what waits for its next attempt', async () => {
  const receiver = new Receiver();
  const { queue, outbox } = await open(
    { deliver: receiver.deliver },
    { delayMs: 60_000, delayMaxMs: 60_000 },
  );
  await outbox.pause();
  await outbox.enqueue('later');
  const stop = new AbortController();
  const draining = outbox.drain({ signal: stop.signal });
  stop.abort(new Error('enough'));
  await expect(draining).rejects.toThrow('enough');
  expect(receiver.got).toEqual([]);
  receiver.act = () => {
    if (receiver.got.length === 1) throw httpError(500);
  };
  const failed = recordOf(queue, 'failed');
  await outbox.resume();
  await failed.nth(1);

  expect(await outbox.drain()).toEqual({ replayed: 1, failed: 0, left: 0 });
  expect(receiver.got).toEqual(['later', 'later']);
});

test('what is handed in while the queue drains is carried out after it, without an end to wait for', async () => {
  const receiver = new Receiver();
  const { outbox, become } = await open({ deliver: receiver.deliver }, {}, 'offline');
  receiver.act = async (payload) => {
    if ((payload as number) < 10) await outbox.enqueue((payload as number) + 2);
  };
  await outbox.enqueue(0);
  await outbox.enqueue(1);
  const draining = outbox.drain();
  await become('online');
  await draining;

  await expect.poll(() => receiver.got).toEqual(numbers(12));
});

/** Another process hands in an operation just before this one has its queue drained. */
class SharedOperations extends InMemoryOperations {
  #last: Parameters<InMemoryOperations['enqueue']> | undefined;
  override enqueue(...given: Parameters<InMemoryOperations['enqueue']>) {
    this.#last = given;
    return super.enqueue(...given);
  }
  override async hurry(...given: Parameters<InMemoryOperations['hurry']>) {
    await super.hurry(...given);
    const [[operation] = [], limits, now] = this.#last ?? [];
    if (operation === undefined || limits === undefined || now === undefined) return;
    const other = { ...operation, operationId: 'of another', orderKey: 'b', payload: '"of another"' };
    await super.enqueue([other], limits, now);
  }
}

test('a drain while an operation hangs ends with it, whoever handed in another one meanwhile', async () => {
  const hanging = Promise.withResolvers<void>();
  const receiver = new Receiver();
  receiver.act = (payload) => payload === 'hangs' && hanging.promise;
  const { outbox } = await open(
    { deliver: receiver.deliver },
    { store: new SharedOperations(), concurrency: 2 },
  );
  await outbox.enqueue('hangs', { orderKey: 'a' });
  await expect.poll(() => receiver.got).toEqual(['hangs']);

  const drained = outbox.drain({ signal: AbortSignal.timeout(10_000) });
  await expect.poll(() => receiver.got).toEqual(['hangs', 'of another']);
  hanging.resolve();

  expect(await drained).toEqual({ replayed: 2, failed: 0, left: 0 });
});

test('a queue is bounded, and says what it does with what is too much', async () => {
  const full = codedError('HOLDFAST_ERR_QUEUE_FULL');
  const { outbox, runtime } = await open({ deliver: () => undefined }, { itemsMax: 1 }, 'offline');
  await outbox.enqueue('first');
  await expect(outbox.enqueue('second')).rejects.toEqual(full);
  const bytes = runtime.storeAndForward('bytes', { deliver: () => undefined }, { bytesMax: 10 });
  await expect(bytes.enqueue('longer than that')).rejects.toEqual(full);
  const newest = runtime.storeAndForward(
    'newest',
    { deliver: () => undefined },
    { itemsMax: 1, overflow: 'drop-oldest' },
  );
  await newest.enqueue('old');
  await newest.enqueue('new');

  expect((await newest.list({ states: ['waiting'] })).map(({ payload }) => payload)).toEqual(['new']);
  expect(await newest.metrics()).toMatchObject({ dropped: 1, depth: 1 });
  const oldest = runtime.storeAndForward(
    'oldest',
    { deliver: () => undefined },
    { itemsMax: 1, overflow: 'drop-newest' },
  );
  await oldest.enqueue('old');
  const ended = recordOf('oldest', 'ended');
  const { operationId, status } = await oldest.enqueue('new');

  expect(status).toBe('dropped');
  expect(ended.messages).toMatchObject([{ queue: 'oldest', operationId, state: 'dropped' }]);
});

test('where there is no network, what has expired makes room before anything is dropped', async () => {
  const limits = { itemsMax: 2, ttlMs: 86_400_000 };
  for (const overflow of ['reject', 'drop-oldest', 'drop-newest'] as const) {
    const { queue, outbox } = await open({ deliver: () => undefined }, { ...limits, overflow }, 'offline');
    const ended = recordOf(queue, 'ended');
    await outbox.enqueue('lasts');
    await outbox.enqueue('stale', { ttlMs: 1 });
    await new Promise((resolve) => setTimeout(resolve, 5));

    expect(await outbox.enqueue('new')).toMatchObject({ status: 'enqueued' });

    const waiting = await outbox.list({ states: ['waiting'] });
    expect(waiting.map(({ payload }) => payload)).toEqual(['lasts', 'new']);
    expect(ended.messages).toMatchObject([{ state: 'expired' }]);
    expect(await outbox.metrics()).toMatchObject({ queued: 3, expired: 1, dropped: 0, depth: 2 });
  }
});

test('queues of several handlers carry out each operation by its name, and leave unknown names alone', async () => {
  const database = join(temporaryFolder(), 'app.db');
  const [post, mail] = [new Receiver(), new Receiver()];
  const first = await openAlone({ post: post.deliver, mail: mail.deliver }, { network: 'offline', database });
  await first.outbox.enqueue('letter', { name: 'mail' });
  await first.outbox.enqueue('parcel', { name: 'post' });
  await expect(first.outbox.enqueue('which' as never)).rejects.toEqual(
    codedError('HOLDFAST_ERR_OPTION_INVALID'),
  );
  await first.runtime.close();

  const { outbox } = await openAlone({ post: post.deliver }, { database });

  await expect.poll(() => post.got).toEqual(['parcel']);
  expect(mail.got).toEqual([]);
  expect(await outbox.list()).toMatchObject([{ name: 'mail', state: 'waiting', payload: 'letter' }]);
});

test('a queue can live in memory', async () => {
  const receiver = new Receiver();
  const { outbox, runtime } = await openAlone(
    { deliver: receiver.deliver },
    {},
    { store: new InMemoryOperations() },
  );
  await outbox.enqueue('light');

  await expect.poll(() => receiver.got).toEqual(['light']);
  await expect.poll(() => outbox.metrics()).toMatchObject({ replayed: 1 });
  expect((await runtime.store.stats()).events).toBe(0);
});

test('secrets are not kept in what went wrong', async () => {
  const receiver = new Receiver();
  const { queue, outbox } = await open({ deliver: receiver.deliver }, { attemptsMax: 1 });
  const ended = recordOf(queue, 'ended');
  receiver.act = () => {
    throw new Error('POST https://bob:hunter2hunter2@host/ failed with Bearer abcdefghijklmnopqrstuvwxyz');
  };
  await outbox.enqueue('secret');
  await ended.nth(1);

  const [{ lastError } = { lastError: '' }] = await outbox.list();
  expect(lastError).toContain('failed with');
  expect(lastError).not.toMatch(/hunter2|abcdefgh/);
});

test('the queue goes on after the death of the thread that its actor lived on', async () => {
  const receiver = new Receiver();
  const { runtime, outbox, become } = await openAlone(
    { deliver: receiver.deliver },
    { network: 'offline', modules: ['hostile'] },
  );
  await outbox.enqueue('before');
  const restarted = new ChannelRecord('holdfast:host:restarted');
  await runtime
    .actor(hostile, 'a')
    .send({ type: 'harmed', harm: 'exit', mark: `${temporaryFolder()}/mark` })
    .catch(() => undefined);
  await restarted.nth(1);

  await become('online');
  await expect.poll(() => receiver.got).toEqual(['before']);
  await outbox.enqueue('after');

  await expect.poll(() => receiver.got).toEqual(['before', 'after']);
});

test('a close waits for what is under way, has the rest wait for the next, and takes nothing more', async () => {
  const database = join(temporaryFolder(), 'app.db');
  const receiver = new Receiver();
  const { runtime, outbox } = await openAlone({ deliver: receiver.deliver }, { database });
  const [began, end] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  receiver.act = () => {
    began.resolve();
    return end.promise;
  };
  await outbox.enqueue('under way');
  await outbox.enqueue('waits');
  await began.promise;
  const closing = runtime.close();
  await expect(outbox.enqueue('late')).rejects.toEqual(codedError('HOLDFAST_ERR_CLOSED'));
  await expect(outbox.drain()).rejects.toEqual(codedError('HOLDFAST_ERR_CLOSED'));
  end.resolve();
  await closing;
  expect(receiver.got).toEqual(['under way']);

  const next = new Receiver();
  await openAlone({ deliver: next.deliver }, { database });

  await expect.poll(() => next.got).toEqual(['waits']);
});

test('a handler that still runs at a close may send commands to actors that it knows, and nobody may afterwards', async () => {
  const receiver = new Receiver();
  const { runtime, outbox } = await openAlone({ deliver: receiver.deliver }, { modules: ['hostile'] });
  const [began, end] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const actor = runtime.actor(hostile, 'a');
  let version = 0;
  receiver.act = async () => {
    began.resolve();
    await end.promise;
    ({ version } = await actor.send({ type: 'counted' }));
  };
  await outbox.enqueue('under way');
  await began.promise;

  const closing = runtime.close();
  const state = runtime.state;
  end.resolve();
  await closing;

  expect([state, version]).toEqual(['draining', 1]);
  await expect(actor.send({ type: 'counted' })).rejects.toEqual(codedError('HOLDFAST_ERR_CLOSED'));
});

test('an operation that the process dies of is parked after three times, and those beside it are carried out', async () => {
  const database = join(temporaryFolder(), 'app.db');
  for (let death = 0; death < 3; death++) {
    const { signal } = await new ChildProgram('deliver-poison.ts', [database]).ended;
    expect(signal).toBe('SIGKILL');
  }
  const { code, lines } = await new ChildProgram('deliver-poison.ts', [database]).ended;

  expect({ code, last: lines.at(-1) }).toEqual({ code: 0, last: 'poison parked, 0 left' });
});

test('there is one queue of a name, and its options make sense', async () => {
  const { runtime, queue } = await open({ deliver: () => undefined });
  const invalid = codedError('HOLDFAST_ERR_OPTION_INVALID') as Error;
  const make = (handlers: unknown, options?: unknown) => () =>
    runtime.storeAndForward('wrong', handlers as OperationHandlers, options as StoreAndForwardOptions);

  expect(() => runtime.storeAndForward(queue, { deliver: () => undefined })).toThrow(invalid);
  expect(make({})).toThrow(invalid);
  expect(make({ deliver: 'now' })).toThrow(invalid);
  for (const options of [
    { concurrency: 0 },
    { overflow: 'grow' },
    { store: {} },
    { isPermanent: 1 },
    { retries: 3 },
  ])
    expect(make({ deliver: () => undefined }, options)).toThrow(invalid);
});
