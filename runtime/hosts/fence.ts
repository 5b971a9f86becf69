import type { SqliteEventStoreBackend } from '../store/sqlite-backend.ts';

/** Has the store refuse what a dead thread may still have sent; resolves when what it sent before is committed. */
export async function fence(
  backend: SqliteEventStoreBackend,
  place: number,
  generation: number,
): Promise<void> {
  try {
    // The store may wait long for the lock of another process, and only its answer or its end says that it refuses.
    await backend.store().thread.control.call('fenceHost', [place, generation + 1], { timeoutMs: Infinity });
  } catch {
    // The store is closing or gone: then nothing of the dead thread can reach it either. Where it fails, it refuses already.
  }
}
