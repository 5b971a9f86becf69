import { EventEmitter } from 'node:events';
import type { Worker } from 'node:worker_threads';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { StoreThreadData } from '../../runtime/protocol/store-control.ts';
import { StoreClient } from '../../runtime/threads/store-client.ts';
import type { ThreadData } from '../../runtime/threads/thread.ts';
import { replaceThreading, systemThreading } from '../../runtime/threads/threading.ts';
import { codedError } from '../support/coded-error.ts';

const notReady = codedError('HOLDFAST_ERR_THREAD_START');

/** A start of a store, whose thread does what the test says, and whose time is the test's. */
function startStore() {
  vi.useFakeTimers();
  const worker = Object.assign(new EventEmitter(), { ref: () => undefined, unref: () => undefined });
  let data: StoreThreadData | undefined;
  onTestFinished(
    replaceThreading({
      ...systemThreading,
      startWorker: (_, options) => {
        data = (options.workerData as ThreadData).data as StoreThreadData;
        return worker as unknown as Worker;
      },
    }),
  );
  onTestFinished(() => void vi.useRealTimers());
  const outcome = StoreClient.start({ path: 'app.db', lockTimeoutMs: 1_000, workerUrl: undefined }).then(
    () => 'started',
    (error: unknown) => error,
  );
  const migrates = (isUnderWay: 0 | 1) =>
    void Atomics.store((data as StoreThreadData).hurried, 1, isUnderWay);
  return { worker, outcome, migrates };
}

test('a store is waited for as long as it brings its file up to date', async () => {
  const { worker, outcome, migrates } = startStore();
  migrates(1);

  await vi.advanceTimersByTimeAsync(10 * 60_000);
  migrates(0);
  worker.emit('message', { holdfast: {} });

  expect(await outcome).toBe('started');
  worker.emit('exit', 0);
});

test('a store that does nothing for as long as it may take is given up, also after it has migrated', async () => {
  const { worker, outcome, migrates } = startStore();
  migrates(1);
  await vi.advanceTimersByTimeAsync(60_000);

  migrates(0);
  await vi.advanceTimersByTimeAsync(60_000);

  expect(await outcome).toEqual(notReady);
  worker.emit('exit', 0);
});

test('a store whose thread ends while it brings its file up to date is not waited for', async () => {
  const { worker, outcome, migrates } = startStore();
  migrates(1);

  worker.emit('exit', 1);

  expect(await outcome).toEqual(notReady);
});

/** A thread that refuses the first call, and tells all who watch what it was called with when somebody does. */
const failing = `
  import { parentPort, workerData } from 'node:worker_threads';
  const { control, data } = workerData;
  const calls = [];
  control.on('message', ({ id, argumentList: [method, args] }) => {
    const isFirst = calls.push([method.value, ...args.value]) === 1;
    const error = { name: 'Error', message: 'not today' };
    control.postMessage({ id, type: 'RAW', value: isFirst ? { ok: false, error } : { ok: true, value: 7 } });
    if (!isFirst && args.value[0] === true) data.heads.postMessage(calls);
    if (method.value === 'close') setImmediate(() => process.exit());
  });
  parentPort.postMessage({ holdfast: {} });`;

test('a watch that fails leaves neither a listener nor a thread that looks for news', async () => {
  const workerUrl = new URL(`data:text/javascript,${encodeURIComponent(failing)}`);
  const store = await StoreClient.start({ path: 'nowhere.db', lockTimeoutMs: 1_000, workerUrl });
  onTestFinished(() => store.close());
  const told: string[] = [];
  await expect(store.watch(() => told.push('first'))).rejects.toThrow('not today');

  const calls = await new Promise((resolve, reject) => {
    const hear = (moved: unknown): void => {
      told.push('second');
      resolve(moved);
    };
    store.watch(hear).catch(reject);
  });

  expect(calls).toEqual([
    ['watch', true],
    ['watch', false],
    ['watch', true],
  ]);
  expect(told).toEqual(['second']);
});
