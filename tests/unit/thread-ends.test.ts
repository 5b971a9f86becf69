import { expect, onTestFinished, test } from 'vitest';
import { lookAtHealth } from '../../runtime/health.ts';
import { HostThreadClient } from '../../runtime/hosts/host-thread-client.ts';
import { noProjections } from '../../runtime/projections/projection-health.ts';
import { EmittedGauge } from '../../runtime/protocol/emitted-gauge.ts';
import { rehearse } from '../../runtime/rehearse/rehearse.ts';
import { SqliteEventStoreBackend } from '../../runtime/store/sqlite-backend.ts';
import type { ReaderClient } from '../../runtime/threads/reader-client.ts';
import { Thread } from '../../runtime/threads/thread.ts';
import { runChild } from '../support/child-program.ts';

/** Answers every call with 0, or with a file that is well, and ends when it is told to close. A host says at once that it wants a reader. */
const obliging = `
  import { parentPort, workerData } from 'node:worker_threads';
  const { control, data } = workerData;
  control.on('message', ({ id, argumentList }) => {
    const value = argumentList[0].value === 'standing' ? { deadLetters: 0, pending: 0, failure: null } : 0;
    control.postMessage({ id, type: 'RAW', value: { ok: true, value } });
    if (argumentList[0].value === 'close') setImmediate(() => process.exit());
  });
  if (workerData.holdfast === 'host')
    data.requests.postMessage([0, 'reader-wanted', 0, 0, '', null, null, '']);
  parentPort.postMessage({ holdfast: {} });`;
const workerUrl = new URL(`data:text/javascript,${encodeURIComponent(obliging)}`);

async function openBackend(): Promise<SqliteEventStoreBackend> {
  const backend = await SqliteEventStoreBackend.open('nowhere.db', { workerUrl });
  onTestFinished(() => backend.close());
  return backend;
}

async function startThread(): Promise<Thread<Record<never, never>>> {
  const thread = new Thread({ role: 'store', name: 'store', workerUrl, data: {} });
  onTestFinished(() => thread.kill());
  await thread.started();
  return thread;
}

test('whoever follows a thread is told once of its end, and whoever comes later as well', async () => {
  const thread = await startThread();
  const told: unknown[] = [];
  const follow = () => thread.onEnded((reason) => void told.push(reason));
  follow();
  follow();
  const takeBack = follow();
  takeBack();

  expect([thread.followers, thread.hasEnded]).toEqual([2, false]);
  await thread.kill();
  const reason = await thread.ended;
  follow();
  follow()();
  await Promise.resolve();

  expect(told).toEqual([reason, reason, reason]);
  expect([thread.followers, thread.hasEnded]).toEqual([0, true]);
});

test('a watch that was stopped, and a look at the health, leave nothing with the store thread', async () => {
  const backend = await openBackend();
  const { thread } = backend.store();
  const before = thread.followers;

  const stop = backend.watch(
    () => undefined,
    () => undefined,
  );
  const during = thread.followers;
  stop();
  const health = await lookAtHealth(
    backend,
    { standing: 'healthy', hosts: [], quarantined: [] },
    noProjections,
    0,
  );

  expect(during).toBe(before + 1);
  expect(health).toMatchObject({ status: 'healthy', deadLetters: 0 });
  expect(thread.followers).toBe(before);
});

test('a rehearsal leaves nothing with the reader thread', async () => {
  const thread = await startThread();
  let during = 0;
  const request = async (): Promise<never[]> => {
    during = thread.followers;
    return [];
  };
  const connectHost = async (): Promise<never> => Promise.reject(new Error('not today'));
  const reader = { thread, request, connectHost } as unknown as ReaderClient;

  const database = { reader: () => reader, readStream: async () => [] };
  await expect(rehearse(database, { modules: [], threads: 1 })).rejects.toThrow('not today');

  expect(during).toBe(1);
  expect(thread.followers).toBe(0);
});

test('a host thread that has ended leaves nothing with the reader thread that it read from', async () => {
  const backend = await openBackend();
  const { thread } = await backend.reader();
  const before = thread.followers;
  const client = new HostThreadClient(
    0,
    1,
    {
      backend,
      modules: [],
      residentsMax: 1,
      idleMs: 1_000,
      memoryMb: 64,
      externalMemoryMb: 64,
      unresponsiveMs: 1_000,
      workerUrl,
      container: null,
      onEmitted: () => undefined,
      emitted: new EmittedGauge(),
      onProjections: () => undefined,
    },
    { onAnswer: () => undefined, onTick: () => undefined },
  );
  await expect.poll(() => thread.followers).toBe(before + 1);

  client.giveUp();
  await client.thread.ended;
  client.release();

  await expect.poll(() => thread.followers).toBe(before);
  expect(client.verdict).toBeUndefined();
});

test('nothing keeps a thread that has ended without an answer', async () => {
  const { lines } = await runChild('forget-thread.ts', [], { execArgv: ['--expose-gc'] });

  expect(lines).toEqual(['forgotten']);
});
