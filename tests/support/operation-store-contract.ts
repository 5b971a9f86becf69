import { expect, test } from 'vitest';
import { boundsContract } from './operation-bounds-contract.ts';
import { endsContract } from './operation-ends-contract.ts';
import { OneQueue, type OperationSubject, second, start } from './operation-subject.ts';

/** A test with a queue that has nothing in it, claimed by run `a`. */
export type CheckQueue = (
  name: string,
  run: (queue: OneQueue, subject: OperationSubject) => Promise<void>,
) => void;

/** What every {@link OperationStore} does. Each test has a store with nothing in it, and a clock that stands. */
export function operationStoreContract(
  createSubject: () => OperationSubject | Promise<OperationSubject>,
): void {
  const check: CheckQueue = (name, run) =>
    test(name, async () => {
      const subject = await createSubject();
      subject.begin('a');
      await run(new OneQueue(subject.store), subject);
    });
  orderContract(check);
  timeContract(check);
  leaseContract(check);
  boundsContract(check);
  endsContract(check);
}

function orderContract(check: CheckQueue): void {
  check('operations without an order key go by priority, then in order', async (queue) => {
    await queue.add('1');
    await queue.add('2', { priority: 5 });
    await queue.add('3');
    await queue.add('4', { priority: -1 });
    await queue.add('5', { priority: 5 });

    expect(await queue.claimIds({ limit: 3 })).toEqual(['2', '5', '1']);
    expect(await queue.claimIds()).toEqual(['3', '4']);
    expect(await queue.claimIds()).toEqual([]);
  });

  check('a claim says all that is known', async (queue) => {
    await queue.add('1', { idempotencyKey: 'k', orderKey: 'x', expiresAt: start + second });
    queue.now += 5;

    expect(await queue.look()).toEqual({
      claimed: [
        {
          operationId: '1',
          sequence: 1,
          name: 'send',
          payload: '{"id":"1"}',
          idempotencyKey: 'k',
          orderKey: 'x',
          unfinishedStarts: 0,
          attempts: 0,
          enqueuedAt: start,
          expiresAt: start + second,
        },
      ],
      ended: [],
      nextDueAt: null,
      lastSequence: 1,
    });
    expect(await queue.store.get('1')).toMatchObject({ state: 'running', orderKey: 'x', endedAt: null });
  });

  check('of an order key only the first goes, and the next when it has ended', async (queue) => {
    await queue.add('1', { orderKey: 'x' });
    await queue.add('2', { orderKey: 'x', priority: 9 });
    await queue.add('3', { orderKey: 'y' });

    expect(await queue.claimIds()).toEqual(['1', '3']);
    expect(await queue.claimIds()).toEqual([]);
    await queue.settle('1');

    expect(await queue.claimIds()).toEqual(['2']);
  });

  check('one that failed holds up its own order key and nothing else', async (queue) => {
    await queue.add('1', { orderKey: 'x' });
    await queue.add('2', { orderKey: 'x' });
    await queue.add('3');
    await queue.claim();
    await queue.again('1', second);
    await queue.again('3', second);
    await queue.add('4');

    expect(await queue.claimIds()).toEqual(['4']);
    queue.now += second;
    expect(await queue.claimIds()).toEqual(['1', '3']);
    await queue.settle('1', { outcome: 'dead', error: 'no' });
    expect(await queue.claimIds()).toEqual(['2']);
  });

  check('one without a handler holds up its own order key and nothing else', async (queue) => {
    await queue.add('1', { orderKey: 'x', name: 'unknown' });
    await queue.add('2', { orderKey: 'x' });
    await queue.add('3', { orderKey: 'y' });

    expect(await queue.look()).toMatchObject({ claimed: [{ operationId: '3' }], nextDueAt: null });
    expect(await queue.claimIds({ names: ['unknown', 'send', 'send'] })).toEqual(['1']);
  });

  check('a drain ends although more is handed in meanwhile', async (queue) => {
    await queue.add('1');
    const { lastSequence } = await queue.look({ limit: 0 });
    await queue.add('2');
    await queue.add('3', { priority: 9 });

    expect(await queue.claimIds({ sequenceMax: lastSequence, limit: 1 })).toEqual(['3']);
    expect(await queue.claimIds({ sequenceMax: lastSequence })).toEqual(['1']);
    await queue.add('4', { priority: 9 });
    expect(await queue.claimIds({ sequenceMax: lastSequence })).toEqual([]);
    expect(await queue.claimIds()).toEqual(['4', '2']);
  });

  check('a sequence is never used twice', async (queue) => {
    await queue.add('1');
    await queue.claim();
    await queue.settle('1');
    await queue.add('2');

    expect(await queue.claim()).toMatchObject([{ operationId: '2', sequence: 2 }]);
    expect((await queue.look()).lastSequence).toBe(2);
  });

  check('queues know nothing of each other', async (queue) => {
    await queue.add('1', { orderKey: 'x', idempotencyKey: 'k' });
    await queue.add('2', { queue: 'print', orderKey: 'x', idempotencyKey: 'k' });

    expect(await queue.claimIds({ queue: 'print' })).toEqual(['2']);
    expect(await queue.claimIds()).toEqual(['1']);
    expect(await queue.metrics()).toMatchObject({ queued: 1, depth: 1 });
    expect(await queue.claimIds({ queue: 'nobody' })).toEqual([]);
    expect(await queue.store.metrics('nobody', start)).toMatchObject({ queued: 0, oldestAgeMs: 0 });
  });
}

