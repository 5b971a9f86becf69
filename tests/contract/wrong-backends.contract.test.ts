import { setImmediate } from 'node:timers/promises';
import { type EventStoreBackend, InMemoryEventStoreBackend } from 'holdfast/store';
import { eventStoreContract } from 'holdfast/testing';
import { describe, expect, test } from 'vitest';

type Append = Parameters<EventStoreBackend['append']>[0];
type Recorded = Awaited<ReturnType<EventStoreBackend['readLog']>>[number];

/** What a backend does in another way than one that is right, which is handed in. */
type Defect = (right: EventStoreBackend) => Partial<EventStoreBackend>;

const withRequest =
  (change: (request: Append) => Append): Defect =>
  (right) => ({ append: (request) => right.append(change(request)) });

const withEvents = (change: (event: Append['events'][number]) => Append['events'][number]): Defect =>
  withRequest((request) => ({ ...request, events: request.events.map(change) }));

const withLog =
  (change: (event: Recorded) => Recorded | undefined): Defect =>
  (right) => ({
    readLog: async (query) => (await right.readLog(query)).flatMap((event) => change(event) ?? []),
  });

/** Each with the test of the contract that finds it. */
const defects: readonly [what: string, foundBy: RegExp, defect: Defect][] = [
  [
    'takes a position for what was appended already',
    /takes no version and no position/,
    (right) => {
      const holes: number[] = [];
      return {
        async append(request) {
          const receipt = await right.append(request);
          if (receipt.outcome === 'already-appended') holes.push((await right.stats()).position);
          return receipt;
        },
        ...withLog((event) => ({
          ...event,
          position: event.position + holes.filter((hole) => hole < event.position).length,
        }))(right),
      };
    },
  ],
  [
    'takes keys that differ in case for the same',
    /are different keys/,
    withRequest((request) => ({ ...request, idempotencyKey: request.idempotencyKey?.toLowerCase() ?? null })),
  ],
  [
    'cuts keys',
    /are different keys/,
    withRequest((request) => ({ ...request, idempotencyKey: request.idempotencyKey?.slice(0, 255) ?? null })),
  ],
  [
    'forgets keys',
    /a key is remembered however many there are/,
    (right) => {
      const keys: string[] = [];
      return {
        append(request) {
          const key = request.idempotencyKey ?? '';
          const isForgotten = keys.slice(0, -500).includes(key);
          keys.push(key);
          return right.append(isForgotten ? { ...request, idempotencyKey: `${key} again` } : request);
        },
      };
    },
  ],
  [
    'takes ids that differ in case for the same',
    /are different ids/,
    withEvents((event) => ({ ...event, id: event.id.toLowerCase() })),
  ],
  ['cuts types', /types that differ/, withEvents((event) => ({ ...event, type: event.type.slice(0, 255) }))],
  [
    'cuts names of streams',
    /are different streams/,
    (right) => ({
      append: (request) => right.append({ ...request, stream: request.stream.slice(0, 255) }),
      readStream: (stream, query) => right.readStream(stream.slice(0, 255), query),
    }),
  ],
  [
    'takes snapshots of streams that differ in case for those of one',
    /snapshots of streams whose names are alike/,
    (right) => ({
      saveSnapshot: (stream, snapshot) => right.saveSnapshot(stream.toLowerCase(), snapshot),
      getLatestSnapshot: (stream) => right.getLatestSnapshot(stream.toLowerCase()),
    }),
  ],
  [
    'normalizes texts',
    /a payload comes back as the same value/,
    withEvents((event) => ({ ...event, data: event.data.normalize('NFC') })),
  ],
  [
    'loses large payloads',
    /a payload of the largest size/,
    withEvents((event) => ({ ...event, data: event.data.length > 1_000_000 ? '{}' : event.data })),
  ],
  [
    'keeps a part of a large append',
    /a large append is kept whole/,
    withRequest((request) => ({ ...request, events: request.events.slice(0, 2_000) })),
  ],
  [
    'gives every event the time of now',
    /recorded elsewhere/,
    withEvents(({ recordedAt: _, ...event }) => event),
  ],
  [
    'changes what it is given',
    /left as it was given/,
    (right) => ({
      append(request) {
        Object.assign(request.events[0] as object, { hash: 'sealed' });
        return right.append(request);
      },
    }),
  ],
  [
    'gives out the list that it goes on with',
    /a page that was read stays/,
    (right) => {
      const all: Recorded[] = [];
      return {
        async readLog(query) {
          all.splice(0, all.length, ...(await right.readLog(query)));
          return all;
        },
        async append(request) {
          const receipt = await right.append(request);
          all.push(...(await right.readLog({ after: receipt.position - 1, limit: 1, direction: 'forward' })));
          return receipt;
        },
      };
    },
  ],
  [
    'reads the log forward only',
    /a page is never longer than asked/,
    (right) => ({ readLog: (query) => right.readLog({ ...query, direction: 'forward' }) }),
  ],
  [
    'reads what it was to read after',
    /a stream reads forward, backward/,
    (right) => ({
      readStream: (stream, query) =>
        right.readStream(stream, { ...query, after: Math.max(0, query.after - 1) }),
    }),
  ],
  [
    'saves a snapshot with what is appended already',
    /a snapshot that comes with an append/,
    (right) => ({
      async append(request) {
        const receipt = await right.append(request);
        if (request.snapshot !== null) await right.saveSnapshot(request.stream, request.snapshot);
        return receipt;
      },
    }),
  ],
  [
    'tells of its close twice',
    /told once when the backend is closed/,
    (right) => ({
      watch: (moved, failed) =>
        right.watch(moved, (reason) => {
          failed(reason);
          failed(reason);
        }),
    }),
  ],
  [
    'tells of its close who has stopped',
    /told once when the backend is closed/,
    (right) => ({
      watch(moved, failed) {
        let hasStopped = false;
        right.watch((position) => hasStopped || moved(position), failed);
        return () => {
          hasStopped = true;
        };
      },
    }),
  ],
  [
    'looks at the version that a stream has before what waits is written',
    /each expect the version that the one before leads to/,
    (right) => ({
      async append(request) {
        const page = await right.readStream(request.stream, { after: 0, limit: 100, direction: 'forward' });
        await setImmediate();
        const { expectedVersion: expected } = request;
        const isWrong = typeof expected === 'number' && expected !== page.length;
        return right.append(isWrong ? { ...request, expectedVersion: page.length + 99 } : request);
      },
    }),
  ],
  [
    'shows an append bit by bit',
    /no gap and no part of an append/,
    (right) => {
      let visible = Number.POSITIVE_INFINITY;
      let last: Promise<unknown> = Promise.resolve();
      const append = async (request: Append) => {
        const receipt = await right.append(request);
        for (visible = receipt.position - request.events.length; visible < receipt.position; visible++)
          await setImmediate();
        return receipt;
      };
      return {
        append(request) {
          const appended = last.then(() => append(request));
          last = appended;
          return appended;
        },
        ...withLog((event) => (event.position <= visible ? event : undefined))(right),
      };
    },
  ],
  [
    'shows what came later first',
    /no gap and no part of an append/,
    (right) => {
      const hidden = new Set<string>();
      return {
        async append(request) {
          const isFirst = request.stream === 's-0';
          if (isFirst) for (const { id } of request.events) hidden.add(id);
          const receipt = await right.append(request);
          if (isFirst) await setImmediate();
          for (const { id } of request.events) hidden.delete(id);
          return receipt;
        },
        ...withLog((event) => (hidden.has(event.id) ? undefined : event))(right),
      };
    },
  ],
];

