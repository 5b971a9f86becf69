import { expect, test, vi } from 'vitest';
import { bulkhead } from '../../runtime/resilience/policies/bulkhead.ts';
import { type CircuitBreakerLike, circuit } from '../../runtime/resilience/policies/circuit.ts';
import { pipeline } from '../../runtime/resilience/policies/pipeline.ts';
import { attemptsOf, retry } from '../../runtime/resilience/policies/retry.ts';
import { wrap } from '../../runtime/resilience/policies/wrap.ts';
import { settled, VirtualTime } from '../support/virtual-time.ts';

const timedOut = expect.objectContaining({ code: 'HOLDFAST_ERR_TIMEOUT' });
const closedError = expect.objectContaining({ code: 'HOLDFAST_ERR_CLOSED' });
const hang = (): Promise<never> => new Promise(() => undefined);

/** A breaker that counts what it sees. */
function makeBreaker() {
  const seen: unknown[] = [];
  const breaker: CircuitBreakerLike = {
    call: async (fn, { signal = new AbortController().signal } = {}) => {
      try {
        const value = await fn(signal);
        seen.push('success');
        return { status: 'executed', value };
      } catch (error) {
        seen.push(error);
        throw error;
      }
    },
  };
  return { breaker, seen };
}

/** A breaker that puts every call into a queue. */
function makeQueue() {
  const queued: PromiseWithResolvers<never>[] = [];
  const breaker: CircuitBreakerLike = {
    call: async () => {
      const one = Promise.withResolvers<never>();
      queued.push(one);
      return { status: 'queued', id: String(queued.length), settled: one.promise };
    },
  };
  return { breaker, queued };
}

test('every attempt has its own time-out, which the breaker counts and retry sees', async () => {
  const clock = new VirtualTime();
  const { breaker, seen } = makeBreaker();
  const policy = pipeline({ retry: { attemptsMax: 3 }, breaker, attemptTimeoutMs: 10, clock });

  const call = policy.execute(({ attempt }) => (attempt < 3 ? hang() : attempt));
  await clock.pass(60_000);

  await expect(call).resolves.toBe(3);
  expect(seen).toEqual([timedOut, timedOut, 'success']);
});

test('the total time-out covers attempts and waits, and is not retried', async () => {
  const clock = new VirtualTime();
  const fn = vi.fn(hang);
  const policy = pipeline({
    timeoutMs: 5_000,
    retry: { attemptsMax: 100, delayMinMs: 100, delayMaxMs: 100 },
    attemptTimeoutMs: 1_000,
    clock,
  });
  const ended = vi.fn();
  policy.execute(fn).catch(ended);

  await clock.pass(4_999);
  expect(ended).not.toHaveBeenCalled();
  await clock.pass(1);

  expect(ended).toHaveBeenCalledWith(timedOut);
  expect(fn).toHaveBeenCalledTimes(5);
  expect(clock.pending).toBe(0);
});

test('a call keeps its place in the bulkhead between its attempts, and being refused is not retried', async () => {
  const clock = new VirtualTime();
  const limit = bulkhead({ concurrency: 1, queueMax: 0 });
  const policy = pipeline({ bulkhead: limit, retry: {}, clock });
  const fn = vi.fn();
  const first = policy.execute(({ attempt }) => {
    if (attempt === 1) throw new Error('no');
  });
  await settled();

  await expect(policy.execute(fn)).rejects.toMatchObject({ code: 'HOLDFAST_ERR_BULKHEAD_FULL' });
  await clock.pass(60_000);
  await first;

  expect(fn).not.toHaveBeenCalled();
  expect(limit.running).toBe(0);
});

test('an old value comes before the fallback, which is never kept', async () => {
  const clock = new VirtualTime();
  const policy = pipeline({
    fallback: 'nothing',
    cached: { ttlMs: 100, staleMs: 1_000, wallClock: clock.wall },
    clock,
  });
  const fail = (): Promise<string> => Promise.reject(new Error('no'));

  expect(await policy.execute(fail, { key: 'a' })).toBe('nothing');
  expect(await policy.execute(async () => 'known', { key: 'a' })).toBe('known');
  await clock.pass(500);
  expect(await policy.execute(fail, { key: 'a' })).toBe('known');
  await clock.pass(601);
  expect(await policy.execute(fail, { key: 'a' })).toBe('nothing');
});