function timeContract(check: CheckQueue): void {
  check('an operation waits for its time, and says when that is', async (queue) => {
    await queue.add('1', { dueAt: start + 10 * second });
    await queue.add('2', { dueAt: start + 5 * second });

    expect(await queue.look()).toMatchObject({ claimed: [], nextDueAt: start + 5 * second });
    queue.now += 5 * second;
    expect(await queue.look({ limit: 0 })).toMatchObject({ claimed: [], nextDueAt: queue.now });
    expect(await queue.look()).toMatchObject({
      claimed: [{ operationId: '2' }],
      nextDueAt: start + 10 * second,
    });
  });

  check(
    'no wait becomes longer when the clock is moved back, neither a short nor a long one',
    async (queue) => {
      await queue.add('1');
      await queue.add('2', { dueAt: start + 60 * second });
      await queue.add('3', { orderKey: 'x' });
      await queue.claim();
      await queue.again('1', 30 * second);
      await queue.again('3', 7_200 * second);
      queue.now -= 3_600 * second;

      expect((await queue.look()).nextDueAt).toBe(queue.now + 30 * second);
      queue.now += 29 * second;
      expect(await queue.claimIds()).toEqual([]);
      queue.now += second;
      expect(await queue.claimIds()).toEqual(['1']);
      queue.now += 30 * second;
      expect(await queue.claimIds()).toEqual(['2']);
      expect((await queue.look()).nextDueAt).toBe(start + 3_600 * second);
    },
  );

  check('a wait that is longer than any other is kept', async (queue) => {
    await queue.add('1');
    await queue.claim();
    await queue.again('1', 86_400 * second);
    await queue.claim();

    expect((await queue.look()).nextDueAt).toBe(start + 86_400 * second);
  });

  check('what was due once stays due when the clock is moved back', async (queue) => {
    await queue.add('1');
    await queue.add('2', { dueAt: start + second });
    queue.now += second;
    expect(await queue.claimIds({ limit: 1 })).toEqual(['1']);
    queue.now -= 3_600 * second;

    expect(await queue.claimIds()).toEqual(['2']);
    expect(await queue.metrics()).toMatchObject({ oldestAgeMs: 0 });
  });

  check('an operation that was not started in time expires, and lets the next one pass', async (queue) => {
    await queue.add('1', { orderKey: 'x', expiresAt: start + second });
    await queue.add('2', { orderKey: 'x' });
    await queue.add('3', { expiresAt: start + second, name: 'unknown' });
    await queue.add('4', { expiresAt: start + second + 1 });
    queue.now += second;

    const result = await queue.look();

    expect(result.claimed.map(({ operationId }) => operationId)).toEqual(['2', '4']);
    expect(result.ended).toEqual([
      { operationId: '1', state: 'expired' },
      { operationId: '3', state: 'expired' },
    ]);
    expect(await queue.metrics()).toMatchObject({ expired: 2, depth: 2 });
    expect(await queue.store.get('1')).toMatchObject({
      state: 'expired',
      payload: '{"id":"1"}',
      endedAt: queue.now,
    });
  });

  check('the network being back makes due what waits for it, spread in order', async (queue) => {
    for (const id of ['1', '2', '3', '4']) await queue.add(id, { orderKey: id === '4' ? 'x' : null });
    await queue.add('5', { orderKey: 'x' });
    await queue.claim();
    const forNetwork = { countsAttempt: false, forNetwork: true };
    await queue.again('1', 50 * second, forNetwork);
    await queue.again('2', 50 * second);
    await queue.again('3', 1, forNetwork);
    await queue.again('4', 50 * second, forNetwork);

    await queue.store.networkIsBack('mail', 3 * second, queue.now);

    const dueAt = async (id: string) => ((await queue.store.get(id))?.dueAt ?? 0) - queue.now;
    expect(await Promise.all(['1', '2', '3', '4'].map(dueAt))).toEqual([0, 50 * second, 1, 2 * second]);
    expect(await queue.claimIds()).toEqual(['1']);
    queue.now += 2 * second;
    expect(await queue.claim()).toMatchObject([
      { operationId: '3', attempts: 0 },
      { operationId: '4', attempts: 0 },
    ]);
  });
}

