import { writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type {
  CallResult,
  OperationHandlers,
  Runtime,
  StoreAndForwardOptions,
  SupervisionOptions,
} from 'holdfast';
import { InMemoryOperations } from 'holdfast/resilience';
import { expect, test } from 'vitest';
import { ChannelRecord } from '../support/channel-record.ts';
import { ChildProgram } from '../support/child-program.ts';
import { codedError } from '../support/coded-error.ts';
import { hostile } from '../support/fixtures/hostile.ts';
import { sluggish } from '../support/fixtures/sluggish.ts';
import { openResilient, sharedResilient } from '../support/resilient-runtime.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

// What applications do to circuit breakers and queues that they should not.

const shared = sharedResilient();

const fast: StoreAndForwardOptions = { delayMs: 1, delayMaxMs: 5 };
const invalid = codedError('HOLDFAST_ERR_ARGUMENT_INVALID');
const never = () => new Promise<never>(() => undefined);
const fail = () => Promise.reject(new Error('503'));

function settledOf<Value>(result: CallResult<Value>): Promise<Value> {
  if (result.status !== 'queued') throw new Error('not queued');
  return result.settled;
}

/** Has the host give up at its first death, and be tried again: long enough for what is asked meanwhile, also on a busy computer. */
const givesUpAtOnce: SupervisionOptions = {
  intensity: 0,
  periodMs: 60_000,
  backoff: { minMs: 1, maxMs: 2_000, jitter: 0 },
};

/** A queue and a circuit without a network, with something in each. */
async function givenWaiting(supervision: SupervisionOptions = {}) {
  const { runtime, probe, become } = await openResilient('offline', ['hostile'], { supervision });
  const done: unknown[] = [];
  const deliver = (payload: string) => void done.push(payload);
  const outbox = runtime.storeAndForward('outbox', { deliver }, fast);
  const breaker = runtime.circuitBreaker('service');
  const queued = await breaker.call(() => 'late');
  await outbox.enqueue('kept');
  return { runtime, probe, become, outbox, breaker, queued, done };
}

/** Has the only host die, and waits until what follows from it is published. */
async function afterItsDeath(runtime: Runtime, channel: string): Promise<void> {
  const told = new ChannelRecord(channel);
  const mark = `${temporaryFolder()}/mark`;
  const command = runtime.actor(hostile, 'a').send({ type: 'harmed', harm: 'exit', mark });
  await command.catch(() => undefined);
  await told.nth(1);
}

/** What cannot be shown, nor asked for anything. */
const unspeakable = (): unknown =>
  new Proxy(Object.create(null), {
    get() {
      throw new Error('no');
    },
    getPrototypeOf() {
      throw new Error('no');
    },
  });

const revoked = () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
};

test.each([
  ['is no error', () => Object.create(null)],
  ['is a proxy that was revoked', revoked],
  ['cannot be looked at', unspeakable],
  ['is nothing', () => undefined],
])('an operation comes to an end although what its handler throws %s', async (_, thrown) => {
  const { runtime, fresh } = await shared();
  const done: unknown[] = [];
  const outbox = runtime.storeAndForward(
    fresh('outbox'),
    {
      deliver(payload: string) {
        if (payload === 'bad') throw thrown();
        done.push(payload);
      },
    },
    { ...fast, attemptsMax: 2 },
  );
  await outbox.enqueue('bad');
  await outbox.enqueue('good');

  await expect.poll(() => outbox.metrics()).toMatchObject({ dead: 1, replayed: 1, depth: 0 });
  expect(done).toEqual(['good']);
});

test('a function that says which errors are permanent may throw itself', async () => {
  const { runtime, fresh } = await shared();
  const isPermanent = (error: unknown) => (error as { response: { status: number } }).response.status === 400;
  const outbox = runtime.storeAndForward(
    fresh('outbox'),
    { deliver: fail },
    { ...fast, attemptsMax: 2, isPermanent },
  );
  await outbox.enqueue('bad');

  await expect.poll(() => outbox.metrics()).toMatchObject({ dead: 1, failed: 2 });
});

