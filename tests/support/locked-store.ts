import { join } from 'node:path';
import { onTestFinished, vi } from 'vitest';
import { fence } from '../../runtime/hosts/fence.ts';
import { openForWriting } from '../../runtime/sqlite/connection/open-database.ts';
import type { SqliteEventStoreBackend } from '../../runtime/store/sqlite-backend.ts';
import { openStoreThread } from './open-store-thread.ts';
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
  const fenceHost = () => fence({ store: () => store } as unknown as SqliteEventStoreBackend, 0, 1);
  return { store, fenceHost, unlock };
}