function leaseContract(check: CheckQueue): void {
  check('what a run has in hand nobody else gets while it lives', async (queue, subject) => {
    subject.begin('b');
    await queue.add('1');
    await queue.claim();

    expect(await queue.claimIds({ run: 'b' })).toEqual([]);
    expect(await subject.store.settle('b', [{ operationId: '1', outcome: 'done' }], queue.now)).toEqual([
      false,
    ]);
    expect(await queue.settle('1')).toBe(true);
    expect(await queue.settle('1')).toBe(false);
  });

  check(
    'what a run had in hand that has died is free at once, and no longer its own',
    async (queue, subject) => {
      await queue.add('1', { orderKey: 'x' });
      await queue.add('2', { orderKey: 'x' });
      await queue.claim();
      subject.kill('a');
      subject.begin('b');

      expect(await queue.claim({ run: 'b' })).toMatchObject([{ operationId: '1', attempts: 0 }]);
      expect(await queue.settle('1')).toBe(false);
      expect(await subject.store.settle('b', [{ operationId: '1', outcome: 'done' }], queue.now)).toEqual([
        true,
      ]);
      expect(await queue.claimIds({ run: 'b' })).toEqual(['2']);
    },
  );

  check('an operation under which the process dies three times is parked', async (queue, subject) => {
    await queue.add('1', { orderKey: 'x' });
    await queue.add('2', { orderKey: 'x' });
    for (const run of ['a', 'b', 'c']) {
      subject.begin(run);
      expect(await queue.claimIds({ run })).toEqual(['1']);
      subject.kill(run);
    }
    subject.begin('d');

    expect(await queue.look({ run: 'd' })).toMatchObject({
      claimed: [{ operationId: '2' }],
      ended: [{ operationId: '1', state: 'parked' }],
    });
    expect(await queue.store.get('1')).toMatchObject({
      state: 'parked',
      lastError: 'It was started 3 times, and each time the process ended before it did.',
    });
    expect(await queue.metrics()).toMatchObject({ parked: 1, failed: 0 });
  });

  check(
    'what a process may have died of is handed out alone, and holds up what comes after',
    async (queue, subject) => {
      for (const id of ['1', '2', '3']) await queue.add(id);
      await queue.claim({ limit: 2 });
      subject.kill('a');
      subject.begin('b');
      queue.run = 'b';
      await queue.add('0', { priority: 1 });

      expect(await queue.claimIds()).toEqual(['0']);
      expect(await queue.claimIds({ isIdle: false })).toEqual([]);
      await queue.settle('0');
      expect(await queue.claim()).toMatchObject([{ operationId: '1', unfinishedStarts: 1 }]);
      expect(await queue.claim()).toMatchObject([{ operationId: '2', unfinishedStarts: 1 }]);
      expect(await queue.claimIds({ isIdle: false })).toEqual(['3']);
    },
  );

  check('what a process may have died of can be passed over', async (queue, subject) => {
    for (const id of ['1', '2', '3']) await queue.add(id, id === '3' ? { priority: 1 } : {});
    expect(await queue.claimIds({ limit: 2 })).toEqual(['3', '1']);
    subject.kill('a');
    subject.begin('b');
    queue.run = 'b';

    const { claimed, nextDueAt } = await queue.look({ skipsUnfinished: true });

    expect(claimed.map(({ operationId }) => operationId)).toEqual(['2']);
    expect(nextDueAt).toBe(queue.now);
    await queue.settle('2');
    expect(await queue.claimIds({ skipsUnfinished: true })).toEqual([]);
    expect(await queue.claimIds()).toEqual(['3']);
  });

  check(
    'what a dead run has left can be cancelled at once, and what a living one has cannot',
    async (queue, subject) => {
      await queue.add('1', { orderKey: 'x' });
      await queue.add('2', { orderKey: 'x' });
      await queue.claim();
      subject.begin('b');
      expect(await queue.store.cancel('1', queue.now)).toBe('running');
      subject.kill('a');

      expect(await queue.store.cancel('1', queue.now)).toBe('waiting');

      expect(await queue.stateOf('1')).toBe('cancelled');
      expect(await queue.claimIds({ run: 'b' })).toEqual(['2']);
      expect(await queue.metrics()).toMatchObject({ cancelled: 1, depth: 1, running: 1 });
    },
  );

  check('a result, whichever, makes up for unfinished starts', async (queue, subject) => {
    await queue.add('1');
    for (const run of ['a', 'b', 'c', 'd']) {
      subject.begin(run);
      queue.run = run;
      expect(await queue.claimIds()).toEqual(['1']);
      if (run === 'b') {
        await queue.again('1', 0, { countsAttempt: false });
        expect(await queue.claimIds()).toEqual(['1']);
      }
      subject.kill(run);
    }
    subject.begin('e');

    expect((await queue.look({ run: 'e' })).ended).toEqual([{ operationId: '1', state: 'parked' }]);
  });
}
