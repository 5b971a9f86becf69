import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import {
  assertGapless,
  type CheckBackend,
  collect,
  failureOf,
  noted,
  numbersOf,
  take,
  upTo,
} from './check-backend.ts';

/** Subscriptions: what was, then what comes, without a gap or a duplicate, until they are ended. */
export function subscriptionContract(check: CheckBackend): void {
  check('a subscription gives what was appended before and then what is appended', async ({ store }) => {
    await store.append('s', noted(2));
    const events = store.subscribe();
    const before = await take(events, 2);
    const next = events.next();

    await store.append('t', noted(1, 3));

    const live = (await next).value;
    assert.ok(live);
    assert.deepEqual(numbersOf([...before, live]), [1, 2, 3]);
    assertGapless([...before, live]);
    await events.return();
  });

  check('a subscription to an empty store waits for the first event', async ({ store }) => {
    const events = store.subscribe();
    const next = events.next();

    await store.append('s', noted(1));

    assert.equal((await next).value?.position, 1);
    await events.return();
  });

  check(
    'a subscription after a position starts behind it, also when that is still to come',
    async ({ store }) => {
      await store.append('s', noted(3));
      const fromTwo = store.subscribe({ after: 2 });
      const fromFive = store.subscribe({ after: 5 });
      const next = fromFive.next();

      assert.deepEqual(numbersOf(await take(fromTwo, 1)), [3]);
      for (const n of [4, 5, 6, 7]) await store.append('s', noted(1, n));

      assert.equal((await next).value?.position, 6);
      assert.deepEqual(numbersOf(await take(fromFive, 1)), [7]);
      await Promise.all([fromTwo.return(), fromFive.return()]);
    },
  );

  check('no gap and no duplicate for subscribers that start while callers append', async ({ store }) => {
    const total = 12 * 25;
    const appending = Promise.all(
      upTo(12).map(async (caller) => {
        for (const n of upTo(25)) await store.append(`s-${caller % 3}`, noted(1, n));
      }),
    );
    const follow = async () => {
      const events = store.subscribe();
      const seen = await take(events, total);
      await events.return();
      return seen;
    };
    const early = [follow(), follow()];
    await store.append('s-late', noted(1));
    const late = follow();
    await appending;

    for (const seen of await Promise.all([...early, late])) assertGapless(seen);
  });

  check(
    'a subscription passes on more events than one page, and pages of large payloads',
    async ({ store }) => {
      await store.append('s', noted(1_100));
      await store.append(
        's',
        upTo(4).map((n) => ({ type: 'noted', data: { n, body: 'y'.repeat(400_000) } })),
      );
      const events = store.subscribe();

      const seen = await take(events, 1_104);

      assertGapless(seen);
      await events.return();
    },
  );

  check('a refused append reaches no subscriber', async ({ store }) => {
    const events = store.subscribe();
    const next = events.next();
    await failureOf('HOLDFAST_ERR_VERSION_CONFLICT', () =>
      store.append('s', noted(1, 99), { expectedVersion: 4 }),
    );

    await store.append('s', noted(1, 1));

    const { value } = await next;
    assert.deepEqual(value && numbersOf([value]), [1]);
    await events.return();
  });

  check('an abort ends a subscription that waits, without an error', async ({ store }) => {
    const ending = new AbortController();
    await store.append('s', noted(2));
    const events = store.subscribe({ signal: ending.signal });
    await take(events, 2);
    const next = events.next();

    ending.abort(new Error('enough'));

    assert.deepEqual(await next, { value: undefined, done: true });
  });

  check('an abort ends a subscription between two events, without an error', async ({ store }) => {
    const ending = new AbortController();
    await store.append('s', noted(10));
    const seen: number[] = [];

    for await (const { position } of store.subscribe({ signal: ending.signal })) {
      seen.push(position);
      if (position === 3) ending.abort();
    }

    assert.deepEqual(seen, [1, 2, 3]);
  });

  check('a subscription with an aborted signal gives nothing', async ({ store }) => {
    await store.append('s', noted(1));

    assert.deepEqual(await collect(store.subscribe({ signal: AbortSignal.abort() })), []);
  });

  check(
    'a subscription that waits can be left: by return, and by a stream made of it that is destroyed',
    async ({ store }) => {
      await store.append('s', noted(1));
      const events = store.subscribe();
      await take(events, 1);
      const next = events.next();

      await events.return();

      assert.deepEqual(await next, { value: undefined, done: true });

      const stream = Readable.from(store.subscribe());
      await once(stream, 'data');
      stream.destroy();
      await once(stream, 'close');
    },
  );

  check('closing the store ends a subscription that waits, without an error', async ({ store }) => {
    await store.append('s', noted(1));
    const events = store.subscribe();
    await take(events, 1);
    const next = events.next();

    await store.close();

    assert.deepEqual(await next, { value: undefined, done: true });
  });

  check('closing the store ends a subscription that is reading, without an error', async ({ store }) => {
    await store.append('s', noted(1_500));
    const seen = collect(store.subscribe());
    await store.append('s', noted(1));

    await store.close();

    assertGapless(await seen);
  });

  check('many subscribers each get every event', async ({ store }) => {
    const subscribers = upTo(15).map(() => store.subscribe());
    const first = subscribers.map((events) => take(events, 5));

    for (const n of upTo(5)) await store.append('s', noted(1, n));

    for (const seen of await Promise.all(first)) assert.deepEqual(numbersOf(seen), upTo(5));
    await Promise.all(subscribers.map((events) => events.return()));
  });

  check('a wrong option of a subscription is refused', async ({ store }) => {
    await failureOf('HOLDFAST_ERR_ARGUMENT_INVALID', () => store.subscribe({ after: -1 }).next());
    const wrong = { signal: 'now' } as unknown as { signal: AbortSignal };
    await failureOf('HOLDFAST_ERR_OPTION_INVALID', () => store.subscribe(wrong).next());
  });
}
