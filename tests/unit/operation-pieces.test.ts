import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { storeLimits } from '../../runtime/protocol/store-limits.ts';
import { OperationLook } from '../../runtime/sqlite/operations/operation-look.ts';
import { EventStore } from '../../runtime/store/event-store.ts';
import { SqliteEventStoreBackend } from '../../runtime/store/sqlite-backend.ts';
import { newOperation, OneQueue, roomy, second } from '../support/operation-subject.ts';
import { openSqliteOperations, openTable } from '../support/sqlite-operation-subjects.ts';
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

test('an append does not wait until all are listed', async () => {
  const { queue, endOf } = await openQueue();
  let listed: readonly { readonly operationId: string }[] = [];
  const list = async (): Promise<void> => {
    listed = await queue.store.list({ queue: 'mail', states: null, after: 0, limit: count });
  };

  expect(await endOf(list)).toEqual(['append', 'queue']);

  expect(listed.map(({ operationId }) => operationId)).toEqual(ids);
});

test('a list of large operations is read in parts, whatever their states, and holds as many as were asked for', async () => {
  const { database, subject } = openTable();
  const payload = JSON.stringify('x'.repeat(storeLimits.pageLengthMax));
  const queue = new OneQueue(subject.store);
  const operations = ids.slice(0, 5).map((id) => newOperation(id, { payload }));
  await queue.store.enqueue(operations, roomy, queue.now);
  for (const id of ['1', '3']) await queue.store.cancel(id, queue.now);
  const look = new OperationLook(database);
  const page = (after: number, limit: number) =>
    look.page({ queue: 'mail', states: null, after, limit }).map(({ operationId }) => operationId);

  expect([0, 1, 4, 5].map((after) => page(after, 10))).toEqual([['0'], ['1'], ['4'], []]);
});