test('what is known needs no place, no breaker and no time', async () => {
  const { breaker, seen } = makeBreaker();
  const limit = bulkhead({ concurrency: 1 });
  const policy = pipeline({ cached: { ttlMs: 60_000 }, bulkhead: limit, breaker });
  await policy.execute(() => 'known', { key: 'a' });
  const busy = limit.execute(hang);
  busy.catch(() => undefined);

  expect(await policy.execute(() => 'called', { key: 'a' })).toBe('known');
  expect(seen).toEqual(['success']);
});

test('a queued call is waited for, and no longer than the total time-out', async () => {
  const clock = new VirtualTime();
  const { breaker, queued } = makeQueue();
  const policy = pipeline({ timeoutMs: 1_000, retry: {}, breaker, attemptTimeoutMs: 10, clock });
  const first = policy.execute(() => 'never called');
  const second = policy.execute(() => 'never called').catch((error: unknown) => error);
  await clock.pass(999);
  queued[0]?.resolve('from the queue' as never);

  await expect(first).resolves.toBe('from the queue');
  await clock.pass(1);
  expect(await second).toEqual(timedOut);
  queued[1]?.reject(new Error('late'));
  await settled();
});

test('what the queue has given up is not put into it again', async () => {
  const { breaker, queued } = makeQueue();
  const error = new TypeError('fetch failed');
  const call = wrap(retry({ attemptsMax: 5 }), circuit(breaker)).execute(() => 1);
  await settled();

  queued[0]?.reject(error as never);

  await expect(call).rejects.toBe(error);
  expect(attemptsOf(error)).toBe(1);
  expect(queued).toHaveLength(1);
});

test('an abort ends the wait for the queue, also before the call is in it', async () => {
  const { breaker, queued } = makeQueue();
  const policy = circuit(breaker);
  const controller = new AbortController();
  const early = policy.execute(() => 1, { signal: controller.signal });
  const outcome = early.catch((error: unknown) => error);
  controller.abort('enough');

  expect(await outcome).toBe('enough');
  await settled();
  queued[0]?.reject(new Error('late'));
  await settled();
});

test('close rejects what runs, waits and sleeps, and aborts their signals', async () => {
  const clock = new VirtualTime();
  const policy = pipeline({ bulkhead: { concurrency: 2 }, retry: {}, clock });
  let inner: AbortSignal | undefined;
  const calls = Promise.allSettled([
    policy.execute(({ signal }) => {
      inner = signal;
      return hang();
    }),
    policy.execute(() => Promise.reject(new Error('no')), { signal: new AbortController().signal }),
    policy.execute(hang),
  ]);
  await settled();

  await policy.close();

  expect((await calls).map((outcome) => outcome.status === 'rejected' && outcome.reason)).toEqual([
    closedError,
    closedError,
    closedError,
  ]);
  expect(inner?.reason).toEqual(closedError);
  expect(clock.pending).toBe(0);
});

test('close leaves alone what is shared, and ends what it has made itself', async () => {
  const clock = new VirtualTime();
  const limit = bulkhead({ concurrency: 1 });
  let inner: AbortSignal | undefined;
  const policy = pipeline({
    bulkhead: limit,
    cached: { ttlMs: 100, staleMs: 1_000, staleWhileRevalidateMs: 1_000, wallClock: clock.wall },
    clock,
  });
  await policy.execute(() => 1, { key: 'a' });
  await clock.pass(200);
  await policy.execute(
    ({ signal }) => {
      inner = signal;
      return new Promise<number>((_, reject) =>
        signal.addEventListener('abort', () => reject(signal.reason)),
      );
    },
    { key: 'a' },
  );
  await settled();

  await policy.close();
  await settled();

  expect(inner?.reason).toEqual(closedError);
  await expect(limit.execute(() => 'open')).resolves.toBe('open');
});

test('a fallback does not hide that the pipeline was closed', async () => {
  const policy = pipeline({ fallback: 'hidden' });
  const call = policy.execute(hang).catch((error: unknown) => error);
  await policy.close();

  expect(await call).toEqual(closedError);
});

test('a call that has ended is no longer told of an abort', async () => {
  const controller = new AbortController();
  const policy = pipeline({});
  let inner: AbortSignal | undefined;
  await policy.execute(
    ({ signal }) => {
      inner = signal;
    },
    { signal: controller.signal },
  );

  controller.abort();
  await policy.close();

  expect(inner?.aborted).toBe(false);
});
