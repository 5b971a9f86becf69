import { once } from 'node:events';
import type { MessagePort } from 'node:worker_threads';
import { expect, onTestFinished, test, vi } from 'vitest';
import { CpuPool } from '../../runtime/cpu/pool.ts';
import { LaneClient, LaneLost } from '../../runtime/projections/lane-client.ts';
import { rehearse } from '../../runtime/rehearse/rehearse.ts';
import { stateAtVersion } from '../../runtime/state-at-version.ts';
import type { SqliteEventStoreBackend } from '../../runtime/store/sqlite-backend.ts';
import { codedError } from '../support/coded-error.ts';

const workerUrl = new URL(`data:text/javascript,${encodeURIComponent('process.exit(1)')}`);
const stream = 'note/1';

/** A database whose reader keeps the ends that it is given, and whose other threads cannot be started. */
function databaseWithoutThreads(startReader: () => Promise<void> = async () => undefined) {
  const { promise: linked, resolve } = Promise.withResolvers<MessagePort>();
  const reader = {
    connectHost: async (port: MessagePort) => resolve(port),
    request: async (method: string, after: unknown) => {
      if (method === 'readLog') return [{ position: 1 }];
      return after === 0 ? [[1, stream, 1]] : [];
    },
    thread: { onEnded: () => () => undefined },
  };
  const backend = {
    workerUrl,
    async reader() {
      await startReader();
      return reader;
    },
  } as unknown as SqliteEventStoreBackend;
  return { backend, linked };
}

const laneOptions = { modules: [], memoryMb: 64, timeoutMs: 1_000 };
const notStarted = codedError('HOLDFAST_ERR_THREAD_START');

test.each([
  ['a lane', expect.any(LaneLost), (backend) => new LaneClient({ backend, ...laneOptions }).loaded],
  [
    'a lane in a pool',
    expect.any(LaneLost),
    (backend) => {
      const pool = new CpuPool(1, { standIn: () => Promise.reject(new Error('there are no threads')) });
      return new LaneClient({ backend, ...laneOptions }, { pool }).loaded;
    },
  ],
  [
    'a state of the past',
    notStarted,
    (backend) => stateAtVersion(backend, laneOptions, stream, { signal: new AbortController().signal }),
  ],
  ['a rehearsal', notStarted, (backend) => rehearse(backend, { ...laneOptions, threads: 1 })],
] satisfies [string, unknown, (backend: SqliteEventStoreBackend) => Promise<unknown>][])(
  'the reader keeps no link to %s that no thread could be started for',
  async (_, failure, begin) => {
    const { backend, linked } = databaseWithoutThreads();

    const begun = begin(backend);
    const closed = linked.then((port) => once(port, 'close'));

    await expect(begun).rejects.toEqual(failure);
    await closed;
  },
);

test('a lane that is given up while its reader starts, which then fails, is lost and nothing else', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  onTestFinished(() => void vi.useRealTimers());
  const unhandled = vi.fn();
  process.on('unhandledRejection', unhandled);
  onTestFinished(() => void process.off('unhandledRejection', unhandled));
  const { promise, reject } = Promise.withResolvers<void>();
  const { backend } = databaseWithoutThreads(() => promise);
  const lane = new LaneClient({ backend, ...laneOptions });

  vi.advanceTimersByTime(40_000);
  reject(new Error('there are no threads'));

  await expect(lane.loaded).rejects.toThrow('did not come to an end within 30000 ms');
  // As long as Node.js takes to find that nobody listens.
  for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
  expect(unhandled).not.toHaveBeenCalled();
  await lane.close();
});

test('a rehearsal that is given up while its reader starts replays nothing', async () => {
  const stop = new AbortController();
  const { backend, linked } = databaseWithoutThreads(async () => stop.abort(new Error('enough')));
  const onLinked = vi.fn();
  void linked.then(onLinked);

  const report = rehearse(backend, { ...laneOptions, threads: 1, signal: stop.signal });

  await expect(report).rejects.toThrow('enough');
  expect(onLinked).not.toHaveBeenCalled();
});
