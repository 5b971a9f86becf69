import { expect, test, vi } from 'vitest';
import { holdfastError } from '../../runtime/errors/holdfast-error.ts';
import { isTransient } from '../../runtime/resilience/policies/is-transient.ts';
import { attemptsOf, type RetryOptions, retry } from '../../runtime/resilience/policies/retry.ts';
import { retryAfterOf } from '../../runtime/resilience/policies/retry-after.ts';
import { createRetryBudget } from '../../runtime/resilience/policies/retry-budget.ts';
import { timeout } from '../../runtime/resilience/policies/timeout.ts';
import { wrap } from '../../runtime/resilience/policies/wrap.ts';
import { settled, VirtualTime } from '../support/virtual-time.ts';

const optionInvalid = expect.objectContaining({ code: 'HOLDFAST_ERR_OPTION_INVALID' });

/** A retry on a clock of its own, whose dice always show the middle, and what it waited. */
function makeRetry(options: RetryOptions = {}) {
  const clock = new VirtualTime();
  const waits: number[] = [];
  const policy = retry({
    clock,
    wallClock: clock.wall,
    random: () => 0.5,
    onRetry: ({ delayMs }) => waits.push(delayMs),
    ...options,
  });
  return { clock, policy, waits };
}

/** A function that fails with these errors, one after the other, and then returns the number of its call. */
function failing(...errors: readonly unknown[]) {
  let calls = 0;
  return vi.fn(() => {
    calls++;
    if (calls <= errors.length) throw errors[calls - 1];
    return calls;
  });
}

test('calls again what failed, with waits that grow, and tells the number of the attempt', async () => {
  const { clock, policy, waits } = makeRetry({ attemptsMax: 4, delayMinMs: 100, delayMaxMs: 1_000 });
  const attempts: number[] = [];

  const call = policy.execute(({ attempt }) => {
    attempts.push(attempt);
    if (attempt < 4) throw new Error('no');
    return 'yes';
  });
  await clock.pass(10_000);

  await expect(call).resolves.toBe('yes');
  expect(attempts).toEqual([1, 2, 3, 4]);
  // The middle of 100 to 3 times the wait before, which is at most 1,000.
  expect(waits).toEqual([200, 350, 550]);
});

test('rejects with the last error as it is, of which the number of attempts can be asked', async () => {
  const { clock, policy } = makeRetry({ attemptsMax: 3 });
  const errors = [new Error('1'), new Error('2'), Object.freeze(new Error('3'))];

  const call = policy.execute(failing(...errors));
  call.catch(() => undefined);
  await clock.pass(60_000);

  await expect(call).rejects.toBe(errors[2]);
  expect(errors.map(attemptsOf)).toEqual([undefined, undefined, 3]);
  expect(attemptsOf('none')).toBeUndefined();
  expect(clock.pending).toBe(0);
});

test.each([
  ['an HTTP 404', { status: 404 }],
  ['an HTTP 400 of axios', Object.assign(new Error('no'), { response: { status: 400 } })],
  ['an HTTP 422 of got', { statusCode: 422 }],
  ['an AbortError', new DOMException('gone', 'AbortError')],
  ['a Holdfast error that is not retryable', holdfastError('HOLDFAST_ERR_COMMAND_UNKNOWN', 'no')],
])('does not call again after %s', async (_what, error) => {
  const { policy } = makeRetry();
  const fn = failing(error);

  await expect(policy.execute(fn)).rejects.toBe(error);

  expect(fn).toHaveBeenCalledTimes(1);
});

test.each([
  ['an HTTP 408', { status: 408 }],
  ['an HTTP 425', { status: 425 }],
  ['an HTTP 429', { status: 429 }],
  ['an HTTP 503', { response: { status: 503 } }],
  ['a network error', new TypeError('fetch failed')],
  ['a time-out of fetch', new DOMException('too long', 'TimeoutError')],
  ['a Holdfast error that is retryable', holdfastError('HOLDFAST_ERR_STORAGE_BUSY', 'no')],
  ['something that is no error', undefined],
])('calls again after %s', async (_what, error) => {
  const { clock, policy } = makeRetry();

  const call = policy.execute(failing(error));
  await clock.pass(60_000);

  await expect(call).resolves.toBe(2);
  expect(isTransient(error)).toBe(true);
});

