import { expect, onTestFinished, test, vi } from 'vitest';
import { SqliteEventStoreBackend } from '../../runtime/store/sqlite-backend.ts';
import { ReaderClient } from '../../runtime/threads/reader-client.ts';
import type { StoreClient } from '../../runtime/threads/store-client.ts';

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
  await backend.queryReader();

  await expect(backend.close()).rejects.toThrow('the reader of queries did not close');

  expect(closed).toEqual(['reader of queries', 'reader', 'store']);
});
