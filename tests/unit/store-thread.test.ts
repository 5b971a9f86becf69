import { join } from 'node:path';
import { MessageChannel } from 'node:worker_threads';
import { expect, onTestFinished, test } from 'vitest';
import type { HeadMoved } from '../../runtime/protocol/store-control.ts';
import { storeLimits } from '../../runtime/protocol/store-limits.ts';
import { openForWriting } from '../../runtime/sqlite/connection/open-database.ts';
import { AppendClient } from '../../runtime/threads/append-client.ts';
import { StoreClient } from '../../runtime/threads/store-client.ts';
import { serveStore } from '../../runtime/threads/store-thread.ts';
import type { ThreadData } from '../../runtime/threads/thread.ts';
import { replaceThreading, systemThreading } from '../../runtime/threads/threading.ts';
import { foreignAppend } from '../support/hosted-actor.ts';
import { playedWorker } from '../support/played-worker.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const options = { path: '', lockTimeoutMs: 1_000, workerUrl: undefined };

/** A store over a file that is served by this thread, which is told of each group that was committed. */
async function openStoreHere(onGroup: () => void): Promise<StoreClient> {
  const path = join(temporaryFolder(), 'app.db');
  const worker = playedWorker();
  const putBack = replaceThreading({
    ...systemThreading,
    startWorker(_, { workerData }) {
      const { control, data } = workerData as ThreadData;
      serveStore(control, data as never, {
        database: openForWriting({ ...options, path }),
        identity: { pid: 1, process: '1' },
        uptime: () => performance.now(),
        onGroup,
      });
      control.on('close', () => worker.emit('exit', 0));
      setImmediate(() => worker.emit('message', { holdfast: {} }));
      return worker;
    },
  });
  const store = await StoreClient.start({ ...options, path });
  putBack();
  onTestFinished(() => store.close());
  return store;
}

/** The client of a host thread. */
async function connectHost(store: StoreClient): Promise<AppendClient> {
  const channels = [new MessageChannel(), new MessageChannel(), new MessageChannel()] as const;
  const [appends, answers, reads] = [channels[0].port2, channels[1].port2, channels[2].port2];
  const transfer = [appends, answers, reads];
  await store.thread.control.call('connectHost', [0, 1, appends, answers, reads], { transfer });
  onTestFinished(() => channels.forEach(({ port1 }) => void port1.close()));
  return new AppendClient(channels[0].port1);
}

test('an append of the main thread is told as such, also behind groups of what hosts append', async () => {
  let isFirst = true;
  const settled = Promise.withResolvers<unknown>();
  const store: StoreClient = await openStoreHere(() => {
    // It arrives while the hosts have more than one group to come.
    if (isFirst) settled.resolve(store.append(foreignAppend('note/main', 'noted', {})));
    isFirst = false;
  });
  const host = await connectHost(store);
  const last = 3 * storeLimits.groupCommitMax + 1;
  const reported = Promise.withResolvers<HeadMoved>();
  await store.watch((moved) => {
    if (moved.position === last) reported.resolve(moved);
  });

  for (let count = 1; count < last; count++)
    host.append(foreignAppend('note/host', 'noted', {}), () => undefined);
  await settled.promise;

  expect(await reported.promise).toMatchObject({ beyondHosts: true });
});
