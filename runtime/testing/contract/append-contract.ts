import assert from 'node:assert/strict';
import type { ExpectedVersion } from '../../protocol/append.ts';
import { turnOfOthers } from '../turn-of-others.ts';
import {
  assertGapless,
  type CheckBackend,
  collect,
  failureOf,
  noted,
  numbersOf,
  upTo,
} from './check-backend.ts';

/** Appending: expected versions, atomicity, order, and positions and versions without gaps. */
export function appendContract(check: CheckBackend): void {
  check(
    'an append says at which version of its stream and position of the log it ended',
    async ({ store }) => {
      await store.append('other', noted(3));

      const result = await store.append('s', noted(2));

      assert.deepEqual(result, { outcome: 'appended', stream: 's', version: 2, position: 5 });
    },
  );

  check('an event comes back with its place, its id and the time it was recorded', async ({ store }) => {
    const before = Date.now();
    await store.append('s', [{ type: 'created', data: { title: 'Plan' }, metadata: { by: 'me' } }]);

    const [event] = await collect(store.read('s'));

    assert.ok(event);
    const { id, recordedAt, ...rest } = event;
    assert.deepEqual(rest, {
      stream: 's',
      version: 1,
      position: 1,
      type: 'created',
      schemaVersion: 1,
      data: { title: 'Plan' },
      metadata: { by: 'me' },
    });
    assert.ok(id.length > 0);
    assert.ok(recordedAt.getTime() >= before && recordedAt.getTime() <= Date.now());
  });

  check('an event comes back with the schema version that it was given', async ({ store }) => {
    await store.append('s', [{ type: 'created', schemaVersion: 3 }, { type: 'created' }]);

    const events = await collect(store.read('s'));

    assert.deepEqual(
      events.map(({ schemaVersion }) => schemaVersion),
      [3, 1],
    );
    for (const wrong of [0, -1, 1.5, '2', null]) {
      const event = { type: 'created', schemaVersion: wrong as number };
      await failureOf('HOLDFAST_ERR_ARGUMENT_INVALID', () => store.append('s', [event]), String(wrong));
    }
  });

  check('the same payload at another schema version is other content under a key', async ({ store }) => {
    const append = (schemaVersion: number) =>
      store.append('s', [{ type: 'created', schemaVersion }], { idempotencyKey: 'k' });
    await append(2);

    assert.equal((await append(2)).outcome, 'already-appended');
    await failureOf('HOLDFAST_ERR_IDEMPOTENCY_CONFLICT', () => append(1));
  });

  check('data and metadata that were not given come back as empty objects', async ({ store }) => {
    await store.append('s', [{ type: 'created' }]);

    const [event] = await collect(store.read('s'));

    assert.deepEqual([event?.data, event?.metadata], [{}, {}]);
  });

  check('every event is given an id of its own', async ({ store }) => {
    await store.append('s', noted(50));
    await store.append('t', noted(50));

    const ids = new Set((await collect(store.readAll())).map(({ id }) => id));

    assert.equal(ids.size, 100);
  });

  expectedVersionContract(check);

  check('a batch that is refused leaves nothing of itself', async ({ store }) => {
    await store.append('s', noted(1));

    await failureOf('HOLDFAST_ERR_VERSION_CONFLICT', () =>
      store.append('s', noted(10, 2), { expectedVersion: 7 }),
    );

    assert.deepEqual(numbersOf(await collect(store.read('s'))), [1]);
    assert.equal((await store.stats()).events, 1);
  });

  check('a refused append between accepted ones leaves no gap', async ({ store }) => {
    const settled = await Promise.allSettled([
      store.append('s', noted(2)),
      store.append('t', noted(3), { expectedVersion: 9 }),
      store.append('u', noted(2)),
    ]);

    assert.deepEqual(
      settled.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    );
    assertGapless(await collect(store.readAll()));
  });

  check('the events of a batch are next to each other in the log', async ({ store }) => {
    await Promise.all(upTo(20).map((n) => store.append(`s-${n}`, noted(5))));

    const log = await collect(store.readAll());

    assertGapless(log);
    for (let at = 0; at < log.length; at += 5) {
      assert.equal(new Set(log.slice(at, at + 5).map(({ stream }) => stream)).size, 1);
    }
  });

  check('appends to one stream that were not awaited keep the order of the calls', async ({ store }) => {
    await Promise.all(upTo(200).map((n) => store.append('s', noted(1, n))));

    assert.deepEqual(numbersOf(await collect(store.read('s'))), upTo(200));
  });

  check(
    'concurrent callers leave no gap in positions and versions, and each is told its own',
    async ({ store }) => {
      const caller = async (name: number) => {
        const told: number[] = [];
        for (const n of upTo(10)) {
          told.push((await store.append('shared', noted(1, n))).position);
          told.push((await store.append(`own-${name}`, noted(2, n))).position);
        }
        return told;
      };

      const told = (await Promise.all(upTo(12).map(caller))).flat();

      const log = await collect(store.readAll());
      assertGapless(log);
      assert.equal(log.length, 12 * 30);
      assert.equal(new Set(told).size, told.length, 'two appends were told the same position');
      for (const name of upTo(12)) {
        const own = log.filter(({ stream }) => stream === `own-${name}`);
        assert.deepEqual(
          numbersOf(own),
          upTo(10).flatMap((n) => [n, n + 1]),
        );
      }
    },
  );

  check(
    'appends that were not awaited may each expect the version that the one before leads to',
    async ({ store }) => {
      const appends = upTo(20).map((n) => store.append('s', noted(1, n), { expectedVersion: n - 1 }));

      const versions = (await Promise.all(appends)).map(({ version }) => version);

      assert.deepEqual(versions, upTo(20));
      assert.deepEqual(numbersOf(await collect(store.read('s'))), upTo(20));
    },
  );

  check(
    'whoever reads while others append finds no gap and no part of an append',
    async ({ backend, store }) => {
      let isAppending = true;
      const appending = Promise.all(
        upTo(8).map(async (caller) => {
          for (const n of upTo(10)) await store.append(`s-${caller % 3}`, noted(5, n));
        }),
      ).finally(() => {
        isAppending = false;
      });
      // Each page once: while a slow backend appends, there are many looks at the same one.
      const seen = new Map<string, readonly number[]>();

      while (isAppending) {
        const log = await backend.readLog({ after: 0, limit: 1_000, direction: 'forward' });
        const positions = log.map(({ position }) => position);
        seen.set(positions.join(), positions);
        // A backend that answers at once lets nobody else have a turn.
        await turnOfOthers();
      }
      await appending;

      for (const positions of seen.values()) {
        assert.deepEqual(positions, upTo(positions.length));
        assert.equal(positions.length % 5, 0, `a part of an append was seen: ${positions.length} events`);
      }
    },
  );

  check('a large append is kept whole, and one that is refused leaves nothing', async ({ store }) => {
    const events = noted(10_000);
    await failureOf('HOLDFAST_ERR_VERSION_CONFLICT', () =>
      store.append('s', events, { expectedVersion: 'stream-exists' }),
    );
    assert.equal((await store.stats()).events, 0);

    const { version } = await store.append('s', events);

    assert.equal(version, 10_000);
    assert.deepEqual(numbersOf(await collect(store.read('s'))), upTo(10_000));
  });

  check('of many callers who expect the same version exactly one succeeds', async ({ store }) => {
    const settled = await Promise.allSettled(
      upTo(20).map((n) => store.append('s', noted(1, n), { expectedVersion: 0 })),
    );

    assert.equal(settled.filter(({ status }) => status === 'fulfilled').length, 1);
    assert.equal((await collect(store.read('s'))).length, 1);
  });

  check('a read that starts after an append has resolved sees it', async ({ store }) => {
    for (const n of upTo(20)) {
      const { version, position } = await store.append('s', noted(1, n));
      assert.equal((await store.getEventsAfter('s', n - 1))[0]?.version, version);
      assert.equal((await collect(store.readAll({ after: n - 1 })))[0]?.position, position);
    }
  });
}