test('an open circuit and a full bulkhead make nothing dead, and what a circuit has queued is not done', async () => {
  const { runtime, fresh, become } = await shared();
  const breaker = runtime.circuitBreaker(fresh('service'), {
    trip: { rule: 'consecutive', failures: 1 },
    openMs: 30,
    jitter: 0,
  });
  let failures = 1;
  const done: unknown[] = [];
  const outbox = runtime.storeAndForward(
    fresh('outbox'),
    {
      deliver: (payload: string) =>
        breaker.call(() => {
          if (failures-- > 0) throw new Error('503');
          done.push(payload);
        }),
    },
    { ...fast, attemptsMax: 2 },
  );
  await outbox.enqueue('first');
  await expect.poll(() => outbox.metrics()).toMatchObject({ replayed: 1, dead: 0, depth: 0 });
  expect(done).toEqual(['first']);

  await become('degraded');
  const patient = runtime.circuitBreaker(fresh('patient'), { onDegraded: 'queue' });
  const mail = runtime.storeAndForward(
    fresh('mail'),
    { send: () => patient.call(() => void done.push('mail')) },
    fast,
  );
  await mail.enqueue('mail');
  await expect.poll(() => patient.queued).toBe(1);
  expect(await mail.metrics()).toMatchObject({ replayed: 0, running: 1 });
  await become('online');

  await expect.poll(() => mail.metrics()).toMatchObject({ replayed: 1, depth: 0 });
});

test('a handler is refused what would wait for itself', async () => {
  const { runtime, fresh } = await shared();
  const refused: unknown[] = [];
  const handlers: OperationHandlers = {
    async deliver(_: unknown, { operationId }) {
      for (const call of [() => outbox.drain(), () => outbox.cancel(operationId)])
        await call().catch((error: unknown) => refused.push(error));
      await outbox.pause();
      await outbox.resume();
    },
  };
  const outbox = runtime.storeAndForward(fresh('outbox'), handlers, fast);
  await outbox.enqueue('self');

  await expect.poll(() => outbox.metrics()).toMatchObject({ replayed: 1 });
  expect(refused).toEqual([invalid, invalid]);
});

test('what a handler has left behind may wait for the queue', async () => {
  const { runtime, fresh } = await shared();
  const drained = Promise.withResolvers<unknown>();
  const handlers: OperationHandlers = {
    deliver() {
      setTimeout(() => void outbox.drain().then(drained.resolve, drained.reject), 5);
    },
  };
  const outbox = runtime.storeAndForward(fresh('outbox'), handlers, fast);
  await outbox.enqueue('first');

  expect(await drained.promise).toMatchObject({ left: 0 });
});

test('an operation that fails in the moment in which it is cancelled is cancelled', async () => {
  const { runtime, fresh } = await shared();
  const store = new InMemoryOperations();
  const cancelling = Promise.withResolvers<unknown>();
  const settle = store.settle.bind(store);
  const told = Promise.withResolvers<unknown>();
  store.settle = async (...args) => {
    cancelling.resolve(outbox.cancel(args[1][0]?.operationId ?? ''));
    await told.promise;
    return settle(...args);
  };
  let attempts = 0;
  const handlers: OperationHandlers = {
    deliver(_, { signal }) {
      attempts++;
      signal.addEventListener('abort', told.resolve);
      throw new Error('503');
    },
  };
  const slow = { delayMs: 60_000, delayMaxMs: 60_000 };
  const outbox = runtime.storeAndForward(fresh('outbox'), handlers, { ...slow, store });
  const { operationId } = await outbox.enqueue('fails');

  expect(await cancelling.promise).toBe(true);
  expect(await outbox.get(operationId)).toMatchObject({ state: 'cancelled', attempts: 1 });
  expect(attempts).toBe(1);
});

