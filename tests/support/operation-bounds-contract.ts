import { expect } from 'vitest';
import type { NewOperation } from '../../runtime/protocol/operation.ts';
import { storeLimits } from '../../runtime/protocol/store-limits.ts';
import type { CheckQueue } from './operation-store-contract.ts';
import { newOperation, roomy, second, start } from './operation-subject.ts';
import { isThorough } from './thorough.ts';

const dayMs = 86_400 * second;

/** Keys, coalescing and bounds of an {@link OperationStore}. */
export function boundsContract(check: CheckQueue): void {
  check('a key that is repeated names the first operation, whatever became of it', async (queue) => {
    const key = { idempotencyKey: 'k', payload: 'p' };
    await queue.add('1', key);
    const duplicate = { outcome: 'duplicate', operationId: '1', dropped: [] };

    expect(await queue.add('2', key)).toEqual({ ...duplicate, state: 'waiting' });
    await queue.claim();
    expect(await queue.add('3', key)).toEqual({ ...duplicate, state: 'running' });
    await queue.settle('1');
    expect(await queue.add('4', key)).toEqual({ ...duplicate, state: 'done' });
    expect(await queue.add('5', { ...key, payload: 'q' })).toEqual({
      ...duplicate,
      outcome: 'conflict',
      state: 'done',
    });
    expect(await queue.store.get('1')).toMatchObject({ state: 'done', payload: '', idempotencyKey: 'k' });
    expect(await queue.metrics()).toMatchObject({ queued: 1, replayed: 1, depth: 0, bytes: 0 });
  });

  check('a key is forgotten seven days after the end of its operation', async (queue) => {
    await queue.add('1', { idempotencyKey: 'k', payload: 'p' });
    await queue.claim();
    await queue.settle('1');
    queue.now += 7 * dayMs;
    expect(await queue.add('2', { idempotencyKey: 'k', payload: 'p' })).toMatchObject({
      outcome: 'duplicate',
    });
    queue.now += 1;

    expect(await queue.add('3', { idempotencyKey: 'k', payload: 'p' })).toMatchObject({
      outcome: 'enqueued',
    });
    expect(await queue.ids()).toEqual(['3']);
  });

  check('a call that is repeated with the same ids adds nothing', async (queue) => {
    const operations = [newOperation('1'), newOperation('2')];
    await queue.store.enqueue(operations, roomy, start);

    expect(await queue.store.enqueue(operations, roomy, start)).toMatchObject([
      { outcome: 'duplicate', operationId: '1' },
      { outcome: 'duplicate', operationId: '2' },
    ]);
    expect(await queue.claimIds()).toEqual(['1', '2']);
  });

  check('a later payload takes the place of one that was never started', async (queue) => {
    await queue.add('1', { coalesceKey: 'c', payload: 'old', expiresAt: start + 1 });
    await queue.add('2', { coalesceKey: 'c', orderKey: 'x' });
    await queue.add('3', { coalesceKey: 'c', name: 'other' });
    await queue.add('4');

    expect(await queue.add('5', { coalesceKey: 'c', payload: 'newer', dueAt: start + second })).toEqual({
      outcome: 'coalesced',
      operationId: '1',
      state: 'waiting',
      dropped: [],
    });

    expect(await queue.claim({ limit: 1 })).toMatchObject([
      { operationId: '1', payload: 'newer', expiresAt: null },
    ]);
    expect(await queue.add('6', { coalesceKey: 'c' })).toMatchObject({ outcome: 'enqueued' });
    await queue.again('1', 0);
    expect(await queue.add('7', { coalesceKey: 'c' })).toMatchObject({
      outcome: 'coalesced',
      operationId: '6',
    });
    expect(await queue.metrics()).toMatchObject({ queued: 5, coalesced: 2, depth: 5 });
  });

  check('what was coalesced is known under every key that it came with', async (queue) => {
    await queue.add('1', { coalesceKey: 'c', idempotencyKey: 'k1', payload: 'p1' });
    await queue.add('2', { coalesceKey: 'c', idempotencyKey: 'k2', payload: 'p2' });
    await queue.add('3', { coalesceKey: 'c', payload: 'p3' });

    const repeated = { outcome: 'duplicate', operationId: '1' };
    expect(await queue.add('4', { coalesceKey: 'c', idempotencyKey: 'k1', payload: 'p1' })).toMatchObject(
      repeated,
    );
    expect(await queue.claim()).toMatchObject([{ idempotencyKey: 'k2', payload: 'p3' }]);
    await queue.settle('1');
    expect(await queue.add('5', { idempotencyKey: 'k2', payload: 'p2' })).toMatchObject(repeated);
    expect(await queue.add('6', { idempotencyKey: 'k1', payload: 'p2' })).toMatchObject({
      outcome: 'conflict',
    });
  });

  check('a queue that is full refuses, by items and by bytes, but knows what it has', async (queue) => {
    await queue.add('1', { payload: 'é', idempotencyKey: 'k' }, { bytesMax: 2 });
    await queue.claim();

    const refused = { outcome: 'refused', operationId: '2', state: 'dropped', dropped: [] };
    expect(await queue.add('2', {}, { itemsMax: 1 })).toEqual(refused);
    expect(await queue.add('2', { payload: 'é' }, { bytesMax: 3 })).toEqual(refused);
    expect(await queue.add('3', { payload: 'é', idempotencyKey: 'k' }, { itemsMax: 1 })).toMatchObject({
      outcome: 'duplicate',
    });
    expect(await queue.add('4', { payload: 'é' }, { itemsMax: 2, bytesMax: 4 })).toMatchObject({
      outcome: 'enqueued',
    });
    expect(await queue.metrics()).toMatchObject({ queued: 2, dropped: 0, depth: 2, running: 1, bytes: 4 });
  });

  check('each operation of a call has a result of its own', async (queue) => {
    const operations = ['1', '2', '3'].map((id) => newOperation(id, { payload: id === '2' ? 'long' : 'p' }));

    const results = await queue.store.enqueue(operations, { ...roomy, bytesMax: 4 }, start);

    expect(results.map(({ outcome }) => outcome)).toEqual(['enqueued', 'refused', 'enqueued']);
  });

  check('the newest is dropped, and counted, if that is asked for', async (queue) => {
    await queue.add('1');

    expect(await queue.add('2', { idempotencyKey: 'k' }, { itemsMax: 1, overflow: 'drop-newest' })).toEqual({
      outcome: 'dropped',
      operationId: '2',
      state: 'dropped',
      dropped: [],
    });
    expect(await queue.ids()).toEqual(['1']);
    expect(await queue.metrics()).toMatchObject({ queued: 2, dropped: 1, depth: 1 });
    expect(await queue.add('3', { idempotencyKey: 'k' })).toMatchObject({ outcome: 'enqueued' });
  });

  check('the oldest that do not run are dropped, as many as it takes', async (queue) => {
    await queue.add('1', { payload: 'aa' });
    await queue.claim();
    await queue.add('2', { payload: 'aa', orderKey: 'x', idempotencyKey: 'k' });
    await queue.add('3', { payload: 'aa', orderKey: 'x' });
    await queue.add('4', { payload: 'aa', orderKey: 'x' });

    const full = { bytesMax: 8, overflow: 'drop-oldest' } as const;
    expect(await queue.add('5', { payload: 'aaa' }, full)).toEqual({
      outcome: 'enqueued',
      operationId: '5',
      state: 'waiting',
      dropped: ['2', '3'],
    });
    expect(await queue.add('6', { payload: 'aaaaaaa' }, full)).toMatchObject({
      outcome: 'refused',
      dropped: [],
    });
    expect(await queue.claimIds()).toEqual(['4', '5']);
    expect(await queue.metrics()).toMatchObject({ queued: 5, dropped: 2, depth: 3, bytes: 7 });
    expect(await queue.add('7', { payload: 'aa', idempotencyKey: 'k' })).toMatchObject({
      outcome: 'enqueued',
    });
  });

  check('what has expired takes no room: it ends before anything is refused or dropped', async (queue) => {
    const expires = { expiresAt: start + 1, payload: 'aa' };
    for (const overflow of ['reject', 'drop-oldest', 'drop-newest'] as const) {
      const add = (id: string, more: Partial<NewOperation> = {}) =>
        queue.add(`${overflow} ${id}`, { payload: 'aa', ...more }, { itemsMax: 3, bytesMax: 6, overflow });
      const ofRun = (ids: readonly string[]) => ids.map((id) => `${overflow} ${id}`);
      queue.now = start;
      await add('1');
      await add('2', { ...expires, coalesceKey: 'c', orderKey: 'x' });
      await add('3', { orderKey: 'x' });
      queue.now = start + 1;

      expect(await add('4', { coalesceKey: 'c', orderKey: 'x' })).toEqual({
        outcome: 'enqueued',
        operationId: `${overflow} 4`,
        state: 'waiting',
        dropped: [],
        expired: ofRun(['2']),
      });

      expect(await queue.stateOf(`${overflow} 2`)).toBe('expired');
      expect(await queue.claimIds()).toEqual(ofRun(['1', '3']));
      for (const id of ofRun(['1', '3'])) await queue.settle(id);
      await queue.claim();
      await queue.settle(`${overflow} 4`);
    }
    expect(await queue.metrics()).toMatchObject({ expired: 3, dropped: 0, depth: 0, bytes: 0 });
  });

  check('what has expired is told also by a call that finds no room', async (queue) => {
    await queue.add('1', { expiresAt: start + 1 });
    queue.now += 1;

    expect(await queue.add('2', { payload: 'long' }, { bytesMax: 3 })).toEqual({
      outcome: 'refused',
      operationId: '2',
      state: 'dropped',
      dropped: [],
      expired: ['1'],
    });
  });

  check('a payload that grows by coalescing needs room too', async (queue) => {
    await queue.add('1', { payload: 'aa', coalesceKey: 'c' });
    await queue.add('2', { payload: 'aa' });

    expect(await queue.add('3', { payload: 'aaa', coalesceKey: 'c' }, { bytesMax: 4 })).toMatchObject({
      outcome: 'refused',
    });
    expect(await queue.add('4', { payload: 'a', coalesceKey: 'c' }, { bytesMax: 2 })).toMatchObject({
      outcome: 'coalesced',
    });
    const full = { bytesMax: 3, overflow: 'drop-oldest' } as const;
    expect(await queue.add('5', { payload: 'aa', coalesceKey: 'c' }, full)).toMatchObject({
      outcome: 'coalesced',
      operationId: '1',
      dropped: ['2'],
    });
    expect(await queue.metrics()).toMatchObject({ depth: 1, bytes: 2, dropped: 1 });
  });

  // Ten thousand and more, which takes seconds.
  const checkThoroughly = isThorough ? check : () => undefined;
  checkThoroughly('only so many that did not succeed are kept, the newest', async (queue) => {
    const count = storeLimits.operationsKeptMax + 2;
    const operations = Array.from({ length: count }, (_, at) =>
      newOperation(`${at}`, { expiresAt: start + 1 }),
    );
    await queue.store.enqueue(operations, roomy, start);
    queue.now += 1;
    let expired = 0;
    for (let ended = 1; ended > 0; expired += ended) ended = (await queue.look()).ended.length;

    expect(expired).toBe(count);
    expect(await queue.metrics()).toMatchObject({ expired: count, depth: 0 });
    const kept = await queue.store.list({ queue: 'mail', states: ['expired'], after: 0, limit: count });
    expect(kept).toHaveLength(storeLimits.operationsKeptMax);
    expect(kept[0]?.operationId).toBe('2');
  });
}
