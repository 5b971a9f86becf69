import { StoreClient } from '../../runtime/threads/store-client.ts';

/** Opens the store thread of a file, from what was built. */
export function openStoreThread(path: string): Promise<StoreClient> {
  const workerUrl = new URL('../../dist/runtime/threads/database-worker.cjs', import.meta.url);
  return StoreClient.start({ path, lockTimeoutMs: 10_000, workerUrl });
}