test('a predicate decides alone, and what it throws is what the call rejects with', async () => {
  const error = { status: 404 };
  const seen: unknown[] = [];
  const { clock, policy } = makeRetry({ retryOn: (...args) => seen.push(args) > 0 });
  const mistake = new Error('mistake');
  const throwing = makeRetry({
    retryOn: () => {
      throw mistake;
    },
  });

  const call = policy.execute(failing(error));
  await clock.pass(60_000);

  await expect(call).resolves.toBe(2);
  expect(seen).toEqual([[error, 1]]);
  await expect(throwing.policy.execute(failing(error))).rejects.toBe(mistake);
});

const sentAt = 'Tue, 14 Nov 2023 22:00:00 GMT';
const dueAt = 'Tue, 14 Nov 2023 22:00:30 GMT';
const wall = { now: () => Date.parse(sentAt) - 3_600_000 };

test.each([
  ['milliseconds of its own', { retryAfterMs: 1_500 }, 1_500],
  ['seconds in Headers', { headers: new Headers({ 'Retry-After': '30' }) }, 30_000],
  ['seconds in an object', { headers: { 'retry-after': '7' } }, 7_000],
  ['a number in an object of another case', { headers: { 'Retry-After': 7 } }, 7_000],
  ['seconds in the headers of a response', { response: { headers: { 'retry-after': ' 2 ' } } }, 2_000],
  ['seconds in a Response', new Response(null, { status: 503, headers: { 'Retry-After': '9' } }), 9_000],
  ['a date beside a Date', { headers: { 'retry-after': dueAt, date: sentAt } }, 30_000],
  ['a date alone', { headers: { 'retry-after': dueAt } }, 3_630_000],
  ['a date that is past', { headers: { 'retry-after': sentAt, date: dueAt } }, 0],
  ['a negative number', { headers: { 'retry-after': '-5' } }, undefined],
  ['words', { headers: { 'retry-after': 'soon' } }, undefined],
  ['nothing', { headers: { 'retry-after': '' } }, undefined],
  ['milliseconds that are none', { retryAfterMs: Number.NaN }, undefined],
  ['no headers', { headers: null, response: null }, undefined],
  ['no object', 'retry-after: 5', undefined],
])('reads Retry-After: %s', (_what, error, expected) => {
  expect(retryAfterOf(error, wall)).toBe(expected);
});

test('waits for as long as it is asked to, and then some', async () => {
  const { clock, policy, waits } = makeRetry({ delayMinMs: 100 });

  const call = policy.execute(failing({ headers: { 'retry-after': '30' } }, { retryAfterMs: 0 }));
  await clock.pass(60_000);

  await expect(call).resolves.toBe(3);
  expect(waits).toEqual([30_050, 150]);
});

test('lets go of a response that was thrown when it calls again, unless that is being read, and never of the last', async () => {
  const letGo: string[] = [];
  const response = (name: string) => {
    const body = new ReadableStream({ cancel: () => void letGo.push(name) });
    return new Response(body, { status: 503, statusText: name });
  };
  const reading = new Response('busy', { status: 503, statusText: 'read' });
  const read: Promise<string>[] = [];
  const { clock, policy } = makeRetry({
    attemptsMax: 3,
    onRetry: ({ error }) => {
      if (error === reading) read.push(reading.text());
    },
  });

  const call = policy.execute(failing(response('first'), reading, response('last')));
  call.catch(() => undefined);
  await clock.pass(60_000);

  await expect(call).rejects.toMatchObject({ statusText: 'last', bodyUsed: false });
  expect(letGo).toEqual(['first']);
  await expect(Promise.all(read)).resolves.toEqual(['busy']);
});

test('fails now when it is asked to wait for longer than it may', async () => {
  const { clock, policy, waits } = makeRetry({ retryAfterMaxMs: 60_000 });
  const error = { retryAfterMs: 60_001 };

  await expect(policy.execute(failing(error))).rejects.toBe(error);

  expect(waits).toEqual([]);
  expect(clock.pending).toBe(0);
});

