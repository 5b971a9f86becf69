import { afterEach, beforeEach, expect, test } from 'vitest';
import { bulkhead } from '../../runtime/resilience/policies/bulkhead.ts';
import { cached } from '../../runtime/resilience/policies/cached.ts';
import { circuit } from '../../runtime/resilience/policies/circuit.ts';
import { fallback } from '../../runtime/resilience/policies/fallback.ts';
import { pipeline } from '../../runtime/resilience/policies/pipeline.ts';
import type { Policy } from '../../runtime/resilience/policies/policy.ts';
import { retry } from '../../runtime/resilience/policies/retry.ts';
import { createRetryBudget } from '../../runtime/resilience/policies/retry-budget.ts';
import { timeout } from '../../runtime/resilience/policies/timeout.ts';
import { wrap } from '../../runtime/resilience/policies/wrap.ts';
import { settled } from '../support/virtual-time.ts';

const optionInvalid = expect.objectContaining({ code: 'HOLDFAST_ERR_OPTION_INVALID' });
const closedError = expect.objectContaining({ code: 'HOLDFAST_ERR_CLOSED' });
const never = (): Promise<never> => new Promise(() => undefined);

/** A breaker that is always closed. */
const closedBreaker = {
  call: async <T>(
    fn: (signal: AbortSignal) => Promise<T> | T,
    options: { readonly signal?: AbortSignal } = {},
  ) => ({
    status: 'executed' as const,
    value: await fn(options.signal ?? new AbortController().signal),
  }),
};

const everything = () =>
  pipeline({
    cached: { ttlMs: 0 },
    timeoutMs: 60_000,
    bulkhead: { concurrency: 10 },
    retry: { attemptsMax: 1 },
    breaker: closedBreaker,
    attemptTimeoutMs: 60_000,
  });

const policies: readonly (readonly [string, () => Policy])[] = [
  ['retry', () => retry({ attemptsMax: 1 })],
  ['timeout', () => timeout(60_000)],
  ['bulkhead', () => bulkhead({ concurrency: 10 })],
  ['fallback', () => fallback<never>('hidden' as never, { fallbackOn: () => false })],
  ['cached', () => cached({ ttlMs: 0 })],
  ['circuit', () => circuit(closedBreaker)],
  ['wrap of nothing', () => wrap()],
  ['wrap', () => wrap(timeout(60_000), retry({ attemptsMax: 1 }), timeout(50_000))],
  ['pipeline of nothing', () => pipeline({})],
  ['pipeline', everything],
  ['pipeline in a pipeline', () => wrap(everything(), everything())],
];

const unhandled: unknown[] = [];
const note = (reason: unknown): void => void unhandled.push(reason);
beforeEach(() => {
  unhandled.length = 0;
  process.on('unhandledRejection', note);
});
afterEach(async () => {
  await settled();
  process.off('unhandledRejection', note);
  expect(unhandled).toEqual([]);
});

test.each(policies)(
  '%s resolves with what the function returns, promise or not, however often',
  async (_name, make) => {
    const policy = make();

    const answers = await Promise.all([
      policy.execute(() => 'plain', { key: 'a' }),
      policy.execute(async () => 'promised', { key: 'b' }),
      policy.execute(() => undefined, { key: 'c' }),
    ]);

    expect(answers).toEqual(['plain', 'promised', undefined]);
  },
);

test.each(policies)('%s rejects with what the function throws, as it is', async (_name, make) => {
  const policy = make();
  const error = new Error('no');

  const thrown = policy.execute(
    () => {
      throw error;
    },
    { key: 'a' },
  );
  await expect(thrown).rejects.toBe(error);
  await expect(policy.execute(() => Promise.reject(error), { key: 'a' })).rejects.toBe(error);
  await expect(policy.execute(() => Promise.reject(undefined), { key: 'a' })).rejects.toBe(undefined);
});

test.each(policies)('%s calls nothing under a signal that is aborted already', async (_name, make) => {
  const reason = new Error('changed my mind');
  let calls = 0;

  const called = make().execute(() => ++calls, { signal: AbortSignal.abort(reason), key: 'a' });

  await expect(called).rejects.toBe(reason);
  expect(calls).toBe(0);
});

