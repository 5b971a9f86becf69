import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
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
