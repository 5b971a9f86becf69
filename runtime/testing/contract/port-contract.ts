import assert from 'node:assert/strict';
import { appendRequest, type CheckBackend, encodedEvent, failureOf } from './check-backend.ts';

const fromStart = { after: 0, limit: 10, direction: 'forward' } as const;

/** What the runtime asks of a backend beyond what `EventStore` shows. */
export function portContract(check: CheckBackend): void {
  check('a backend keeps the text of payloads as it is', async ({ backend }) => {
    const event = encodedEvent({ data: '{"b":1, "a" : 2}', metadata: '{ }', schemaVersion: 7 });

    await backend.append(appendRequest({ events: [event] }));

    const [stored] = await backend.readStream('s', fromStart);
    const { id, type, schemaVersion, data, metadata } = stored ?? {};
    assert.deepEqual({ id, type, schemaVersion, data, metadata, hash: '' }, event);
  });

  check('an event that was recorded elsewhere keeps its time', async ({ backend }) => {
    const recordedAt = 1_500_000_000_123;

    await backend.append(appendRequest({ events: [encodedEvent({ recordedAt }), encodedEvent()] }));

    const [there, here] = await backend.readStream('s', fromStart);
    assert.equal(there?.recordedAt, recordedAt);
    assert.ok((here?.recordedAt ?? 0) > recordedAt);
  });

  check('a request is left as it was given', async ({ backend }) => {
    const request = appendRequest({
      idempotencyKey: 'k',
      snapshot: { version: 1, fingerprint: '', state: '1' },
    });
    const before = structuredClone(request);

    await backend.append(request);
    await backend.append(request);

    assert.deepEqual(request, before);
  });

  check('a receipt names the last event of the append', async ({ backend }) => {
    const events = [encodedEvent(), encodedEvent()];

    const receipt = await backend.append(appendRequest({ events }));

    assert.deepEqual(receipt, {
      outcome: 'appended',
      version: 2,
      position: 2,
      head: events[1]?.id,
      reply: null,
    });
  });

  check('a reply is kept with its key and given back to who repeats the append', async ({ backend }) => {
    const request = appendRequest({ idempotencyKey: 'k', fingerprint: 'f', reply: '{"state":"draft"}' });
    const once = await backend.append(request);

    const again = await backend.append({ ...request, events: [encodedEvent()], reply: '{"state":"other"}' });

    assert.equal(once.reply, '{"state":"draft"}');
    assert.deepEqual(again, { ...once, outcome: 'already-appended' });
  });

  check('the fingerprint decides whether a key is used for the same', async ({ backend }) => {
    await backend.append(appendRequest({ idempotencyKey: 'k', fingerprint: 'f' }));

    const other = appendRequest({ idempotencyKey: 'k', fingerprint: 'g' });

    await failureOf('HOLDFAST_ERR_IDEMPOTENCY_CONFLICT', () => backend.append(other));
  });

  check('an append upon another event than the last is a version conflict', async ({ backend }) => {
    const { head } = await backend.append(appendRequest({ expectedHead: '' }));
    await failureOf('HOLDFAST_ERR_VERSION_CONFLICT', () =>
      backend.append(appendRequest({ expectedHead: '' })),
    );
    const stranger = appendRequest({ expectedVersion: 1, expectedHead: 'stranger' });
    await failureOf('HOLDFAST_ERR_VERSION_CONFLICT', () => backend.append(stranger));

    const next = await backend.append(appendRequest({ expectedVersion: 1, expectedHead: head }));

    assert.equal(next.version, 2);
  });

  check('appends that build on each other are refused together when the first is', async ({ backend }) => {
    const [a, b] = [encodedEvent(), encodedEvent()];
    const settled = await Promise.allSettled([
      backend.append(appendRequest({ events: [a], expectedVersion: 3, expectedHead: 'not there' })),
      backend.append(appendRequest({ events: [b], expectedVersion: 4, expectedHead: a.id })),
    ]);

    assert.deepEqual(
      settled.map(({ status }) => status),
      ['rejected', 'rejected'],
    );
    assert.equal((await backend.stats()).events, 0);
  });

  check('a snapshot that comes with an append is saved with it, and not without', async ({ backend }) => {
    const snapshot = { version: 1, fingerprint: '', state: '{"n":1}' };
    await failureOf('HOLDFAST_ERR_VERSION_CONFLICT', () =>
      backend.append(appendRequest({ expectedVersion: 5, snapshot })),
    );
    assert.equal(await backend.getLatestSnapshot('s'), undefined);

    await backend.append(appendRequest({ snapshot, idempotencyKey: 'k' }));

    assert.deepEqual(await backend.getLatestSnapshot('s'), snapshot);
    // What is appended already writes nothing, the snapshot that comes with it neither.
    const other = { ...snapshot, state: '{"n":2}' };
    await backend.append(appendRequest({ snapshot: other, idempotencyKey: 'k' }));
    assert.deepEqual(await backend.getLatestSnapshot('s'), snapshot);
  });

  check(
    'a watcher is told the position now and when it has grown, and nothing after it stopped',
    async ({ backend }) => {
      await backend.append(appendRequest());
      const told = new Told();
      const stop = backend.watch(told.listener, told.failed);
      await told.reaches(1);

      await backend.append(appendRequest());
      await told.reaches(2);
      stop();
      stop();
      const witness = new Told();
      const stopWitness = backend.watch(witness.listener, witness.failed);
      await backend.append(appendRequest());
      await witness.reaches(3);
      stopWitness();

      assert.equal(told.last, 2);
    },
  );

  check(
    'a watcher is told once when the backend is closed, and not if it has stopped',
    async ({ backend }) => {
      const [told, stopped] = [new Told(), new Told()];
      backend.watch(told.listener, told.failed);
      const stop = backend.watch(stopped.listener, stopped.failed);
      await Promise.all([told.reaches(0), stopped.reaches(0)]);
      stop();

      await backend.close();
      await backend.close();

      assert.deepEqual(
        told.reasons.map((reason) => (reason as { code?: string }).code),
        ['HOLDFAST_ERR_CLOSED'],
      );
      assert.deepEqual(stopped.reasons, []);
      assert.equal(told.last, 0);
    },
  );

  check('a watcher is told of no position that is not there', async ({ backend }) => {
    const told = new Told();
    const stop = backend.watch(told.listener, told.failed);
    await backend.append(appendRequest());
    await failureOf('HOLDFAST_ERR_VERSION_CONFLICT', () =>
      backend.append(appendRequest({ expectedVersion: 9 })),
    );
    await backend.append(appendRequest({ stream: 't' }));

    await told.reaches(2);
    stop();

    assert.equal(told.last, 2);
  });
}

/** What a watcher was told, with a way to wait for it. */
class Told {
  last = -1;
  #waiting: { position: number; resolve: () => void } | undefined;

  readonly listener = (position: number): void => {
    assert.ok(position >= this.last, `told ${position} after ${this.last}`);
    this.last = position;
    if (this.#waiting !== undefined && position >= this.#waiting.position) this.#waiting.resolve();
  };

  readonly reasons: Error[] = [];

  readonly failed = (reason: Error): void => void this.reasons.push(reason);

  async reaches(position: number): Promise<void> {
    if (this.last >= position) return;
    await new Promise<void>((resolve) => {
      this.#waiting = { position, resolve };
    });
  }
}