/** The message of the failure of each test of the contract of such a name, or nothing. */
async function failuresOf(defect: Defect, name: RegExp): Promise<(string | undefined)[]> {
  const runs: (() => Promise<void>)[] = [];
  eventStoreContract({
    test: (each, run) => name.test(each) && runs.push(run),
    createStore() {
      const backend = new InMemoryEventStoreBackend();
      const bound = new Proxy(backend, {
        get(target, name) {
          const value: unknown = Reflect.get(target, name, target);
          return typeof value === 'function' ? (value.bind(target) as unknown) : value;
        },
      });
      return Object.assign(Object.create(bound) as EventStoreBackend, defect(bound));
    },
  });
  return Promise.all(
    runs.map((run) =>
      run().then(
        () => undefined,
        (error: Error) => error.message,
      ),
    ),
  );
}

describe('eventStoreContract', () => {
  for (const [what, foundBy, defect] of defects) {
    test(`finds a backend that ${what}`, async () => {
      expect(await failuresOf(() => ({}), foundBy)).toEqual([undefined]);
      expect(await failuresOf(defect, foundBy)).toEqual([expect.any(String)]);
    });
  }

  test('ends where a read has none', async () => {
    const endless = defects.find(([what]) => what === 'reads what it was to read after')?.[2] as Defect;

    expect(await failuresOf(endless, /a stream reads forward, backward/)).toEqual([
      'a read had no end: readStream was called 5000 times',
    ]);
  });
});