function expectedVersionContract(check: CheckBackend): void {
  const accepted: [situation: string, before: number, expected: ExpectedVersion][] = [
    ["'any' on a new stream", 0, 'any'],
    ["'any' on a stream with events", 2, 'any'],
    ["'no-stream' on a new stream", 0, 'no-stream'],
    ["'stream-exists' on a stream with events", 2, 'stream-exists'],
    ['version 0 on a new stream', 0, 0],
    ['the exact version of a stream', 2, 2],
  ];
  check('an append is accepted when its stream is as expected', async ({ store }) => {
    for (const [situation, before, expectedVersion] of accepted) {
      if (before > 0) await store.append(situation, noted(before));

      const { version } = await store.append(situation, noted(1), { expectedVersion });

      assert.equal(version, before + 1, situation);
    }
  });

  const refused: [situation: string, before: number, expected: ExpectedVersion][] = [
    ["'no-stream' on a stream with events", 2, 'no-stream'],
    ["'stream-exists' on a new stream", 0, 'stream-exists'],
    ['version 0 on a stream with events', 2, 0],
    ['an older version', 2, 1],
    ['a newer version', 2, 3],
    ['a version of a new stream', 0, 1],
  ];
  check(
    'an append is refused when its stream is not as expected, and told the actual version',
    async ({ store }) => {
      for (const [stream, before, expected] of refused) {
        if (before > 0) await store.append(stream, noted(before));
        const call = () => store.append(stream, noted(1), { expectedVersion: expected });

        const error = await failureOf('HOLDFAST_ERR_VERSION_CONFLICT', call, stream);

        const details = { stream: error.stream, expected: error.expected, actual: error.actual };
        assert.deepEqual(details, { stream, expected, actual: before });
        assert.equal((await collect(store.read(stream))).length, before);
      }
    },
  );
}
