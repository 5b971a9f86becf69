import { expect } from 'vitest';
import type { CheckQueue } from './operation-store-contract.ts';
import { second, start } from './operation-subject.ts';

/** How operations end in an {@link OperationStore}, and what can be done about it. */
export function endsContract(check: CheckQueue): void {
  check('what is done is gone, and counted', async (queue) => {
    await queue.add('1');
    await queue.claim();

    expect(await queue.settle('1')).toBe(true);

    expect(await queue.store.get('1')).toBeUndefined();
    expect(await queue.metrics()).toMatchObject({ queued: 1, replayed: 1, depth: 0, running: 0, bytes: 0 });
  });

  check('a failure is kept with its number and its reason', async (queue) => {
    await queue.add('1');
    await queue.claim();
    await queue.again('1', second + 0.5);

    expect(await queue.store.get('1')).toMatchObject({
      state: 'waiting',
      attempts: 1,
      dueAt: start + second + 1,
      lastError: 'no luck',
    });
    queue.now += 2 * second;
    expect(await queue.claim()).toMatchObject([{ attempts: 1 }]);
    await queue.settle('1', { outcome: 'dead', error: 'no hope' });

    expect(await queue.store.get('1')).toMatchObject({
      state: 'dead',
      attempts: 2,
      payload: '{"id":"1"}',
      endedAt: queue.now,
      lastError: 'no hope',
    });
    expect(await queue.metrics()).toMatchObject({ failed: 2, dead: 1, depth: 0 });
  });

  check('an attempt that could not be made does not count', async (queue) => {
    await queue.add('1');
    await queue.claim();
    await queue.again('1', 0, { countsAttempt: false });

    expect(await queue.claim()).toMatchObject([{ attempts: 0 }]);
    expect(await queue.metrics()).toMatchObject({ failed: 0 });
  });

  check('one that is given back was never begun, and what is known of it stays', async (queue) => {
    await queue.add('1', { coalesceKey: 'c' });
    await queue.claim();
    await queue.settle('1', { outcome: 'not-begun' });
    await queue.add('2', { coalesceKey: 'c' });

    expect(await queue.claim()).toMatchObject([
      { operationId: '1', payload: '{"id":"2"}', unfinishedStarts: 0 },
    ]);
    await queue.again('1', 0);
    await queue.claim();
    await queue.settle('1', { outcome: 'not-begun' });

    expect(await queue.store.get('1')).toMatchObject({ attempts: 1, lastError: 'no luck' });
  });

  check('cancelling takes one that waits, and says what the others are doing', async (queue) => {
    for (const id of ['1', '2', '3']) await queue.add(id, { orderKey: id === '1' ? null : 'x' });
    await queue.claim({ limit: 1 });

    expect(await queue.store.cancel('1', queue.now)).toBe('running');
    expect(await queue.store.cancel('2', queue.now)).toBe('waiting');
    expect(await queue.store.cancel('2', queue.now)).toBe('cancelled');
    expect(await queue.store.cancel('nobody', queue.now)).toBeUndefined();
    expect(await queue.stateOf('1')).toBe('running');
    expect(await queue.claimIds()).toEqual(['3']);
    expect(await queue.settle('1', { outcome: 'cancelled' })).toBe(true);
    expect(await queue.stateOf('1')).toBe('cancelled');
    expect(await queue.metrics()).toMatchObject({ cancelled: 2, depth: 1 });
  });

  check('a dead one that is sent again goes to its old place, and is new', async (queue) => {
    await queue.add('1', { orderKey: 'x', expiresAt: start + second });
    await queue.add('2', { orderKey: 'x' });
    await queue.claim();
    await queue.settle('1', { outcome: 'dead', error: 'no' });
    queue.now += 2 * second;

    expect(await queue.store.requeue('1', queue.now)).toBe(true);

    expect(await queue.store.get('1')).toMatchObject({
      state: 'waiting',
      attempts: 0,
      lastError: null,
      endedAt: null,
      expiresAt: null,
    });
    expect(await queue.store.requeue('1', queue.now)).toBe(false);
    expect(await queue.store.requeue('nobody', queue.now)).toBe(false);
    expect(await queue.claimIds()).toEqual(['1']);
    expect(await queue.metrics()).toMatchObject({ queued: 3, dead: 1, depth: 2 });
  });

  check('a dead one that is sent again waits for one of its order key that runs', async (queue) => {
    await queue.add('1', { orderKey: 'x' });
    await queue.add('2', { orderKey: 'x' });
    await queue.add('3', { orderKey: 'x' });
    await queue.claim();
    await queue.settle('1', { outcome: 'dead' });
    expect(await queue.claimIds()).toEqual(['2']);
    await queue.store.requeue('1', queue.now);

    expect(await queue.claimIds()).toEqual([]);
    await queue.again('2', 0);
    expect(await queue.claimIds()).toEqual(['1']);
    await queue.settle('1');
    expect(await queue.claimIds()).toEqual(['2']);
  });

  check('what has ended can be discarded, with its key, and what lives cannot', async (queue) => {
    await queue.add('1', { idempotencyKey: 'k', payload: 'p' });
    expect(await queue.store.discard('1')).toBe(false);
    await queue.claim();
    expect(await queue.store.discard('1')).toBe(false);
    await queue.settle('1', { outcome: 'dead' });

    expect(await queue.store.discard('1')).toBe(true);

    expect(await queue.store.discard('1')).toBe(false);
    expect(await queue.store.get('1')).toBeUndefined();
    expect(await queue.add('2', { idempotencyKey: 'k', payload: 'p' })).toMatchObject({
      outcome: 'enqueued',
    });
  });

  check('operations are listed page by page, all or by state', async (queue) => {
    for (const id of ['1', '2', '3', '4']) await queue.add(id);
    await queue.claim({ limit: 2 });
    await queue.settle('1', { outcome: 'dead', error: 'no' });
    await queue.store.cancel('4', queue.now);
    const list = async (
      states: readonly ('dead' | 'waiting' | 'cancelled')[] | null,
      after: number,
      limit: number,
    ) =>
      (await queue.store.list({ queue: 'mail', states, after, limit })).map(({ operationId }) => operationId);

    expect(await list(null, 0, 3)).toEqual(['1', '2', '3']);
    expect(await list(null, 3, 3)).toEqual(['4']);
    expect(await list(['cancelled', 'dead'], 0, 3)).toEqual(['1', '4']);
    expect(await list(['cancelled', 'waiting', 'dead'], 1, 1)).toEqual(['3']);
    expect(await list([], 0, 3)).toEqual([]);
  });

  check('the age of the oldest is that of the first which waits or runs', async (queue) => {
    await queue.add('1');
    queue.now += second;
    await queue.add('2');
    queue.now += second;

    expect(await queue.metrics()).toMatchObject({ oldestAgeMs: 2 * second });
    await queue.claim({ limit: 1 });
    expect(await queue.metrics()).toMatchObject({ oldestAgeMs: 2 * second, running: 1 });
    await queue.settle('1');
    expect(await queue.metrics()).toMatchObject({ oldestAgeMs: second, running: 0 });
  });
}
