import { join } from 'node:path';
import { onTestFinished, vi } from 'vitest';
import { fence } from '../../runtime/hosts/fence.ts';
import { HostThreadClient } from '../../runtime/hosts/host-thread-client.ts';
import { openForWriting } from '../../runtime/sqlite/connection/open-database.ts';
import type { SqliteEventStoreBackend } from '../../runtime/store/sqlite-backend.ts';
import type { StoreClient } from '../../runtime/threads/store-client.ts';
import { replaceThreading, systemThreading } from '../../runtime/threads/threading.ts';
import { hostThreadOptions } from './host-thread-options.ts';
import { openStoreThread } from './open-store-thread.ts';
import { playedWorker } from './played-worker.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** A store whose thread waits for the lock of another connection, until the test gives it back. */
export async function openLockedStore() {
  const path = join(temporaryFolder(), 'app.db');
  const store = await openStoreThread(path);
  onTestFinished(() => store.close());
  const other = openForWriting({ path, lockTimeoutMs: 1_000 });
  onTestFinished(() => void other.close());
  other.exec('begin immediate');
  // What is called later is heard only after this, which has to write.
  const snapshot = { stream: 'note/1', version: 1, fingerprint: '', state: '{}' } as never;
  const saved = store.thread.control.call('saveSnapshots', [[snapshot]], { timeoutMs: Infinity });
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const unlock = async (): Promise<void> => {
    other.exec('rollback');
    await saved;
  };
  const fenceHost = () => fence(backendOver(store), 0, 1);
  return { store, fenceHost, startHost: () => startHost(store), unlock };
}

function backendOver(store: StoreClient): SqliteEventStoreBackend {
  return { store: () => store } as unknown as SqliteEventStoreBackend;
}

/** A host thread, played, that is connected to the store as one that runs. */
function startHost(store: StoreClient): HostThreadClient {
  const worker = playedWorker();
  onTestFinished(replaceThreading({ ...systemThreading, startWorker: () => worker }));
  const options = hostThreadOptions(backendOver(store));
  const client = new HostThreadClient(0, 1, options, { onAnswer: () => undefined, onTick: () => undefined });
  onTestFinished(() => client.release());
  worker.emit('message', { holdfast: {} });
  return client;
}