test('a queue neither cancels, requeues nor discards what is another’s', async () => {
  const { runtime, fresh } = await shared('offline');
  const [one, other] = ['one', 'other'].map((name) =>
    runtime.storeAndForward(fresh(name), { deliver: fail }, fast),
  );
  if (one === undefined || other === undefined) throw new Error('unreachable');
  const { operationId } = await other.enqueue('theirs');

  expect(await one.cancel(operationId)).toBe(false);
  expect(await one.discard(operationId)).toBe(false);
  expect(await one.requeue(operationId)).toBe(false);
  expect(await other.get(operationId)).toMatchObject({ state: 'waiting' });
  await expect(one.list({ states: ['bogus'] as never })).rejects.toEqual(
    codedError('HOLDFAST_ERR_OPTION_INVALID'),
  );
});

test('what has expired without a network takes no room', async () => {
  const { runtime, fresh } = await shared('offline');
  const outbox = runtime.storeAndForward(fresh('outbox'), { deliver: fail }, { ...fast, itemsMax: 1 });
  await outbox.enqueue('stale', { ttlMs: 1 });
  await expect
    .poll(() => outbox.enqueue('fresh').catch(() => ({ status: 'refused' })))
    .toMatchObject({
      status: 'enqueued',
    });

  expect(await outbox.metrics()).toMatchObject({ expired: 1, depth: 1 });
});

test('a probe that never ends does not shut the circuit: the next one is let through', async () => {
  const { runtime, fresh } = await shared();
  const name = fresh('service');
  const breaker = runtime.circuitBreaker(name, {
    trip: { rule: 'consecutive', failures: 1 },
    openMs: 5,
    probeMs: 10,
    jitter: 0,
  });
  const changes = new ChannelRecord<{ name: string }>(
    'holdfast:circuit:changed',
    (change) => change.name === name,
  );
  await breaker.call(fail).catch(() => undefined);
  await changes.nth(2);
  breaker.call(never).catch(() => undefined);
  expect(await changes.nth(4)).toMatchObject({ state: 'half-open' });

  expect(await breaker.call(() => 'well')).toEqual({ status: 'executed', value: 'well' });
});

test('a queued call that never ends lets the next one go, also when its caller has given it up', async () => {
  const { runtime, fresh, become } = await shared('offline');
  const breaker = runtime.circuitBreaker(fresh('service'), { probeMs: 10 });
  const stop = new AbortController();
  const deaf = await breaker.call(never, { signal: stop.signal });
  await breaker.call(never);
  const last = await breaker.call(() => 'last');
  settledOf(deaf).catch(() => undefined);

  await become('online');
  stop.abort(new Error('enough'));

  await expect(settledOf(deaf)).rejects.toThrow('enough');
  expect(await settledOf(last)).toBe('last');
  expect(await breaker.call(() => 'on')).toMatchObject({ status: 'executed' });
});

test('a queued call that meets another circuit’s refusal is told so, and those behind it go on', async () => {
  const { runtime, fresh, become } = await shared('offline');
  const breaker = runtime.circuitBreaker(fresh('outer'), { isFailure: () => false });
  const inner = runtime.circuitBreaker(fresh('inner'), {
    trip: { rule: 'consecutive', failures: 1 },
    openMs: 60_000,
  });
  const first = await breaker.call(async () => {
    await inner.call(fail).catch(() => undefined);
    return inner.call(() => 'never');
  });
  const second = await breaker.call(() => 'second');
  settledOf(first).catch(() => undefined);

  await become('online');

  await expect(settledOf(first)).rejects.toEqual(codedError('HOLDFAST_ERR_CIRCUIT_OPEN'));
  expect(await settledOf(second)).toBe('second');
});

test('a call that is under way is not dropped to make room', async () => {
  const { runtime, fresh, become } = await shared('offline');
  const breaker = runtime.circuitBreaker(fresh('service'), {
    queueItemsMax: 2,
    queueOverflow: 'drop-oldest',
  });
  const [began, end] = [Promise.withResolvers<void>(), Promise.withResolvers<string>()];
  const running = await breaker.call(() => {
    began.resolve();
    return end.promise;
  });
  const waiting = await breaker.call(() => 'dropped');
  settledOf(waiting).catch(() => undefined);
  await become('online');
  await began.promise;
  const newest = await breaker.call(() => 'newest');

  await expect(settledOf(waiting)).rejects.toEqual(codedError('HOLDFAST_ERR_QUEUE_FULL'));
  end.resolve('done');
  expect(await settledOf(running)).toBe('done');
  expect(await settledOf(newest)).toBe('newest');
});

