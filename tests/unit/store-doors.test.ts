import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { EventStore } from '../../runtime/store/event-store.ts';
import { exportEvents } from '../../runtime/store/export-events.ts';
import { importEvents } from '../../runtime/store/import-events.ts';
import { InMemoryEventStoreBackend } from '../../runtime/store/in-memory-backend.ts';
import { streamsOf } from '../../runtime/store/list-streams.ts';
import { codedError } from '../support/coded-error.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const refused = codedError('HOLDFAST_ERR_OPTION_INVALID');
const backend = new InMemoryEventStoreBackend();
const stopped = AbortSignal.abort();

test.each<[string, readonly [unknown, unknown, unknown?]]>([
  ['the store over a backend', [EventStore.withBackend(backend), 'events.ndjson']],
  ['no backend', [undefined, 'events.ndjson']],
  ['no path', [backend, undefined]],
  ['an empty path', [backend, '']],
  ['a path that ends early', [backend, 'a\0b']],
  ['a signal as options', [backend, 'events.ndjson', stopped]],
  ['null as options', [backend, 'events.ndjson', null]],
  ['a signal that is none', [backend, 'events.ndjson', { signal: {} }]],
  ['progress told to no function', [backend, 'events.ndjson', { onProgress: 'log' }]],
  ['an unknown option', [backend, 'events.ndjson', { signl: stopped }]],
])(
  'neither an export nor an import takes %s, and no file is left',
  async (_what, [given, path, ...options]) => {
    const folder = temporaryFolder();
    const args = [given, path === 'events.ndjson' ? join(folder, path) : path, ...options] as never;

    await expect(exportEvents(...(args as Parameters<typeof exportEvents>))).rejects.toEqual(refused);
    await expect(importEvents(...(args as Parameters<typeof importEvents>))).rejects.toEqual(refused);

    expect(readdirSync(folder)).toEqual([]);
  },
);

test('an export says in the words of the storage where it cannot be, and names no file but its own', async () => {
  const folder = temporaryFolder();
  const file = join(folder, 'file');
  writeFileSync(file, '');
  const tooLong = join(folder, 'a'.repeat(300));

  for (const path of [join(folder, 'none', 'all'), join(file, 'all'), join(file, 'none', 'all'), tooLong]) {
    const exported = exportEvents(backend, path);
    await expect(exported).rejects.toEqual(codedError('HOLDFAST_ERR_STORAGE_PATH'));
    if (path !== tooLong)
      await expect(exported).rejects.toThrow(/^(?!.*\.partial)The folder .* does not exist/);
  }

  expect(readdirSync(folder)).toEqual(['file']);
});

/** Without their places in the log: what is sent together with a batch that is partly there may come before the rest of it. */
async function eventsOf(of: InMemoryEventStoreBackend, stream: string): Promise<unknown[]> {
  const found = await of.readStream(stream, { after: 0, limit: 1_000, direction: 'forward' });
  return found.map(({ position: _, ...event }) => event);
}

test('a newer export is imported over an older one, wherever in a stream the older one ends', async () => {
  const folder = temporaryFolder();
  const [older, newer] = [join(folder, 'older'), join(folder, 'newer')];
  const source = new InMemoryEventStoreBackend();
  const store = EventStore.withBackend(source);
  const append = (stream: string, count: number) =>
    store.append(
      stream,
      Array.from({ length: count }, (_, number) => ({ type: 'noted', data: number })),
    );
  await append('a', 3);
  await exportEvents(source, older);
  // What follows the batch that is partly there: one event, several, and again several.
  await append('a', 2);
  for (const count of [1, 1, 3, 2]) {
    await append('b', 1);
    await append('a', count);
  }
  await exportEvents(source, newer);
  const target = new InMemoryEventStoreBackend();
  const appended = vi.spyOn(target, 'append');

  await importEvents(target, older);
  appended.mockClear();
  const report = await importEvents(target, newer);

  expect(report).toEqual({ events: 16, written: 13 });
  for (const stream of ['a', 'b'])
    expect(await eventsOf(target, stream)).toEqual(await eventsOf(source, stream));
  // Nine batches, the first of them by itself and event by event, and those of its stream once more.
  expect(appended).toHaveBeenCalledTimes(9 + 5 + 4);
  await expect(importEvents(target, newer)).resolves.toEqual({ events: 16, written: 0 });
});

