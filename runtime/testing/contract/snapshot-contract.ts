import assert from 'node:assert/strict';
import { type CheckBackend, lookalikes, noted } from './check-backend.ts';

/** Snapshots and exact counts. */
export function snapshotContract(check: CheckBackend): void {
  check('a stream without a snapshot has none', async ({ store }) => {
    await store.append('s', noted(1));

    assert.equal(await store.getLatestSnapshot('s'), undefined);
    assert.equal(await store.getLatestSnapshot('nobody'), undefined);
  });

  check('a snapshot comes back with its version and its state exactly', async ({ store }) => {
    const state = { at: new Date(5), seen: new Set(['a']), total: 12n, nothing: undefined };
    await store.append('s', noted(3));

    await store.saveSnapshot('s', { version: 3, state });

    assert.deepEqual(await store.getLatestSnapshot('s'), { version: 3, state });
    assert.equal(await store.getLatestSnapshot('t'), undefined);
  });

  check(
    'the newest snapshot wins: an older one does not replace it, one of the same version does',
    async ({ store }) => {
      await store.append('s', noted(4));
      await store.saveSnapshot('s', { version: 2, state: 'second' });
      await store.saveSnapshot('s', { version: 4, state: 'fourth' });

      await store.saveSnapshot('s', { version: 3, state: 'late' });
      assert.deepEqual(await store.getLatestSnapshot('s'), { version: 4, state: 'fourth' });

      await store.saveSnapshot('s', { version: 4, state: 'again' });
      assert.deepEqual(await store.getLatestSnapshot('s'), { version: 4, state: 'again' });
    },
  );

  check('snapshots of streams whose names are alike are different ones', async ({ store }) => {
    const names = lookalikes(512);
    for (const name of names) await store.saveSnapshot(name, { version: 1, state: name });

    for (const name of names)
      assert.deepEqual(await store.getLatestSnapshot(name), { version: 1, state: name });
  });

  check('stats are exact after appends, repetitions, refusals and snapshots', async ({ store }) => {
    const counts = async () => {
      const { events, streams, snapshots, position, deadLetters } = await store.stats();
      return { events, streams, snapshots, position, deadLetters };
    };
    assert.deepEqual(await counts(), { events: 0, streams: 0, snapshots: 0, position: 0, deadLetters: 0 });

    await store.append('s', noted(3), { idempotencyKey: 'k' });
    await store.append('s', noted(3), { idempotencyKey: 'k' });
    await store.append('t', noted(2));
    await store.append('u', noted(1), { expectedVersion: 'stream-exists' }).catch(() => undefined);
    await store.saveSnapshot('s', { version: 1, state: 1 });
    await store.saveSnapshot('s', { version: 3, state: 3 });
    await store.saveSnapshot('t', { version: 2, state: 2 });

    assert.deepEqual(await counts(), { events: 5, streams: 2, snapshots: 2, position: 5, deadLetters: 0 });
  });

  check('flush keeps everything', async ({ store }) => {
    await store.append('s', noted(3));

    await store.flush();

    assert.equal((await store.getEventsAfter('s', 0)).length, 3);
  });

  check('verify ends with the reason of its signal', async ({ store }) => {
    await store.append('s', noted(1));

    await assert.rejects(store.verify({ signal: AbortSignal.abort(new Error('enough')) }), /^Error: enough$/);
  });

  check('verify finds nothing wrong in a store that was used as it should be', async ({ store }) => {
    await Promise.all([store.append('s', noted(600)), store.append('t', noted(3), { idempotencyKey: 'k' })]);
    await store.append('s', noted(2));
    await store.saveSnapshot('s', { version: 602, state: {} });

    assert.deepEqual(await store.verify(), { ok: true, problems: [], events: 605 });
  });
}
