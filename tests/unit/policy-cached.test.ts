import { channel } from 'node:diagnostics_channel';
import { expect, onTestFinished, test, vi } from 'vitest';
import { type CacheStore, createMemoryCacheStore } from '../../runtime/resilience/policies/cache-store.ts';
import {
  type CachedOptions,
  type ConnectivityStatusSource,
  cached,
  type StaleNotice,
} from '../../runtime/resilience/policies/cached.ts';
import { settled, VirtualTime } from '../support/virtual-time.ts';

const optionInvalid = expect.objectContaining({ code: 'HOLDFAST_ERR_OPTION_INVALID' });
const closedError = expect.objectContaining({ code: 'HOLDFAST_ERR_CLOSED' });

function makeCached(options: Partial<CachedOptions> = {}) {
  const clock = new VirtualTime();
  const connectivity = { status: 'online' as ConnectivityStatusSource['status'] };
  const notices: StaleNotice[] = [];
  const policy = cached({
    ttlMs: 100,
    key: 'k',
    clock,
    wallClock: clock.wall,
    connectivity,
    onStale: (notice) => notices.push(notice),
    ...options,
  });
  let calls = 0;
  const count = () => ++calls;
  return { clock, connectivity, notices, policy, count };
}

/** What is published on `holdfast:cache:failed` until the end of the test. */
function failures(): unknown[] {
  const published: unknown[] = [];
  const listen = (message: unknown): void => void published.push(message);
  channel('holdfast:cache:failed').subscribe(listen);
  onTestFinished(() => void channel('holdfast:cache:failed').unsubscribe(listen));
  return published;
}

test('serves what it has until that is older than its ttl, and calls then', async () => {
  const { clock, policy, count, notices } = makeCached();

  expect(await policy.execute(count)).toBe(1);
  await clock.pass(100);
  expect(await policy.execute(count)).toBe(1);
  await clock.pass(1);
  expect(await policy.execute(count)).toBe(2);

  expect(notices).toEqual([]);
});

test('keeps values apart by key, also undefined, and needs one', async () => {
  const { policy, count } = makeCached();
  const other = cached({ ttlMs: 100 });

  expect(await policy.execute(count, { key: 'a' })).toBe(1);
  expect(await policy.execute(count, { key: 'b' })).toBe(2);
  expect(await policy.execute(count, { key: 'a' })).toBe(1);
  expect(await policy.execute(() => undefined, { key: 'c' })).toBeUndefined();
  expect(await policy.execute(count, { key: 'c' })).toBeUndefined();
  expect(await policy.execute(count, { key: '__proto__' })).toBe(3);

  await expect(other.execute(count)).rejects.toThrow(optionInvalid);
});

test('one call for all that want a key at the same time; their errors are one, too', async () => {
  const { policy, count } = makeCached();
  const error = new Error('no');
  let failed = 0;
  const fail = async () => {
    failed++;
    throw error;
  };

  const failing = await Promise.allSettled([policy.execute(fail), policy.execute(fail)]);
  const answers = await Promise.all([policy.execute(count), policy.execute(count), policy.execute(count)]);

  expect(failing).toEqual([
    { status: 'rejected', reason: error },
    { status: 'rejected', reason: error },
  ]);
  expect(failed).toBe(1);
  expect(answers).toEqual([1, 1, 1]);
});

test('serves old values while offline, without calling, up to their last moment', async () => {
  const { clock, connectivity, policy, count, notices } = makeCached({ staleMs: 1_000 });
  await policy.execute(count);
  connectivity.status = 'offline';

  await clock.pass(1_100);
  expect(await policy.execute(count)).toBe(1);
  expect(notices).toEqual([{ key: 'k', ageMs: 1_100, reason: 'offline' }]);
  await clock.pass(1);
  expect(await policy.execute(count)).toBe(2);
});

test.each(['degraded', 'unknown'] as const)('while %s it calls, as while online', async (status) => {
  const { clock, connectivity, policy, count } = makeCached({ staleMs: 1_000 });
  await policy.execute(count);
  connectivity.status = status;
  await clock.pass(101);

  expect(await policy.execute(count)).toBe(2);
});

test('serves an old value when the call fails for a reason that may pass, and stays able to do better', async () => {
  const { clock, policy, count, notices } = makeCached({ staleMs: 1_000 });
  const error = new TypeError('fetch failed');
  await policy.execute(count);
  await clock.pass(500);

  expect(await policy.execute(() => Promise.reject(error))).toBe(1);
  expect(notices).toEqual([{ key: 'k', ageMs: 500, reason: 'failed', error }]);
  expect(await policy.execute(count)).toBe(2);
});

