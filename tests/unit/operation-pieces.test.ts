import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { EventStore } from '../../runtime/store/event-store.ts';
import { SqliteEventStoreBackend } from '../../runtime/store/sqlite-backend.ts';
import { newOperation, roomy, second } from '../support/operation-subject.ts';
import { openSqliteOperations } from '../support/sqlite-operation-subjects.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** Of six pieces. */
const count = 2_600;
const ids = Array.from({ length: count }, (_, index) => `${index}`);

/** A queue on a store thread, which also takes appends. */
async function openQueue(inMs = 0) {
  const path = join(temporaryFolder(), 'app.db');
  const { client, queue } = await openSqliteOperations(path);
  onTestFinished(() => client.close());
  const log = EventStore.withBackend(SqliteEventStoreBackend.over(path, client));
  const operations = ids.map((id) => newOperation(id, { dueAt: queue.now + inMs }));
  await queue.store.enqueue(operations, roomy, queue.now);
  return {
    queue,
    /** What ends first: what is done with the queue, or an append that is sent after it. */
    async endOf(work: () => Promise<unknown>): Promise<string[]> {
      const ended: string[] = [];
      await Promise.all([
        work().then(() => ended.push('queue')),
        log.append('notes', [{ type: 'noted' }]).then(() => ended.push('append')),
      ]);
      return ended;
    },
    async failAll(forNetwork: boolean): Promise<void> {
      const again = { outcome: 'again', dueAt: queue.now + 3_600 * second, countsAttempt: true } as const;
      const claimed = await queue.claimIds({ limit: count });
      const failed = claimed.map((operationId) => ({ operationId, forNetwork, error: 'no luck', ...again }));
      await queue.store.settle(queue.run, failed, queue.now);
    },
  };
}

test('an append does not wait until all that have failed are due again', async () => {
  const { queue, endOf, failAll } = await openQueue();
  await failAll(false);

  expect(await endOf(() => queue.store.hurry('mail', queue.now))).toEqual(['append', 'queue']);

  expect(await queue.claimIds({ limit: count })).toEqual(ids);
});

test('an append does not wait until all are due again that the network was away for', async () => {
  const { queue, endOf, failAll } = await openQueue();
  await failAll(true);

  const isBack = () => queue.store.networkIsBack('mail', 2 * second, queue.now);
  expect(await endOf(isBack)).toEqual(['append', 'queue']);

  const half = ids.findIndex((_, index) => Math.floor((2 * second * index) / count) > second);
  queue.now += second;
  expect(await queue.claimIds({ limit: count })).toEqual(ids.slice(0, half));
  queue.now += second;
  expect(await queue.claimIds({ limit: count })).toEqual(ids.slice(half));
});

test('an append does not wait until all are handed out that become due at the same time', async () => {
  const { queue, endOf } = await openQueue(second);
  queue.now += second;

  expect(await endOf(() => queue.look({ limit: 0 }))).toEqual(['append', 'queue']);

  expect(await queue.claimIds({ limit: count })).toEqual(ids);
});

test('neither does it where the clock was moved back', async () => {
  const { queue, endOf } = await openQueue(second);
  queue.now -= 3_600 * second;

  expect(await endOf(() => queue.look({ limit: 0 }))).toEqual(['append', 'queue']);

  queue.now += second;
  expect(await queue.claimIds({ limit: count })).toEqual(ids);
});