test('an event that its file has left out is not replaced by the one after it', async () => {
  const path = join(temporaryFolder(), 'all');
  const source = new InMemoryEventStoreBackend();
  const three = ['a', 'b', 'c'].map((type) => ({ type }));
  await EventStore.withBackend(source).append('s', three);
  await exportEvents(source, path);
  const [head, first, , third] = readFileSync(path, 'utf8').split('\n');
  const body = `${head}\n${first}\n${third}\n`;
  const sha256 = createHash('sha256').update(body).digest('hex');
  writeFileSync(path, `${body}${JSON.stringify({ holdfast: 'end', events: 2, sha256 })}\n`);
  const target = new InMemoryEventStoreBackend();

  await expect(importEvents(target, path)).rejects.toEqual(
    codedError('HOLDFAST_ERR_VERSION_CONFLICT', { stream: 's', expected: 2, actual: 1 }),
  );

  expect(await eventsOf(target, 's')).toMatchObject([{ type: 'a', version: 1 }]);
});

test.each([
  {
    goneAnotherWay: 'a stream that has other events',
    there: [{ type: 'other' }, { type: 'other' }],
    why: 'b has gone another way: it is at version 2 here, and the file goes on after version 0. ',
    error: codedError('HOLDFAST_ERR_VERSION_CONFLICT', { stream: 'b', expected: 0, actual: 2 }),
  },
  {
    goneAnotherWay: 'an event with other content',
    there: [{ type: 'other', id: 'b1' }],
    why: 'the event "b1" of b is here with other content, or elsewhere. ',
    error: codedError('HOLDFAST_ERR_IDEMPOTENCY_CONFLICT', { stream: 'b', key: 'b1' }),
  },
])(
  'an import that stops at $goneAnotherWay says that what comes before is imported',
  async ({ there, why, error }) => {
    const path = join(temporaryFolder(), 'all');
    const source = new InMemoryEventStoreBackend();
    await EventStore.withBackend(source).append('a', [{ type: 'one' }]);
    await EventStore.withBackend(source).append('b', [{ type: 'one', id: 'b1' }]);
    await exportEvents(source, path);
    const target = new InMemoryEventStoreBackend();
    await EventStore.withBackend(target).append('b', there);

    const stopped = await importEvents(target, path).catch((reason: Error) => reason);

    expect(stopped).toEqual(error);
    expect(stopped).toMatchObject({
      message: expect.stringContaining(
        `The import of ${path} has stopped: ${why}What comes before that in the file is imported, `,
      ),
      cause: error,
    });
    expect(await eventsOf(target, 'a')).toMatchObject([{ type: 'one', version: 1 }]);
  },
);

test('an import appends nothing to a stream that has gone another way, also where the version is that of the file', async () => {
  const path = join(temporaryFolder(), 'all');
  const source = new InMemoryEventStoreBackend();
  for (const type of ['one', 'two', 'three'])
    for (const stream of ['a', 'b']) await EventStore.withBackend(source).append(stream, [{ type }]);
  await exportEvents(source, path);
  const target = new InMemoryEventStoreBackend();
  await EventStore.withBackend(target).append('b', [{ type: 'other' }]);

  const stopped = await importEvents(target, path).catch((reason: Error) => reason);

  expect(stopped).toEqual(
    codedError('HOLDFAST_ERR_VERSION_CONFLICT', { stream: 'b', expected: 0, actual: 1 }),
  );
  expect(await eventsOf(target, 'b')).toMatchObject([{ type: 'other', version: 1 }]);
});

