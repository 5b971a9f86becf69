import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { EventStore, SqliteEventStoreBackend } from 'holdfast/store';
import { expect, onTestFinished, test } from 'vitest';
import * as tables from '../support/fixtures/many-tables.ts';
import { openRuntime } from '../support/open-runtime.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const events = 20_000;

/** How many threads there are at once, at the most. */
function countThreads(): () => number {
  let [alive, most] = [0, 0];
  const onThread = (message: unknown): void => {
    most = Math.max(most, ++alive);
    (message as { worker: Worker }).worker.once('exit', () => alive--);
  };
  subscribe('worker_threads', onThread);
  onTestFinished(() => void unsubscribe('worker_threads', onThread));
  return () => most;
}

test('builds that are long share their threads, however many there are', async () => {
  const database = join(temporaryFolder(), 'app.db');
  {
    await using store = EventStore.withBackend(await SqliteEventStoreBackend.open(database));
    await store.append(
      'notes',
      Array.from({ length: events }, () => ({ type: 'noted' })),
    );
  }
  const threads = countThreads();

  const runtime = await openRuntime(['many-tables'], { database });
  const counts = await Promise.all(
    Object.values(tables).map((table) =>
      runtime.query<{ count: number }>(table, `select count(*) as count from ${table.name}`, [], {
        after: events,
      }),
    ),
  );

  expect(counts.flat()).toEqual(Array(6).fill({ count: events }));
  // The store, two readers, the lane of all projections, and those of builds.
  const builders = Math.max(1, Math.min(4, availableParallelism() - 1));
  expect(threads()).toBeGreaterThan(2);
  expect(threads()).toBeLessThanOrEqual(4 + builders);
});