test('does not hide behind an old value that something is forbidden or gone', async () => {
  const { clock, policy, count } = makeCached({ staleMs: 1_000 });
  await policy.execute(count);
  await clock.pass(500);

  await expect(policy.execute(() => Promise.reject({ status: 403 }))).rejects.toEqual({ status: 403 });
});

test('does not serve a value that has become too old during the call', async () => {
  const { clock, policy, count } = makeCached({ staleMs: 100 });
  await policy.execute(count);
  await clock.pass(150);
  const { promise, reject } = Promise.withResolvers<number>();

  const call = policy.execute(() => promise);
  call.catch(() => undefined);
  await clock.pass(51);
  reject(new Error('no'));

  await expect(call).rejects.toThrow('no');
});

test('serves an old value at once and calls behind it, once, if it may', async () => {
  const { clock, policy, count, notices } = makeCached({ staleMs: 1_000, staleWhileRevalidateMs: 500 });
  await policy.execute(count);
  await clock.pass(600);
  const { promise, resolve } = Promise.withResolvers<number>();
  let refreshes = 0;
  const refresh = () => {
    refreshes++;
    return promise;
  };

  const answers = await Promise.all([
    policy.execute(refresh),
    policy.execute(refresh),
    policy.execute(refresh),
  ]);
  resolve(7);
  await settled();

  expect(answers).toEqual([1, 1, 1]);
  expect(refreshes).toBe(1);
  expect(notices.map(({ reason }) => reason)).toEqual(['revalidating', 'revalidating', 'revalidating']);
  expect(await policy.execute(count)).toBe(7);
});

test('a refresh that fails leaves the value, is published, and does not stop the next', async () => {
  const published = failures();
  const { clock, policy, count } = makeCached({ staleMs: 1_000, staleWhileRevalidateMs: 500 });
  const error = new Error('no');
  await policy.execute(count);
  await clock.pass(200);

  expect(await policy.execute(() => Promise.reject(error))).toBe(1);
  await settled();
  expect(published).toEqual([{ key: 'k', doing: 'refresh', error }]);
  expect(await policy.execute(count)).toBe(1);
  await settled();
  expect(await policy.execute(count)).toBe(2);
});

test('who gives up leaves the others their call; when the last has gone it is aborted, and a new one may begin', async () => {
  const { policy, count } = makeCached();
  const [first, second] = [new AbortController(), new AbortController()];
  let inner: AbortSignal | undefined;
  const hang = ({ signal }: { signal: AbortSignal }) => {
    inner = signal;
    return new Promise<never>(() => undefined);
  };
  const calls = Promise.allSettled([
    policy.execute(hang, { signal: first.signal }),
    policy.execute(hang, { signal: second.signal }),
  ]);
  await settled();

  first.abort('enough');
  await settled();
  expect(inner?.aborted).toBe(false);
  second.abort('me too');

  expect((await calls).map((outcome) => outcome.status === 'rejected' && outcome.reason)).toEqual([
    'enough',
    'me too',
  ]);
  expect(inner?.reason).toBe('me too');
  expect(await policy.execute(count)).toBe(1);
});

test('a clock that was set back makes no value younger, and one that was slept through none fresh', async () => {
  const back = makeCached();
  await back.policy.execute(back.count);
  back.clock.setWall(-3_600_000);
  await back.clock.pass(101);
  expect(await back.policy.execute(back.count)).toBe(2);

  const slept = makeCached();
  await slept.policy.execute(slept.count);
  slept.clock.setWall(3_600_000);
  expect(await slept.policy.execute(slept.count)).toBe(2);
});

test('a value from a disk goes by the clock on the wall, and is not served if it comes from the future', async () => {
  const { clock, policy, count } = makeCached({
    store: { get: () => ({ value: 'kept', storedAt }), set: () => undefined, delete: () => undefined },
  });
  let storedAt = clock.wall.now() - 100;

  expect(await policy.execute(count)).toBe('kept');
  storedAt = clock.wall.now() - 101;
  expect(await policy.execute(count)).toBe(1);
  storedAt = clock.wall.now() + 1;
  expect(await policy.execute(count)).toBe(2);
});