test('a function that says which errors are failures may throw itself: then it was one', async () => {
  const { runtime, fresh } = await shared();
  const breaker = runtime.circuitBreaker(fresh('service'), {
    trip: { rule: 'consecutive', failures: 1 },
    isFailure: () => {
      throw new Error('no');
    },
  });

  await expect(breaker.call(fail)).rejects.toThrow('503');
  expect(breaker.state).toBe('open');
});

test('a rate over time costs no more the longer it is counted', async () => {
  const { runtime, fresh } = await shared();
  const trip = { rule: 'time', windowMs: 60_000, callsMin: 5, failureRate: 0.9 } as const;
  const breaker = runtime.circuitBreaker(fresh('service'), { trip });
  for (let round = 0; round < 40; round++) {
    await breaker.call(() => 'well');
    await breaker.call(fail).catch(() => undefined);
  }
  for (let round = 0; round < 400; round++) await breaker.call(fail).catch(() => undefined);

  expect(breaker.state).toBe('open');
});

test('everything goes on when a host that was given up is tried again', async () => {
  const { runtime, probe, breaker, queued, done } = await givenWaiting(givesUpAtOnce);
  await afterItsDeath(runtime, 'holdfast:host:escalated');
  const refused = await Promise.allSettled([runtime.connectivity.check(), breaker.isolate()]);
  const reason = codedError('HOLDFAST_ERR_HOST_UNAVAILABLE');
  expect(refused).toEqual(Array(2).fill({ status: 'rejected', reason }));

  probe.result = 'online';

  await expect.poll(() => runtime.connectivity.status, { timeout: 10_000 }).toBe('online');
  expect(await settledOf(queued)).toBe('late');
  await expect.poll(() => done, { timeout: 10_000 }).toEqual(['kept']);
  expect(breaker.state).toBe('closed');
});

test('what was told to resume while its host rested goes on when that is tried again', async () => {
  const { runtime, probe, outbox, breaker, queued, done } = await givenWaiting(givesUpAtOnce);
  await Promise.all([breaker.pause(), outbox.pause()]);
  await afterItsDeath(runtime, 'holdfast:host:escalated');

  const refused = await Promise.allSettled([breaker.resume(), outbox.resume()]);
  probe.result = 'online';

  const reason = codedError('HOLDFAST_ERR_HOST_UNAVAILABLE');
  expect(refused).toEqual(Array(2).fill({ status: 'rejected', reason }));
  await expect.poll(() => runtime.connectivity.status, { timeout: 10_000 }).toBe('online');
  expect(await settledOf(queued)).toBe('late');
  await expect.poll(() => done, { timeout: 10_000 }).toEqual(['kept']);
});

test('what was paused and told to resume at once is not paused in an actor that begins anew', async () => {
  const { runtime, become, outbox, breaker, queued, done } = await givenWaiting();
  await Promise.all([breaker.pause(), breaker.resume(), outbox.pause(), outbox.resume()]);
  await afterItsDeath(runtime, 'holdfast:host:restarted');

  await become('online');

  await expect.poll(() => done, { timeout: 10_000 }).toEqual(['kept']);
  expect(await settledOf(queued)).toBe('late');
});

test('whoever waits is told when no thread can host the actors', async () => {
  const { runtime } = await openResilient('online', ['account/broken-module-that-is-not-there']);
  const load = codedError('HOLDFAST_ERR_MODULE_LOAD');
  const outbox = runtime.storeAndForward('outbox', { deliver: fail }, fast);
  await outbox.enqueue('kept');

  await expect(runtime.connectivity.check()).rejects.toEqual(load);
  await expect(runtime.circuitBreaker('service').call(() => 1)).rejects.toEqual(load);
  await expect(outbox.drain()).rejects.toEqual(load);
  expect(await outbox.metrics()).toMatchObject({ depth: 1 });
});