test('fails now when the next attempt would begin after the deadline', async () => {
  const { clock, policy, waits } = makeRetry({ delayMinMs: 100 });
  const [first, second] = [{ retryAfterMs: 400 }, { retryAfterMs: 600 }];

  const call = wrap(timeout(1_000, { clock }), policy).execute(failing(first, second));
  const ended = vi.fn();
  call.catch(ended);
  await clock.pass(500);

  expect(waits).toEqual([450]);
  expect(ended).toHaveBeenCalledWith(second);
  expect(clock.pending).toBe(0);
});

test('abort ends a wait at once with the reason, and nothing is called any more', async () => {
  const { clock, policy } = makeRetry();
  const [controller, reason] = [new AbortController(), new Error('enough')];
  const fn = failing(new Error('no'));
  const call = policy.execute(fn, { signal: controller.signal });
  call.catch(() => undefined);
  await settled();
  expect(clock.pending).toBe(1);

  controller.abort(reason);
  await expect(call).rejects.toBe(reason);
  await clock.pass(60_000);

  expect(clock.pending).toBe(0);
  expect(fn).toHaveBeenCalledTimes(1);
});

test('a function that gives up since it was told to is not called again', async () => {
  const { clock, policy } = makeRetry();
  const [controller, reason] = [new AbortController(), new Error('enough')];
  const fn = vi.fn(() => {
    controller.abort(reason);
    throw new Error('interrupted');
  });

  await expect(policy.execute(fn, { signal: controller.signal })).rejects.toBe(reason);

  expect(fn).toHaveBeenCalledTimes(1);
  expect(clock.pending).toBe(0);
});

test('those that slept through their waits do not go on all at once', async () => {
  const clock = new VirtualTime();
  let seed = 0;
  const random = () => (seed = (seed + 0.618) % 1);
  const policy = retry({ clock, random, delayMinMs: 100, delayMaxMs: 10_000 });
  let calls = 0;
  const called = Promise.all(
    Array.from({ length: 20 }, () =>
      policy.execute(({ attempt }) => {
        calls++;
        if (attempt === 1) throw new Error('no');
      }),
    ),
  );
  await settled();
  expect(calls).toBe(20);

  await clock.sleep(8 * 3_600_000);
  expect(calls).toBe(20);
  await clock.pass(5_000);
  expect(calls).toBeGreaterThan(20);
  expect(calls).toBeLessThan(40);
  await clock.pass(5_000);

  await called;
  expect(calls).toBe(40);
});

test('a thread that is held up at each of its waits is not kept waiting for ever', async () => {
  const clock = new VirtualTime();
  const policy = retry({ clock, delayMinMs: 100, delayMaxMs: 100 });
  let calls = 0;
  const called = policy.execute(({ attempt }) => {
    calls++;
    if (attempt === 1) throw new Error('no');
  });
  await settled();
  for (let heldUp = 0; heldUp < 4; heldUp++) {
    expect(calls).toBe(1);
    await clock.sleep(1_200);
  }

  await called;
  expect(calls).toBe(2);
});

test('a shared budget bounds the retries of all, and comes back with calls and time', async () => {
  const clock = new VirtualTime();
  const budget = createRetryBudget({ ratio: 0.2, perSecondMin: 0.5, burstMax: 2, clock });
  const policies = [makeRetry({ budget }), makeRetry({ budget })] as const;
  const fail = async ({ policy, clock: own }: (typeof policies)[0]): Promise<void> => {
    const call = policy.execute(failing(new Error('1'), new Error('2'))).catch(() => undefined);
    await own.pass(60_000);
    await call;
  };

  await fail(policies[0]);
  expect(budget.balance).toBe(0);
  await fail(policies[1]);
  expect(policies.map(({ waits }) => waits.length)).toEqual([2, 0]);
  for (let call = 0; call < 4; call++) await policies[1].policy.execute(() => 'fine');
  expect(budget.balance).toBe(1);
  await clock.pass(3_600_000);
  expect(budget.balance).toBe(2);
});

test.each([
  { ratio: -0.1 },
  { ratio: 1.1 },
  { ratio: '1' },
  { perSecondMin: -1 },
  { burstMax: 0 },
  { tokens: 5 },
])('a budget of %j is refused', (options) => {
  expect(() => createRetryBudget(options as never)).toThrow(optionInvalid);
});