test('an import has no more in hand than some megabytes, however large its events are', async () => {
  const path = join(temporaryFolder(), 'events');
  const source = new InMemoryEventStoreBackend();
  const store = EventStore.withBackend(source);
  const megabyte = 1024 * 1024;
  for (let batch = 0; batch < 3; batch++)
    await store.append(
      'a',
      Array.from({ length: 9 }, () => ({ type: 'noted', data: 'x'.repeat(megabyte) })),
    );
  await exportEvents(source, path);
  const target = new InMemoryEventStoreBackend();
  const { append } = target;
  let inHand = 0;
  const seen: number[] = [];
  const sizes: number[] = [];
  vi.spyOn(target, 'append').mockImplementation(async (request) => {
    const characters = request.events.reduce((sum, { data }) => sum + data.length, 0);
    sizes.push(characters);
    inHand += characters;
    seen.push(inHand);
    await new Promise(setImmediate);
    inHand -= characters;
    return append.call(target, request);
  });

  await expect(importEvents(target, path)).resolves.toEqual({ events: 27, written: 27 });

  expect(Math.max(...sizes)).toBeLessThan(2 * megabyte);
  expect(Math.max(...seen)).toBeLessThan(17 * megabyte);
});

/** An export of two hundred streams, which is read in several pieces. */
async function exportOfAMegabyte(): Promise<string> {
  const path = join(temporaryFolder(), 'events');
  const source = new InMemoryEventStoreBackend();
  const store = EventStore.withBackend(source);
  for (let number = 0; number < 200; number++)
    await store.append(`s${number}`, [{ type: 'noted', data: 'x'.repeat(5_000) }]);
  await exportEvents(source, path);
  return path;
}

test.each([
  [
    'cut off',
    (path: string, whole: string) => truncateSync(path, whole.lastIndexOf('\n', whole.length - 2) + 1),
  ],
  ['other', (path: string, whole: string) => writeFileSync(path, whole.replaceAll('"noted"', '"moted"'))],
])('an import whose file has come to be %s while it went on says so', async (_what, change) => {
  const path = await exportOfAMegabyte();
  const whole = readFileSync(path, 'utf8');
  const target = new InMemoryEventStoreBackend();

  const importing = importEvents(target, path, {
    onProgress: ({ done }) => done === 1 && change(path, whole),
  });

  await expect(importing).rejects.toThrow(
    codedError('HOLDFAST_ERR_ARGUMENT_INVALID', {
      message: expect.stringMatching(/was changed after it was checked, and a part of it is imported/),
    }),
  );
  expect((await target.stats()).events).toBeGreaterThan(0);
});

test('an import tells how far it is also while it checks the file', async () => {
  const path = join(temporaryFolder(), 'events');
  const source = new InMemoryEventStoreBackend();
  const store = EventStore.withBackend(source);
  const noted = Array.from({ length: 300 }, () => ({ type: 'noted' }));
  for (const stream of ['a', 'b']) await store.append(stream, noted);
  await exportEvents(source, path);
  const told: unknown[] = [];

  await importEvents(new InMemoryEventStoreBackend(), path, {
    onProgress: (progress) => told.push(progress),
  });

  expect(told.slice(0, 2)).toEqual([
    { done: 0, total: 256 },
    { done: 0, total: 512 },
  ]);
  expect(told.at(-1)).toEqual({ done: 600, total: 600 });
});

test('an import ends when its backend is closed, and does not go through the file first', async () => {
  const path = await exportOfAMegabyte();
  truncateSync(path, readFileSync(path).length - 20);
  const target = new InMemoryEventStoreBackend();

  const importing = importEvents(target, path);
  await target.close();

  await expect(importing).rejects.toThrow(codedError('HOLDFAST_ERR_CLOSED'));
  await expect(importEvents(target, path)).rejects.toThrow(codedError('HOLDFAST_ERR_CLOSED'));
});

test('what fails of a backend during an export fails it as it is', async () => {
  const folder = temporaryFolder();
  const failure = Object.assign(new Error('of the backend'), { code: 'ENOENT' });
  const failing = Object.assign(new InMemoryEventStoreBackend(), { readLog: () => Promise.reject(failure) });

  await expect(exportEvents(failing, join(folder, 'all'))).rejects.toBe(failure);

  expect(readdirSync(folder)).toEqual([]);
});

test.each<[string, readonly [unknown, unknown?]]>([
  ['no backend', [undefined]],
  ['a backend without a file', [backend]],
  ['a prefix that is none', [{ reader: () => undefined }, { prefix: /a/ }]],
  ['a signal as options', [{ reader: () => undefined }, stopped]],
])('a list of streams does not take %s', async (_what, args) => {
  await expect(streamsOf(...(args as Parameters<typeof streamsOf>)).next()).rejects.toEqual(refused);
});
