import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { EventStore } from '../../runtime/store/event-store.ts';
import { SqliteEventStoreBackend } from '../../runtime/store/sqlite-backend.ts';
import { ReaderClient } from '../../runtime/threads/reader-client.ts';
import type { StoreClient } from '../../runtime/threads/store-client.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

test('a reader that cannot be closed keeps neither the other one nor the store open', async () => {
  const closed: string[] = [];
  const failing = (name: string) => ({
    thread: { onEnded: () => () => undefined },
    close() {
      closed.push(name);
      return Promise.reject(new Error(`the ${name} did not close`));
    },
  });
  const start = vi
    .spyOn(ReaderClient, 'start')
    .mockResolvedValueOnce(failing('reader') as never)
    .mockResolvedValueOnce(failing('reader of queries') as never);
  onTestFinished(() => start.mockRestore());
  const store = { close: async () => void closed.push('store') };
  const backend = SqliteEventStoreBackend.over('nowhere.db', store as unknown as StoreClient);
  await backend.reader();
  await backend.reader('queries');

  await expect(backend.close()).rejects.toThrow('the reader did not close');

  expect(closed).toEqual(['reader', 'reader of queries', 'store']);
});

test('a file is checked by a reader that nobody else waits for', async () => {
  const workerUrl = new URL('../../dist/runtime/threads/database-worker.cjs', import.meta.url);
  const backend = await SqliteEventStoreBackend.open(join(temporaryFolder(), 'app.db'), { workerUrl });
  onTestFinished(() => backend.close());
  await EventStore.withBackend(backend).append('notes', [{ type: 'noted' }]);
  const others = [await backend.reader(), await backend.reader('queries')];
  const requests = others.map((reader) => vi.spyOn(reader, 'request'));

  expect(await backend.verify()).toEqual({ ok: true, problems: [], events: 1 });

  for (const request of requests) expect(request).not.toHaveBeenCalled();
});