test('a drain is given up at once while another process holds the lock', async () => {
  const options = { lockTimeoutMs: 600_000, closeTimeoutMs: 200 };
  const { runtime } = await openResilient('online', [], options);
  const outbox = runtime.storeAndForward('outbox', { deliver: async () => undefined });
  await outbox.pause();
  await outbox.enqueue(1);
  const other = new ChildProgram('hold-lock.ts', [runtime.database]);
  await other.printed(1);
  const stop = new AbortController();

  const drained = outbox.drain({ signal: stop.signal });
  stop.abort(new Error('enough'));

  await expect(drained).rejects.toThrow('enough');
  other.write('enough');
  await other.ended;
  await outbox.resume();
  expect(await outbox.drain()).toMatchObject({ left: 0 });
});

test('a drain looks whether the network is back', async () => {
  const { runtime, probe } = await openResilient('offline');
  const done: unknown[] = [];
  const outbox = runtime.storeAndForward(
    'outbox',
    { deliver: (payload: string) => void done.push(payload) },
    fast,
  );
  await outbox.enqueue('kept');
  await runtime.connectivity.ready();
  probe.result = 'online';

  expect(await outbox.drain()).toEqual({ replayed: 1, failed: 0, left: 0 });
  expect(done).toEqual(['kept']);
});

test('a circuit whose thread is busy hears of a network that was away for a moment that it is back', async () => {
  const { runtime } = await openResilient('online', ['sluggish'], { hosts: 2 });
  for (const id of ['0', '1', '2', '3']) {
    const breakers = ['a', 'b'].map((name) =>
      runtime.circuitBreaker(`${name}${id}`, { trip: { rule: 'consecutive', failures: 1 } }),
    );
    for (const breaker of breakers) await breaker.call(() => undefined);
    const busy = runtime.actor(sluggish, id).send({ type: 'dawdled', ms: 60 });
    const release = await runtime.connectivity.override('offline');
    await release();
    await busy;

    for (const breaker of breakers)
      await expect
        .poll(() =>
          breaker.call(fail).then(
            () => breaker.state,
            () => breaker.state,
          ),
        )
        .toBe('open');
  }
});

test.each(['pause', 'network'] as const)(
  'a call that hangs holds up nobody after a %s that is over',
  async (what) => {
    const { runtime, fresh, become } = await shared();
    const done: unknown[] = [];
    const outbox = runtime.storeAndForward(
      fresh('outbox'),
      {
        async deliver(payload: string, { signal }) {
          if (payload === 'hangs') await new Promise((_, reject) => signal.addEventListener('abort', reject));
          done.push(payload);
        },
      },
      { ...fast, concurrency: 2 },
    );
    const { operationId } = await outbox.enqueue('hangs');
    await expect.poll(async () => (await outbox.get(operationId))?.state).toBe('running');

    if (what === 'pause') await outbox.pause();
    else await become('offline');
    await outbox.enqueue('good');
    // Has been to the queue's actor and back.
    if (what === 'network') await outbox.resume();
    expect(done).toEqual([]);
    if (what === 'pause') await outbox.resume();
    else await become('online');

    await expect.poll(() => done).toEqual(['good']);
    expect(await outbox.cancel(operationId)).toBe(true);
  },
);

test('a process that is suspended while it waits for an answer still hears it', async () => {
  const { runtime, fresh } = await shared();
  const answer = join(temporaryFolder(), 'answer');
  writeFileSync(answer, 'yes');
  const heard: string[] = [];
  const outbox = runtime.storeAndForward(
    fresh('outbox'),
    {
      async deliver(_: unknown, { signal }) {
        const answering = readFile(answer, { encoding: 'utf8', signal });
        // As SIGSTOP does: the answer is there, and nobody has looked.
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 250);
        heard.push(await answering);
      },
    },
    { ...fast, timeoutMs: 50 },
  );
  await outbox.enqueue('question');

  await expect.poll(() => heard).toEqual(['yes']);
  expect(await outbox.metrics()).toMatchObject({ failed: 0 });
});

