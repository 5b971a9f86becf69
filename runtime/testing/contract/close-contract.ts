import assert from 'node:assert/strict';
import {
  appendRequest,
  assertGapless,
  type CheckBackend,
  collect,
  failureOf,
  noted,
  upTo,
} from './check-backend.ts';

const page = { after: 0, limit: 1, direction: 'forward' } as const;

/** Closing, and what it leaves behind. */
export function closeContract(check: CheckBackend, options: { readonly isReopened: boolean }): void {
  check('a store can be closed twice, also at the same time', async ({ store }) => {
    await Promise.all([store.close(), store.close()]);

    await store.close();
  });

  check('close waits for appends under way', async ({ store }) => {
    const appends = upTo(20).map((n) => store.append('s', noted(1, n)));

    await store.close();

    const results = await Promise.all(appends);
    assert.deepEqual(
      results.map(({ version }) => version),
      upTo(20),
    );
  });

  check('every call after close is rejected as closed', async ({ store, backend }) => {
    await store.append('s', noted(1));
    await store.close();
    const calls: Record<string, () => unknown> = {
      append: () => store.append('s', noted(1)),
      read: () => collect(store.read('s')),
      readAll: () => collect(store.readAll()),
      getEventsAfter: () => store.getEventsAfter('s', 0),
      subscribe: () => store.subscribe().next(),
      saveSnapshot: () => store.saveSnapshot('s', { version: 1, state: 1 }),
      getLatestSnapshot: () => store.getLatestSnapshot('s'),
      flush: () => store.flush(),
      stats: () => store.stats(),
      verify: () => store.verify(),
      backup: () => store.backup('never-written'),
      watch: () =>
        backend.watch(
          () => undefined,
          () => undefined,
        ),
    };

    for (const call of Object.values(calls)) await failureOf('HOLDFAST_ERR_CLOSED', call);
  });

  check('a closed backend rejects, it does not throw', async ({ backend }) => {
    await backend.close();
    const calls = [
      backend.append(appendRequest()),
      backend.readStream('s', page),
      backend.readLog(page),
      backend.saveSnapshot('s', { version: 1, fingerprint: '', state: '1' }),
      backend.getLatestSnapshot('s'),
      backend.flush(),
      backend.stats(),
      backend.verify(),
      backend.backup('never-written'),
    ];

    const settled = await Promise.allSettled(calls);

    assert.deepEqual(
      settled.map((outcome) => outcome.status === 'rejected' && (outcome.reason as { code: string }).code),
      calls.map(() => 'HOLDFAST_ERR_CLOSED'),
    );
  });

  if (options.isReopened) {
    check('what was under way as the store closed is there after a reopen', async ({ store, reopen }) => {
      const appends = upTo(20).map((n) => store.append(`s-${n % 3}`, noted(3, n)));
      const { store: reopened } = await reopen();

      const results = await Promise.all(appends);

      const log = await collect(reopened.readAll());
      assertGapless(log);
      assert.equal(log.length, 60);
      for (const { stream, version, position } of results)
        assert.deepEqual([log[position - 1]?.stream, log[position - 1]?.version], [stream, version]);
    });

    check('events, snapshots, keys and versions are there after a reopen', async ({ store, reopen }) => {
      const once = await store.append('s', noted(3), { idempotencyKey: 'k' });
      await store.append('t', [{ type: 'kept', data: new Map([['a', 1n]]), id: 'own' }]);
      await store.saveSnapshot('s', { version: 3, state: { n: 3 } });
      const before = await collect(store.readAll());

      const { store: reopened } = await reopen();

      assert.deepEqual(await collect(reopened.readAll()), before);
      assert.deepEqual(await reopened.getLatestSnapshot('s'), { version: 3, state: { n: 3 } });
      assert.deepEqual(await reopened.append('s', noted(3), { idempotencyKey: 'k' }), {
        ...once,
        outcome: 'already-appended',
      });
      const own = [{ type: 'kept', data: new Map([['a', 1n]]), id: 'own' }];
      assert.equal((await reopened.append('t', own)).outcome, 'already-appended');
      assert.deepEqual(await reopened.append('s', noted(1, 4), { expectedVersion: 3 }), {
        outcome: 'appended',
        stream: 's',
        version: 4,
        position: 5,
      });
    });
  }
}
