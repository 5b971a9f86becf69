import { afterEach, expect, test, vi } from 'vitest';
import { timeout } from '../../runtime/resilience/policies/timeout.ts';
import { wrap } from '../../runtime/resilience/policies/wrap.ts';
import { settled, VirtualTime } from '../support/virtual-time.ts';

const timedOut = expect.objectContaining({ code: 'HOLDFAST_ERR_TIMEOUT', retryable: true });
const never = (): Promise<never> => new Promise(() => undefined);

afterEach(() => vi.useRealTimers());

test('rejects in its moment and aborts the signal with the same error', async () => {
  const clock = new VirtualTime();
  let inner: AbortSignal | undefined;
  const call = timeout(50, { clock }).execute(({ signal }) => {
    inner = signal;
    return never();
  });
  const ended = vi.fn();
  call.catch(ended);

  await clock.pass(49);
  expect(ended).not.toHaveBeenCalled();
  expect(inner?.aborted).toBe(false);
  await clock.pass(1);

  expect(ended).toHaveBeenCalledExactlyOnceWith(timedOut);
  expect(inner?.reason).toBe(ended.mock.calls[0]?.[0]);
});

test('a late result is ignored, and a late rejection is nobody’s unhandled one', async () => {
  const unhandled = vi.fn();
  process.once('unhandledRejection', unhandled);
  const clock = new VirtualTime();
  const late = [Promise.withResolvers<string>(), Promise.withResolvers<string>()] as const;
  const calls = late.map(({ promise }) => timeout(10, { clock }).execute(() => promise));
  const outcomes = Promise.allSettled(calls);

  await clock.pass(10);
  late[0].resolve('late');
  late[1].reject(new Error('late'));
  await settled();
  process.off('unhandledRejection', unhandled);

  expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(unhandled).not.toHaveBeenCalled();
});

test.each([
  ['resolves', () => 'value'],
  ['rejects', () => Promise.reject(new Error('no'))],
  [
    'throws',
    () => {
      throw new Error('no');
    },
  ],
])('leaves no timer behind when the function %s', async (_how, fn) => {
  const clock = new VirtualTime();

  await timeout(10, { clock })
    .execute(fn)
    .catch(() => undefined);

  expect(clock.pending).toBe(0);
});

test('leaves no timer behind when the caller gives up', async () => {
  const clock = new VirtualTime();
  const controller = new AbortController();
  const call = timeout(10, { clock }).execute(never, { signal: controller.signal });
  call.catch(() => undefined);
  await settled();
  expect(clock.pending).toBe(1);

  controller.abort();
  await expect(call).rejects.toThrow('aborted');

  expect(clock.pending).toBe(0);
});

test('says to what is inside until when there is time, the sooner of two', async () => {
  const clock = new VirtualTime();
  const [short, long] = [timeout(10, { clock }), timeout(1_000, { clock })];
  const deadlines: (number | undefined)[] = [];
  const note = ({ deadline }: { deadline?: number | undefined }) => deadlines.push(deadline);

  await wrap(short, long).execute(note);
  await wrap(long, short).execute(note);

  expect(deadlines).toEqual([clock.now() + 10, clock.now() + 10]);
});

test('uses the timers of the process, and they keep it alive while somebody waits', async () => {
  const set = vi.spyOn(globalThis, 'setTimeout');
  const call = timeout(60_000).execute(never);
  call.catch(() => undefined);
  await settled();

  const timer = set.mock.results[0]?.value as NodeJS.Timeout;
  expect(timer.hasRef()).toBe(true);
  clearTimeout(timer);
  set.mockRestore();
});