test('a host that is not found holds up nobody while somebody says that the network is there', async () => {
  const { runtime } = await openResilient('offline');
  await runtime.connectivity.override('online');
  const done: unknown[] = [];
  const outbox = runtime.storeAndForward(
    'outbox',
    {
      deliver(host: string) {
        if (host === 'gone') throw Object.assign(new Error('no such host'), { code: 'ENOTFOUND' });
        done.push(host);
      },
    },
    { ...fast, delayMs: 60_000, delayMaxMs: 60_000 },
  );
  await outbox.enqueue('gone');
  await outbox.enqueue('there');

  await expect.poll(() => done).toEqual(['there']);
});

test('an operation that is given back in the moment in which it is cancelled is cancelled, and says so', async () => {
  const { runtime, fresh } = await shared();
  const store = new InMemoryOperations();
  const queue = fresh('outbox');
  const ended = new ChannelRecord<{ queue: string }>(
    'holdfast:operation:ended',
    (operation) => operation.queue === queue,
  );
  const [claim, settle, cancel] = [
    store.claim.bind(store),
    store.settle.bind(store),
    store.cancel.bind(store),
  ];
  const cancelling = Promise.withResolvers<unknown>();
  const found = Promise.withResolvers<void>();
  store.claim = async (...args) => {
    const result = await claim(...args);
    if (result.claimed.length > 0) await outbox.pause();
    return result;
  };
  store.cancel = async (...args) => {
    const state = await cancel(...args);
    found.resolve();
    return state;
  };
  store.settle = async (...args) => {
    cancelling.resolve(outbox.cancel(args[1][0]?.operationId ?? ''));
    await found.promise;
    // Whoever cancels waits by now for what it has found to be under way.
    await new Promise(setImmediate);
    return settle(...args);
  };
  const done: unknown[] = [];
  const outbox = runtime.storeAndForward(queue, { deliver: (each) => done.push(each) }, { ...fast, store });
  const { operationId } = await outbox.enqueue('claimed');

  expect(await cancelling.promise).toBe(true);
  expect(await outbox.get(operationId)).toMatchObject({ state: 'cancelled' });
  expect(ended.messages).toMatchObject([{ operationId, state: 'cancelled' }]);
  expect(done).toEqual([]);
});

test('a check that began before a call failed says nothing of it', async () => {
  const { runtime, probe } = await openResilient();
  const breaker = runtime.circuitBreaker('service');
  await breaker.call(() => undefined);
  probe.result = undefined;
  const count = probe.checks.length;
  const checking = runtime.connectivity.check();
  await probe.begun(count + 1);

  const unreachable = () => Promise.reject(Object.assign(new Error('connect'), { code: 'ENETUNREACH' }));
  const called = breaker.call(unreachable).then(
    ({ status }) => status,
    () => 'rejected',
  );
  await new Promise((resolve) => setImmediate(resolve));
  probe.answer('online');
  await checking;
  const anew = await Promise.race([called, probe.begun(count + 2)]);
  if (anew === undefined) probe.answer('offline');

  expect(await called).toBe('queued');
});

test('an attempt that nobody answered while the network went away and came back does not count', async () => {
  const { runtime, fresh, become } = await shared();
  const attempts: number[] = [];
  const outbox = runtime.storeAndForward(
    fresh('outbox'),
    {
      async deliver(_: string, { attempt, signal }) {
        attempts.push(attempt);
        if (attempts.length > 1) return;
        await become('offline');
        await become('online');
        await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      },
    },
    { ...fast, attemptsMax: 1, timeoutMs: 400 },
  );
  await outbox.enqueue('letter');

  await expect.poll(() => outbox.metrics()).toMatchObject({ dead: 0, replayed: 1, depth: 0 });
  expect(attempts).toEqual([1, 1]);
});
