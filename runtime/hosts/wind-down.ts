import type { SqliteEventStoreBackend } from '../store/sqlite-backend.ts';
import type { HostThreadClient } from './host-thread-client.ts';

/** Lets a thread come to an end before it is ended. One that does not answer goes without. */
export async function windDown(
  { thread: { control } }: HostThreadClient,
  backend: SqliteEventStoreBackend,
  hasServices: boolean,
  timeoutMs: number,
): Promise<void> {
  const ignore = (): undefined => undefined;
  // The store has answered the callers itself: what their commands ask for may still be to come.
  await control.call('settle', [], { timeoutMs }).catch(ignore);
  // What is lost of snapshots is a cache.
  await control
    .call('hotSnapshots', [], { timeoutMs })
    .then(async (hot) => {
      if (hot.length > 0) await backend.store().thread.control.call('saveSnapshots', [hot], { timeoutMs });
    })
    .catch(ignore);
  if (hasServices) await control.call('closeServices', [], { timeoutMs }).catch(ignore);
}
