import assert from 'node:assert/strict';
import type { PageQuery } from '../../ports/event-store-backend.ts';
import {
  assertGapless,
  type CheckBackend,
  collect,
  lookalikes,
  noted,
  numbersOf,
  upTo,
} from './check-backend.ts';

/** Reading streams and the log, page by page. */
export function readContract(check: CheckBackend): void {
  check('an empty store and an unknown stream read as nothing', async ({ store }) => {
    assert.deepEqual(await collect(store.readAll()), []);
    assert.deepEqual(await collect(store.read('nobody')), []);
    assert.deepEqual(await collect(store.read('nobody', { direction: 'backward' })), []);
    assert.deepEqual(await store.getEventsAfter('nobody', 0), []);
  });

  check('a stream reads forward, backward, from a version on and up to a limit', async ({ store }) => {
    await store.append('other', noted(2));
    await store.append('s', noted(6));
    const read = async (options: Parameters<typeof store.read>[1]) =>
      numbersOf(await collect(store.read('s', options)));

    assert.deepEqual(await read({}), [1, 2, 3, 4, 5, 6]);
    assert.deepEqual(await read({ after: 4 }), [5, 6]);
    assert.deepEqual(await read({ after: 6 }), []);
    assert.deepEqual(await read({ after: 99 }), []);
    assert.deepEqual(await read({ limit: 2 }), [1, 2]);
    assert.deepEqual(await read({ limit: 0 }), []);
    assert.deepEqual(await read({ limit: 99 }), [1, 2, 3, 4, 5, 6]);
    assert.deepEqual(await read({ after: 2, limit: 3 }), [3, 4, 5]);
    assert.deepEqual(await read({ direction: 'backward' }), [6, 5, 4, 3, 2, 1]);
    assert.deepEqual(await read({ direction: 'backward', after: 3 }), [2, 1]);
    assert.deepEqual(await read({ direction: 'backward', after: 99 }), [6, 5, 4, 3, 2, 1]);
    assert.deepEqual(await read({ direction: 'backward', after: 1 }), []);
    assert.deepEqual(await read({ direction: 'backward', after: 0 }), []);
    assert.deepEqual(await read({ direction: 'backward', after: 5, limit: 2 }), [4, 3]);
  });

  check('getEventsAfter gives what follows a version', async ({ store }) => {
    await store.append('s', noted(4));

    assert.deepEqual(numbersOf(await store.getEventsAfter('s', 0)), [1, 2, 3, 4]);
    assert.deepEqual(numbersOf(await store.getEventsAfter('s', 3)), [4]);
    assert.deepEqual(await store.getEventsAfter('s', 4), []);
  });

  check('the log reads in order of arrival, from a position on and up to a limit', async ({ store }) => {
    await store.append('s', noted(2));
    await store.append('t', noted(2, 3));
    await store.append('s', noted(2, 5));
    const read = async (options: Parameters<typeof store.readAll>[0]) =>
      numbersOf(await collect(store.readAll(options)));

    assert.deepEqual(await read({}), [1, 2, 3, 4, 5, 6]);
    assert.deepEqual(await read({ after: 3 }), [4, 5, 6]);
    assert.deepEqual(await read({ after: 3, limit: 2 }), [4, 5]);
    assert.deepEqual(await read({ limit: 0 }), []);
    assert.deepEqual(await read({ after: 6 }), []);
  });

  check('a read of more events than one page gives them all, once and in order', async ({ store }) => {
    await store.append('s', noted(1_300));
    await store.append('t', noted(1));

    assert.deepEqual(numbersOf(await collect(store.read('s'))), upTo(1_300));
    assert.deepEqual(
      numbersOf(await collect(store.read('s', { direction: 'backward' }))),
      upTo(1_300).reverse(),
    );
    assert.deepEqual(
      numbersOf(await collect(store.read('s', { after: 100, limit: 900 }))),
      upTo(1_000).slice(100),
    );
    const log = await collect(store.readAll());
    assert.equal(log.length, 1_301);
    assertGapless(log);
  });

  check('a read of payloads too large for one page gives them all, once and in order', async ({ store }) => {
    const body = 'x'.repeat(400_000);
    await store.append(
      's',
      upTo(7).map((n) => ({ type: 'noted', data: { n, body: body + n } })),
    );

    const events = await collect(store.read('s'), 7);
    const backward = await collect(store.read('s', { direction: 'backward' }), 7);

    assert.deepEqual(numbersOf(events), upTo(7));
    assert.deepEqual(numbersOf(backward), upTo(7).reverse());
    assert.deepEqual(numbersOf(await collect(store.readAll({ limit: 5 }), 7)), upTo(5));
    for (const [index, { data }] of events.entries()) {
      assert.ok((data as { body: string }).body === `${body}${index + 1}`, `payload ${index + 1} differs`);
    }
  });

  check(
    'names that differ only in case, accents, spaces or their ending are different streams',
    async ({ store }) => {
      const names = lookalikes(512);
      for (const [index, name] of names.entries()) await store.append(name, noted(1, index));

      for (const [index, name] of names.entries()) {
        assert.deepEqual(numbersOf(await collect(store.read(name))), [index], name);
      }
      assert.deepEqual(
        (await collect(store.readAll())).map(({ stream }) => stream),
        names,
      );
      assert.equal((await store.stats()).streams, names.length);
    },
  );

  check(
    'types that differ only in case, accents, spaces or their ending are kept as they are',
    async ({ store }) => {
      const types = lookalikes(512);

      await store.append(
        's',
        types.map((type) => ({ type })),
      );

      assert.deepEqual(
        (await collect(store.read('s'))).map(({ type }) => type),
        types,
      );
    },
  );

  check('an iteration may be left at any time', async ({ store }) => {
    await store.append('s', noted(600));

    for await (const event of store.read('s')) if (event.version === 3) break;

    assert.equal((await store.append('s', noted(1))).version, 601);
  });

  check(
    'a page is never longer than asked, in order, and empty only at the end',
    async ({ backend, store }) => {
      await store.append('s', noted(5));
      const versions = async (query: PageQuery) =>
        (await backend.readStream('s', query)).map(({ version }) => version);
      const end = Number.MAX_SAFE_INTEGER;

      assert.deepEqual(await versions({ after: 1, limit: 2, direction: 'forward' }), [2, 3]);
      assert.deepEqual(await versions({ after: end, limit: 2, direction: 'backward' }), [5, 4]);
      assert.deepEqual(await versions({ after: 5, limit: 2, direction: 'forward' }), []);
      assert.deepEqual(await versions({ after: 1, limit: 2, direction: 'backward' }), []);
      const positions = async (query: PageQuery) =>
        (await backend.readLog(query)).map(({ position }) => position);
      assert.deepEqual(await positions({ after: end, limit: 1, direction: 'backward' }), [5]);
      assert.deepEqual(await positions({ after: end, limit: 9, direction: 'backward' }), [5, 4, 3, 2, 1]);
      assert.deepEqual(await positions({ after: 4, limit: 2, direction: 'backward' }), [3, 2]);
      assert.deepEqual(await positions({ after: 1, limit: 2, direction: 'backward' }), []);
    },
  );

  check('a page that was read stays as it is', async ({ backend, store }) => {
    await store.append('s', noted(2));
    const all = { after: 0, limit: 10, direction: 'forward' } as const;
    const pages = [await backend.readStream('s', all), await backend.readLog(all)];

    await store.append('s', noted(1));

    assert.deepEqual(
      pages.map((page) => page.length),
      [2, 2],
    );
  });
}
