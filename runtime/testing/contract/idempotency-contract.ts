import assert from 'node:assert/strict';
import {
  assertGapless,
  type CheckBackend,
  collect,
  failureOf,
  lookalikes,
  noted,
  numbersOf,
  upTo,
} from './check-backend.ts';

const first = [
  { type: 'noted', data: { n: 1 }, id: 'event-1' },
  { type: 'noted', data: { n: 2 }, id: 'event-2' },
];

/** Repeating an append: by an idempotency key, and by event ids of the caller's. */
export function idempotencyContract(check: CheckBackend): void {
  check(
    'a repeated key with the same events appends nothing and answers as the first time',
    async ({ store }) => {
      const once = await store.append('s', noted(2), { idempotencyKey: 'k' });
      await store.append('s', noted(1, 3));

      const again = await store.append('s', noted(2), { idempotencyKey: 'k' });

      assert.deepEqual(again, { ...once, outcome: 'already-appended' });
      assert.equal((await store.stats()).events, 3);
    },
  );

  check('what was not appended takes no version and no position', async ({ store }) => {
    await store.append('s', noted(2), { idempotencyKey: 'k' });
    await store.append('s', [{ type: 'noted', data: { n: 3 }, id: 'event-3' }]);
    await store.append('s', noted(2), { idempotencyKey: 'k' });
    await store.append('s', [{ type: 'noted', data: { n: 3 }, id: 'event-3' }]);
    await failureOf('HOLDFAST_ERR_IDEMPOTENCY_CONFLICT', () =>
      store.append('s', noted(1, 9), { idempotencyKey: 'k' }),
    );

    await store.append('s', noted(1, 4));

    const log = await collect(store.readAll());
    assertGapless(log);
    assert.deepEqual(numbersOf(log), upTo(4));
  });

  check('a key is remembered however many there are', async ({ store }) => {
    const append = (n: number) => store.append('s', noted(1, n), { idempotencyKey: `k-${n}` });
    await Promise.all(upTo(2_000).map(append));

    for (const n of [1, 2, 1_000, 2_000]) assert.equal((await append(n)).outcome, 'already-appended');

    assert.equal((await store.stats()).events, 2_000);
  });

  check(
    'keys that differ only in case, accents, spaces or their ending are different keys',
    async ({ store }) => {
      for (const [index, idempotencyKey] of lookalikes(256).entries()) {
        const { outcome } = await store.append('s', noted(1, index), { idempotencyKey });
        assert.equal(outcome, 'appended', idempotencyKey);
      }
      await store.append('a', noted(1), { idempotencyKey: 'bc' });

      const { outcome } = await store.append('ab', noted(1, 2), { idempotencyKey: 'c' });

      assert.equal(outcome, 'appended');
    },
  );

  check('a repetition is recognised before its expected version is looked at', async ({ store }) => {
    const options = { idempotencyKey: 'k', expectedVersion: 'no-stream' } as const;
    await store.append('s', noted(1), options);
    await store.append('s', noted(1, 2));

    const again = await store.append('s', noted(1), options);

    assert.equal(again.outcome, 'already-appended');
  });

  check('callers who use one key at the same time append once', async ({ store }) => {
    const results = await Promise.all(
      upTo(10).map(() => store.append('s', noted(1), { idempotencyKey: 'k' })),
    );

    assert.equal(results.filter(({ outcome }) => outcome === 'appended').length, 1);
    assert.deepEqual(new Set(results.map(({ position }) => position)), new Set([1]));
    assert.equal((await store.stats()).events, 1);
  });

  check('a key is a key of its stream: another stream may use it for something else', async ({ store }) => {
    await store.append('s', noted(1), { idempotencyKey: 'k' });

    const { outcome } = await store.append('t', noted(1, 9), { idempotencyKey: 'k' });

    assert.equal(outcome, 'appended');
  });

  check('an append that was refused has not used up its key', async ({ store }) => {
    await failureOf('HOLDFAST_ERR_VERSION_CONFLICT', () =>
      store.append('s', noted(1), { idempotencyKey: 'k', expectedVersion: 5 }),
    );

    const { outcome } = await store.append('s', noted(1, 7), { idempotencyKey: 'k' });

    assert.equal(outcome, 'appended');
  });

  const others: [
    what: string,
    events: { type: string; data?: unknown; metadata?: Record<string, unknown> }[],
  ][] = [
    ['other data', noted(1, 2)],
    ['another type', [{ type: 'revised', data: { n: 1 } }]],
    ['other metadata', [{ type: 'noted', data: { n: 1 }, metadata: { by: 'me' } }]],
    ['more events', noted(2)],
  ];
  check(
    'a key that is used again with other content is a conflict, and nothing is written',
    async ({ store }) => {
      await store.append('s', noted(1), { idempotencyKey: 'k' });

      for (const [what, events] of others) {
        const call = () => store.append('s', events, { idempotencyKey: 'k' });
        const error = await failureOf('HOLDFAST_ERR_IDEMPOTENCY_CONFLICT', call, what);
        assert.deepEqual({ stream: error.stream, key: error.key }, { stream: 's', key: 'k' });
      }

      assert.equal((await store.stats()).events, 1);
    },
  );

  eventIdContract(check);
}