test.each(policies)(
  '%s rejects at once on abort, tells the function, and ignores what it does later',
  async (_name, make) => {
    const policy = make();
    const [controller, reason] = [new AbortController(), new Error('changed my mind')];
    const { promise, reject } = Promise.withResolvers<string>();
    let inner: AbortSignal | undefined;

    const called = policy.execute(
      ({ signal }) => {
        inner = signal;
        return promise;
      },
      { signal: controller.signal, key: 'a' },
    );
    await settled();
    controller.abort(reason);
    await expect(called).rejects.toBe(reason);
    reject(new Error('late'));
    await settled();

    expect(inner?.reason).toBe(reason);
    await expect(policy.execute(() => 'next', { key: 'a' })).resolves.toBe('next');
  },
);

test.each(policies)('%s does not abort the signal of a function that has ended', async (_name, make) => {
  const signals: AbortSignal[] = [];

  await make().execute(({ signal }) => signals.push(signal), {
    signal: new AbortController().signal,
    key: 'a',
  });
  await settled();

  expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
});

test.each(policies)('%s refuses what is no function, and options that are wrong', async (_name, make) => {
  const policy = make();

  for (const wrong of [undefined, null, 5, 'fetch', {}]) {
    await expect(policy.execute(wrong as never, { key: 'a' })).rejects.toThrow(optionInvalid);
  }
  for (const wrong of [
    null,
    { signl: 1 },
    { signal: {} },
    { key: 5 },
    { attempt: 0 },
    { deadline: Number.NaN },
  ]) {
    await expect(policy.execute(() => 1, wrong as never)).rejects.toThrow(optionInvalid);
  }
});

test.each([
  ['bulkhead', () => bulkhead({ concurrency: 1 })],
  ['cached', () => cached({ ttlMs: 1_000 })],
  ['pipeline', () => pipeline({ bulkhead: { concurrency: 1 }, cached: { ttlMs: 1_000 } })],
])('a closed %s calls nothing any more, and may be closed again', async (_name, make) => {
  let calls = 0;
  const policy = make();
  await policy.close();
  await policy.close();
  await policy[Symbol.asyncDispose]();

  await expect(policy.execute(() => ++calls, { key: 'a' })).rejects.toThrow(closedError);
  expect(calls).toBe(0);
});

test.each([
  ['no concurrency', () => bulkhead({} as never)],
  ['no place', () => bulkhead({ concurrency: 0 })],
  ['half a queue', () => bulkhead({ concurrency: 1, queueMax: 0.5 })],
  ['no time', () => timeout(0)],
  ['no number of milliseconds', () => timeout(undefined as never)],
  ['more time than timers take', () => timeout(2 ** 31)],
  ['no attempt', () => retry({ attemptsMax: 0 })],
  ['no delay', () => retry({ delayMinMs: 0 })],
  ['a longest delay below the shortest', () => retry({ delayMinMs: 10, delayMaxMs: 9 })],
  ['an unknown option', () => retry({ attempts: 3 } as never)],
  ['no ttl', () => cached({} as never)],
  [
    'a part of the stale time that is longer',
    () => cached({ ttlMs: 1, staleMs: 1, staleWhileRevalidateMs: 2 }),
  ],
  ['no circuit breaker', () => circuit({} as never)],
  ['no policy', () => wrap(retry(), {} as never)],
  ['an unknown part', () => pipeline({ timeout: 5 } as never)],
  ['a wrong option in a part', () => pipeline({ retry: { attemptsMax: -1 } })],
])('refuses to make a policy of %s', (_what, make) => {
  expect(make).toThrow(optionInvalid);
});

test('one signal may be shared by any number of calls, and is left without listeners', async () => {
  const { signal } = new AbortController();
  const policy = wrap(timeout(60_000), bulkhead({ concurrency: 5, queueMax: 1_000 }));
  let listening = 0;
  const listen = signal.addEventListener.bind(signal);
  signal.addEventListener = ((...args: Parameters<typeof listen>) => {
    listening++;
    listen(...args);
  }) as typeof listen;

  await Promise.all(Array.from({ length: 500 }, (_, n) => policy.execute(async () => n, { signal })));

  expect(listening).toBe(1);
});