test('a value that is not what it should be is returned, but neither kept nor served', async () => {
  const store = createMemoryCacheStore();
  const { policy, clock } = makeCached({ store, isValid: (value) => typeof value === 'number' });
  const call = (value: unknown) => policy.execute(() => value);
  await store.set('k', { value: 'of an older version', storedAt: clock.wall.now() });

  expect(await call('text')).toBe('text');
  expect(await call(5)).toBe(5);
  expect(await call(6)).toBe(5);
});

test('a store that fails counts as empty, and what it threw is published', async () => {
  const published = failures();
  const [broken, full] = [new Error('broken'), new Error('full')];
  const store: CacheStore = {
    get: () => Promise.reject(broken),
    set: () => {
      throw full;
    },
    delete: () => undefined,
  };
  const { policy, count } = makeCached({ store });

  expect(await policy.execute(count)).toBe(1);
  expect(published).toEqual([
    { key: 'k', doing: 'get', error: broken },
    { key: 'k', doing: 'set', error: full },
  ]);
});

test('what was invalidated is called for again, and an answer from before is not kept', async () => {
  const { policy, count } = makeCached();
  const { promise, resolve } = Promise.withResolvers<string>();
  await policy.execute(count);
  await policy.invalidate('k');

  const before = policy.execute(() => promise);
  await settled();
  await policy.invalidate('k');
  expect(await policy.execute(count)).toBe(2);
  resolve('from before the write');

  expect(await before).toBe('from before the write');
  expect(await policy.execute(count)).toBe(2);
});

test('an answer from before an invalidation leaves those alone who wait for the one after it', async () => {
  const { policy } = makeCached();
  const [before, after] = [Promise.withResolvers<string>(), Promise.withResolvers<string>()];
  const fn = vi.fn(() => after.promise);
  const first = policy.execute(() => before.promise);
  await settled();
  await policy.invalidate('k');
  const second = policy.execute(fn);
  await settled();

  before.resolve('before');
  await first;
  const third = policy.execute(fn);
  await settled();
  after.resolve('after');

  expect(await Promise.all([second, third])).toEqual(['after', 'after']);
  expect(fn).toHaveBeenCalledTimes(1);
});

test('a refresh goes on although somebody who waited for it too has given up', async () => {
  const { clock, policy, count } = makeCached({ staleMs: 200, staleWhileRevalidateMs: 200 });
  const { promise, resolve } = Promise.withResolvers<number>();
  await policy.execute(count);
  await clock.pass(200);
  await policy.execute(() => promise);
  await clock.pass(200);
  const controller = new AbortController();
  const waiting = policy.execute(count, { signal: controller.signal }).catch((error: unknown) => error);
  await settled();

  controller.abort('enough');
  expect(await waiting).toBe('enough');
  await settled();
  resolve(7);
  await settled();

  expect(await policy.execute(count)).toBe(7);
});

test('close aborts what is under way, also behind an old value', async () => {
  const { clock, policy, count } = makeCached({
    staleMs: 2_000,
    staleWhileRevalidateMs: 1_000,
    staleOn: () => true,
  });
  await policy.execute(count);
  await clock.pass(200);
  const signals: AbortSignal[] = [];
  const hang = ({ signal }: { signal: AbortSignal }) => {
    signals.push(signal);
    return new Promise<never>(() => undefined);
  };
  await policy.execute(hang);
  await clock.pass(1_000);
  const calls = ['k', 'other'].map((key) => policy.execute(hang, { key }).catch((error: unknown) => error));
  await settled();

  await policy.close();

  expect(await Promise.all(calls)).toEqual([closedError, closedError]);
  expect(signals.map(({ reason }) => reason)).toEqual([closedError, closedError]);
});

test('a call that looks into a slow store while the cache is closed begins nothing', async () => {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const fn = vi.fn();
  const { policy } = makeCached({
    store: { get: () => promise, set: () => undefined, delete: () => undefined },
  });

  const call = policy.execute(fn).catch((error: unknown) => error);
  await policy.close();
  resolve(undefined);

  expect(await call).toEqual(closedError);
  expect(fn).not.toHaveBeenCalled();
});

test('a store in memory keeps what was read last', async () => {
  const store = createMemoryCacheStore({ itemsMax: 2 });
  const entry = { value: 1, storedAt: 0 };

  store.set('a', entry);
  store.set('b', entry);
  store.get('a');
  store.set('c', entry);
  expect(['a', 'b', 'c'].map((key) => store.get(key))).toEqual([entry, undefined, entry]);
  store.delete('a');

  expect(store.get('a')).toBeUndefined();
  expect(() => createMemoryCacheStore({ itemsMax: 0 })).toThrow(optionInvalid);
});
