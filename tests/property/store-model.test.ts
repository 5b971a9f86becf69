import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import {
  EventStore,
  type ExpectedVersion,
  InMemoryEventStoreBackend,
  isHoldfastError,
  SqliteEventStoreBackend,
  type StoredEvent,
} from 'holdfast/store';
import { expect, test } from 'vitest';
import { anyPayload } from '../support/payload-arbitrary.ts';
import { times } from '../support/thorough.ts';

type NewEvent = { readonly type: string; readonly data: unknown; readonly id?: string };

type Append = {
  readonly kind: 'append';
  readonly stream: string;
  readonly events: readonly NewEvent[];
  readonly expectedVersion?: ExpectedVersion;
  readonly idempotencyKey?: string;
};

type Operation =
  | Append
  | { readonly kind: 'together'; readonly appends: readonly Append[] }
  | { readonly kind: 'read'; readonly stream: string; readonly options: object }
  | { readonly kind: 'readAll'; readonly options: object }
  | { readonly kind: 'save'; readonly stream: string; readonly version: number; readonly state: unknown }
  | { readonly kind: 'snapshot'; readonly stream: string }
  | { readonly kind: 'stats' }
  | { readonly kind: 'reopen' };

const anyStream = fc.constantFrom('a', 'b', 'c/1');
const small = fc.integer({ min: 0, max: 6 });

const anyEvent: fc.Arbitrary<NewEvent> = fc.record(
  {
    type: fc.constantFrom('created', 'revised'),
    // Few values, so that keys and ids are often used again with the same content.
    data: fc.oneof({ weight: 4, arbitrary: fc.constantFrom(1, 2) }, { weight: 1, arbitrary: anyPayload }),
    id: fc.constantFrom('i1', 'i2', 'i3', 'i4'),
  },
  { requiredKeys: ['type', 'data'] },
);

const anyAppend: fc.Arbitrary<Append> = fc.record(
  {
    kind: fc.constant('append' as const),
    stream: anyStream,
    events: fc.array(anyEvent, { maxLength: 3 }),
    expectedVersion: fc.oneof(
      fc.constantFrom('any' as const, 'no-stream' as const, 'stream-exists' as const),
      small,
    ),
    idempotencyKey: fc.constantFrom('k1', 'k2'),
  },
  { requiredKeys: ['kind', 'stream', 'events'] },
);

const anyOperation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 8, arbitrary: anyAppend },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('together' as const),
      appends: fc.array(anyAppend, { minLength: 2, maxLength: 6 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('read' as const),
      stream: anyStream,
      options: fc.record(
        { after: small, limit: small, direction: fc.constantFrom('forward', 'backward') },
        { requiredKeys: [] },
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('readAll' as const),
      options: fc.record({ after: small, limit: small }, { requiredKeys: [] }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('save' as const),
      stream: anyStream,
      version: small,
      state: anyPayload,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('snapshot' as const), stream: anyStream }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('stats' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reopen' as const) }) },
);

/** A store under test, with what closing and opening it again means for it. */
interface Subject {
  store: EventStore;
  readonly reopen: () => Promise<EventStore>;
}

/** What an operation shows, without what differs by nature: ids that the store gave, times and sizes. */
async function carriedOut(subject: Subject, operation: Operation): Promise<unknown> {
  const { store } = subject;
  switch (operation.kind) {
    case 'append':
      return appended(store, operation);
    case 'together':
      return Promise.all(operation.appends.map((append) => appended(store, append)));
    case 'read':
      return shown(store.read(operation.stream, operation.options));
    case 'readAll':
      return shown(store.readAll(operation.options));
    case 'save':
      return store.saveSnapshot(operation.stream, { version: operation.version, state: operation.state });
    case 'snapshot':
      return store.getLatestSnapshot(operation.stream);
    case 'stats': {
      const { events, streams, snapshots, position } = await store.stats();
      return { events, streams, snapshots, position };
    }
    case 'reopen':
      subject.store = await subject.reopen();
      return 'reopened';
  }
}

async function appended(store: EventStore, { stream, events, ...rest }: Append): Promise<unknown> {
  const { kind: _kind, ...options } = rest;
  try {
    return await store.append(stream, events, options);
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    return { ...error, text: error.message };
  }
}

async function shown(events: AsyncIterable<StoredEvent>): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const { id, recordedAt: _recordedAt, ...event } of events) {
    all.push({ ...event, id: id.length === 2 ? id : 'given' });
  }
  return all;
}

test('SQLite and the model in memory cannot be told apart by any sequence of operations', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyOperation, { minLength: 8, maxLength: 40 }), async (operations) => {
      const folder = mkdtempSync(join(tmpdir(), 'holdfast-model-'));
      const open = async () =>
        EventStore.withBackend(await SqliteEventStoreBackend.open(join(folder, 'm.db')));
      const inMemory = EventStore.withBackend(new InMemoryEventStoreBackend());
      const model: Subject = { store: inMemory, reopen: async () => inMemory };
      const sqlite: Subject = {
        store: await open(),
        reopen: async () => {
          await sqlite.store.close();
          return open();
        },
      };
      try {
        for (const operation of operations) {
          const [expected, actual] = await Promise.all([
            carriedOut(model, operation),
            carriedOut(sqlite, operation),
          ]);
          // Unlike `toStrictEqual`, it is not misled by an own key named `constructor`.
          assert.deepEqual(actual, expected);
        }
        assert.deepEqual(await shown(sqlite.store.readAll()), await shown(model.store.readAll()));
        const { events } = await model.store.stats();
        const snapshotsAhead = (await sqlite.store.verify()).problems.filter(
          ({ kind }) => kind !== 'snapshot',
        );
        expect(snapshotsAhead).toEqual([]);
        expect((await sqlite.store.stats()).events).toBe(events);
      } finally {
        await sqlite.store.close();
        rmSync(folder, { recursive: true });
      }
    }),
    // Shrinking starts many threads: it is given up in time for the failure to be reported.
    { numRuns: times(6, 15), interruptAfterTimeLimit: 30_000 },
  );
});
