import { expect, test } from 'vitest';
import { bulkhead } from '../../runtime/resilience/policies/bulkhead.ts';
import { timeout } from '../../runtime/resilience/policies/timeout.ts';
import { wrap } from '../../runtime/resilience/policies/wrap.ts';
import { settled, VirtualTime } from '../support/virtual-time.ts';

const closedError = expect.objectContaining({ code: 'HOLDFAST_ERR_CLOSED' });

/** Functions that note when they begin, and end when they are told to. */
function makeWork() {
  const begun: string[] = [];
  const ends = new Map<string, PromiseWithResolvers<string>>();
  const work = (name: string) => () => {
    begun.push(name);
    const end = Promise.withResolvers<string>();
    ends.set(name, end);
    return end.promise;
  };
  const end = async (name: string, error?: Error): Promise<void> => {
    if (error === undefined) ends.get(name)?.resolve(name);
    else ends.get(name)?.reject(error);
    await settled();
  };
  return { begun, work, end };
}

test('runs so many at once and the others in the order in which they came', async () => {
  const { begun, work, end } = makeWork();
  const policy = bulkhead({ concurrency: 2 });
  const calls = Promise.allSettled(['a', 'b', 'c', 'd'].map((name) => policy.execute(work(name))));

  expect(begun).toEqual(['a', 'b']);
  expect(policy).toMatchObject({ running: 2, queued: 2 });
  await end('b', new Error('no'));
  expect(begun).toEqual(['a', 'b', 'c']);
  await end('a');
  await end('c');
  await end('d');

  expect((await calls).map(({ status }) => status)).toEqual([
    'fulfilled',
    'rejected',
    'fulfilled',
    'fulfilled',
  ]);
  expect(begun).toEqual(['a', 'b', 'c', 'd']);
  expect(policy).toMatchObject({ running: 0, queued: 0 });
});

test('refuses one more than may wait, without calling it, and says what it holds', async () => {
  const { begun, work, end } = makeWork();
  const policy = bulkhead({ concurrency: 1, queueMax: 1 });
  const calls = Promise.all(['a', 'b'].map((name) => policy.execute(work(name))));

  await expect(policy.execute(work('c'))).rejects.toMatchObject({
    code: 'HOLDFAST_ERR_BULKHEAD_FULL',
    retryable: true,
    concurrency: 1,
    queueMax: 1,
  });
  await end('a');
  await end('b');
  await calls;

  expect(begun).toEqual(['a', 'b']);
});

test('without a queue nobody waits', async () => {
  const { work, end } = makeWork();
  const policy = bulkhead({ concurrency: 1, queueMax: 0 });
  const call = policy.execute(work('a'));

  await expect(policy.execute(() => 1)).rejects.toMatchObject({ code: 'HOLDFAST_ERR_BULKHEAD_FULL' });
  await end('a');
  await call;
  await expect(policy.execute(() => 1)).resolves.toBe(1);
});

test('who gives up while waiting makes room at once and never has a turn', async () => {
  const { begun, work, end } = makeWork();
  const policy = bulkhead({ concurrency: 1, queueMax: 2 });
  const [controller, reason] = [new AbortController(), new Error('enough')];
  const first = policy.execute(work('a'));
  const second = policy.execute(work('b'), { signal: controller.signal });
  const third = policy.execute(work('c'));

  controller.abort(reason);
  expect(policy.queued).toBe(1);
  await expect(second).rejects.toBe(reason);
  const fourth = policy.execute(work('d'));
  await end('a');
  await end('c');
  await end('d');

  await Promise.all([first, third, fourth]);
  expect(begun).toEqual(['a', 'c', 'd']);
});

test('who gives up in the moment in which a place becomes free has no turn', async () => {
  const { begun, work } = makeWork();
  const policy = bulkhead({ concurrency: 1 });
  const controller = new AbortController();
  const { promise, resolve } = Promise.withResolvers<void>();
  const first = policy.execute(() => promise);
  // The bulkhead has not listened yet: this is heard first.
  controller.signal.addEventListener('abort', () => resolve());
  const second = policy.execute(work('b'), { signal: controller.signal });
  const outcome = second.catch((error: unknown) => error);

  controller.abort('enough');
  await first;

  expect(await outcome).toBe('enough');
  expect(begun).toEqual([]);
  expect(policy).toMatchObject({ running: 0, queued: 0 });
});

test('a place is taken until its function has ended, although its caller has left', async () => {
  const { begun, work, end } = makeWork();
  const policy = bulkhead({ concurrency: 1 });
  const controller = new AbortController();
  const first = policy.execute(work('a'), { signal: controller.signal });
  const outcome = first.catch((error: unknown) => error);
  const second = policy.execute(work('b'));

  controller.abort('enough');
  expect(await outcome).toBe('enough');
  expect(policy).toMatchObject({ running: 1, queued: 1 });
  await end('a', new Error('late'));

  expect(begun).toEqual(['a', 'b']);
  await end('b');
  await expect(second).resolves.toBe('b');
});

test('waiting counts towards a time-out around it', async () => {
  const clock = new VirtualTime();
  const { begun, work, end } = makeWork();
  const policy = wrap(timeout(100, { clock }), bulkhead({ concurrency: 1 }));
  const calls = Promise.allSettled([policy.execute(work('a')), policy.execute(work('b'))]);

  await clock.pass(100);
  await end('a');

  expect((await calls).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(begun).toEqual(['a']);
});

test('a function may call the bulkhead that it runs in', async () => {
  const policy = bulkhead({ concurrency: 2 });

  await expect(policy.execute(() => policy.execute(() => 'inner'))).resolves.toBe('inner');
  expect(policy.running).toBe(0);
});

test('close rejects who waits, lets end who runs, and resolves then', async () => {
  const { begun, work, end } = makeWork();
  const policy = bulkhead({ concurrency: 1 });
  const first = policy.execute(work('a'));
  const second = policy.execute(work('b')).catch((error: unknown) => error);
  let isClosed = false;

  const closing = policy.close().then(() => {
    isClosed = true;
  });
  expect(await second).toEqual(closedError);
  await expect(policy.execute(work('c'))).rejects.toThrow(closedError);
  await settled();
  expect(isClosed).toBe(false);
  await end('a');
  await closing;

  await expect(first).resolves.toBe('a');
  expect(begun).toEqual(['a']);
});