function eventIdContract(check: CheckBackend): void {
  check('event ids of the caller are kept', async ({ store }) => {
    await store.append('s', first);

    assert.deepEqual(
      (await collect(store.read('s'))).map(({ id }) => id),
      ['event-1', 'event-2'],
    );
  });

  check(
    'repeated event ids with the same content append nothing and answer as the first time',
    async ({ store }) => {
      const once = await store.append('s', first);
      await store.append('s', noted(1, 3));

      const again = await store.append('s', first);

      assert.deepEqual(again, { ...once, outcome: 'already-appended' });
      assert.equal((await store.stats()).events, 3);
    },
  );

  check('a part of a batch that is repeated with its ids is recognised', async ({ store }) => {
    await store.append('s', first);

    const again = await store.append('s', first.slice(0, 1));

    assert.deepEqual(again, { outcome: 'already-appended', stream: 's', version: 1, position: 1 });
  });

  const [one, two] = first as [(typeof first)[0], (typeof first)[0]];
  const conflicts: [what: string, stream: string, events: typeof first][] = [
    ['partly there and partly new', 's', [one, { type: 'noted', data: { n: 3 }, id: 'event-3' }]],
    ['partly new and partly there', 's', [{ type: 'noted', data: { n: 0 }, id: 'event-0' }, one]],
    ['there with other data', 's', [{ ...one, data: { n: 99 } }]],
    ['there with another type', 's', [{ ...one, type: 'revised' }]],
    ['there in another order', 's', [two, one]],
    ['there on another stream', 't', [one]],
  ];
  check(
    'event ids that are there only in part, elsewhere or with other content are a conflict',
    async ({ store }) => {
      await store.append('s', first);

      for (const [what, stream, events] of conflicts) {
        const call = () => store.append(stream, events);
        const { key } = await failureOf('HOLDFAST_ERR_IDEMPOTENCY_CONFLICT', call, what);
        assert.ok(key === 'event-1' || key === 'event-2', `${what}: ${key} is not there`);
      }

      assert.equal((await store.stats()).events, 2);
    },
  );

  check('ids that are there with an unrelated event between them are a conflict', async ({ store }) => {
    await store.append('s', [one]);
    await store.append('s', noted(1, 7));
    await store.append('s', [two]);

    await failureOf('HOLDFAST_ERR_IDEMPOTENCY_CONFLICT', () => store.append('s', first));
  });

  check(
    'some events of an append may have an id: it is taken once, and repeated by a key only',
    async ({ store }) => {
      const some = [one, ...noted(1, 2)];
      const key = { idempotencyKey: 'k' };
      const once = await store.append('s', some, key);

      assert.deepEqual(await store.append('s', some, key), { ...once, outcome: 'already-appended' });
      await failureOf('HOLDFAST_ERR_IDEMPOTENCY_CONFLICT', () => store.append('s', some));
      assert.equal((await store.stats()).events, 2);
    },
  );

  check(
    'ids that differ only in case, accents, spaces or their ending are different ids',
    async ({ store }) => {
      const ids = lookalikes(256);

      for (const id of ids) await store.append('s', [{ type: 'noted', id }]);

      assert.deepEqual(
        (await collect(store.read('s'))).map(({ id }) => id),
        ids,
      );
    },
  );

  check('one id twice in a batch is refused', async ({ store }) => {
    await failureOf('HOLDFAST_ERR_ARGUMENT_INVALID', () => store.append('s', [one, one]));

    assert.equal((await store.stats()).events, 0);
  });
}