test('fallback: a value or what a function makes of the error, in place of what failed', async () => {
  const failing = () => Promise.reject(new Error('no'));
  const value = { a: 1 };

  await expect(fallback(value).execute(failing)).resolves.toBe(value);
  await expect(fallback(undefined).execute(failing)).resolves.toBe(undefined);
  const answer = fallback(async (error, { attempt }) => `${(error as Error).message} ${attempt}`);
  await expect(answer.execute(failing)).resolves.toBe('no 1');
  await expect(fallback(value).execute(() => 'right')).resolves.toBe('right');
});

test('a value instead of a response that was thrown lets go of that one', async () => {
  const letGo: string[] = [];
  const thrown = new Response(new ReadableStream({ cancel: () => void letGo.push('thrown') }), {
    status: 503,
  });

  await expect(fallback('cached').execute(() => Promise.reject(thrown))).resolves.toBe('cached');

  expect(letGo).toEqual(['thrown']);
});

test('fallback: what it throws is what the call rejects with, and its predicate decides', async () => {
  const [first, second] = [new Error('first'), new Error('second')];
  const throwing = fallback(() => {
    throw second;
  });
  const picky = fallback('value', { fallbackOn: (error) => error === second });

  await expect(throwing.execute(() => Promise.reject(first))).rejects.toBe(second);
  await expect(picky.execute(() => Promise.reject(first))).rejects.toBe(first);
  await expect(picky.execute(() => Promise.reject(second))).resolves.toBe('value');
});

test('fallback: does not hide that the caller has given up, also while it is under way itself', async () => {
  const [before, during] = [new AbortController(), new AbortController()];
  const reason = new Error('enough');

  const both = Promise.allSettled([
    fallback('hidden').execute(never, { signal: before.signal }),
    fallback(never).execute(() => Promise.reject(new Error('no')), { signal: during.signal }),
  ]);
  before.abort(reason);
  await settled();
  during.abort(reason);

  expect(await both).toEqual([
    { status: 'rejected', reason },
    { status: 'rejected', reason },
  ]);
});

test.each<[string, () => unknown]>([
  ['retry: retryOn', () => retry({ retryOn: true as never })],
  ['retry: random', () => retry({ random: 1 as never })],
  ['retry: onRetry', () => retry({ onRetry: {} as never })],
  ['retry: budget', () => retry({ budget: {} as never })],
  ['retry: clock', () => retry({ clock: Date as never })],
  ['retry: wallClock', () => retry({ wallClock: {} as never })],
  ['cached: store', () => cached({ ttlMs: 1, store: new WeakSet() as never })],
  ['cached: staleOn', () => cached({ ttlMs: 1, staleOn: null as never })],
  ['cached: isValid', () => cached({ ttlMs: 1, isValid: true as never })],
  ['cached: onStale', () => cached({ ttlMs: 1, onStale: 'log' as never })],
  ['cached: key', () => cached({ ttlMs: 1, key: 5 as never })],
  ['cached: clock', () => cached({ ttlMs: 1, clock: {} as never })],
  ['fallback: fallbackOn', () => fallback(1, { fallbackOn: Error.prototype as never })],
  ['timeout: clock', () => timeout(1, { clock: {} as never })],
  ['createRetryBudget: clock', () => createRetryBudget({ clock: {} as never })],
  ['circuit: a function', () => circuit(function circuitBreaker() {} as never)],
])('%s that could only fail when it is needed is refused at once', (_what, make) => {
  expect(make).toThrow(expect.objectContaining({ code: 'HOLDFAST_ERR_OPTION_INVALID' }));
});

test('an option that is undefined is left to its default', async () => {
  const nothing = { retryOn: undefined, random: undefined, clock: undefined, wallClock: undefined } as never;
  const failing = async () => Promise.reject(new Error('for good'));
  const cache = cached({ ttlMs: 60_000, key: 'k', store: undefined, staleOn: undefined } as never);
  let calls = 0;

  await expect(retry(nothing).execute(failing)).rejects.toThrow('for good');
  await cache.execute(() => ++calls);
  expect(await cache.execute(() => ++calls)).toBe(1);
});
