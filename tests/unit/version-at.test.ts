import { expect, test, vi } from 'vitest';
import { versionAt } from '../../runtime/cli/version-at.ts';
import { EventStore } from '../../runtime/store/event-store.ts';
import { InMemoryEventStoreBackend } from '../../runtime/store/in-memory-backend.ts';

test('where a stream is at a position of the log is found by a few reads, however long it is', async () => {
  const backend = new InMemoryEventStoreBackend();
  const store = EventStore.withBackend(backend);
  const noted = (count: number) => Array.from({ length: count }, () => ({ type: 'noted' }));
  await store.append('other', noted(3));
  await store.append('long', noted(1_000));
  await store.append('other', noted(2));
  await store.append('long', noted(1_000));
  const reads = vi.spyOn(backend, 'readStream');

  const positions = [0, 1, 3, 4, 700, 1_003, 1_005, 1_006, 2_005, 9_999];
  const versions = [];
  for (const position of positions) versions.push(await versionAt(backend, 'long', position));

  expect(versions).toEqual([0, 0, 0, 1, 697, 1_000, 1_000, 1_001, 2_000, 2_000]);
  expect(reads.mock.calls.length).toBeLessThan(12 * positions.length);
  await expect(versionAt(backend, 'none', 5)).resolves.toBe(0);
});
