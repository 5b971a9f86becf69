import { readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import {
  EventStore,
  exportEvents,
  importEvents,
  type Progress,
  ReadOnlySqliteBackend,
  SqliteEventStoreBackend,
} from 'holdfast/store';
import { expect, onTestFinished, test } from 'vitest';
import { codedError } from '../support/coded-error.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** A store with enough events for several pages, in a folder of its own. */
async function openFilled(count = 5_000): Promise<{ store: EventStore; folder: string }> {
  const folder = temporaryFolder();
  const store = EventStore.withBackend(await SqliteEventStoreBackend.open(join(folder, 'events.db')));
  onTestFinished(() => store.close());
  const events = Array.from({ length: count }, (_, n) => ({ type: 'noted', data: { n } }));
  await store.append('s', events);
  return { store, folder };
}

test('an aborted verify rejects with the reason of the signal, and with nothing else later', async () => {
  const { store } = await openFilled();
  const stop = new AbortController();
  const reason = new Error('enough');

  const verifying = store.verify({ signal: stop.signal, onProgress: () => stop.abort(reason) });

  await expect(verifying).rejects.toBe(reason);
  await expect(store.verify()).resolves.toEqual({ ok: true, problems: [], events: 5_000 });
});

test('the progress of verify and backup grows to its total', async () => {
  const { store, folder } = await openFilled();
  for (const work of [
    (onProgress: (progress: Progress) => void) => store.verify({ onProgress }),
    (onProgress: (progress: Progress) => void) => store.backup(join(folder, 'copy.db'), { onProgress }),
  ]) {
    const told: Progress[] = [];
    await work((progress) => told.push(progress));
    const done = told.map((progress) => progress.done);
    expect(done).toEqual([...done].sort((a, b) => a - b));
    expect(told.at(-1)).toEqual({ done: expect.any(Number), total: done.at(-1) });
    expect(done.at(-1)).toBeGreaterThan(0);
  }
});

test('what onProgress throws ends verify and backup, and no file is left', async () => {
  const { store, folder } = await openFilled();
  const target = join(folder, 'copy.db');
  const thrown = new Error('mine');
  const onProgress = () => {
    throw thrown;
  };

  await expect(store.verify({ onProgress })).rejects.toBe(thrown);
  await expect(store.backup(target, { onProgress })).rejects.toBe(thrown);

  expect(readdirSync(folder).filter((name) => name.startsWith('copy'))).toEqual([]);
});

test('neither a backup nor an export takes the name of a file that SQLite keeps beside the database', async () => {
  const folder = temporaryFolder();
  const link = join(temporaryFolder(), 'link');
  symlinkSync(folder, link);
  const backend = await SqliteEventStoreBackend.open(join(folder, 'events.db'));
  await using store = EventStore.withBackend(backend);
  const refused = codedError('HOLDFAST_ERR_ARGUMENT_INVALID', {
    message: expect.stringContaining('is the name of a file that SQLite keeps'),
  });

  for (const beside of [folder, link]) {
    const target = join(beside, 'events.db-journal');
    await expect(store.backup(target)).rejects.toEqual(refused);
    await expect(exportEvents(backend, target)).rejects.toEqual(refused);
  }

  const another = join(folder, 'copy.db-journal');
  await store.backup(another);
  expect(readdirSync(folder).filter((name) => name.includes('journal'))).toEqual(['copy.db-journal']);
});

test('the file of an export or import is that of the folder in which it was asked for', async () => {
  const { store, folder } = await openFilled();
  const backend = await ReadOnlySqliteBackend.open(join(folder, 'events.db'));
  await using _ = EventStore.withBackend(backend);
  const target = await SqliteEventStoreBackend.open(join(folder, 'another.db'));
  await using another = EventStore.withBackend(target);
  const begun = process.cwd();
  onTestFinished(() => process.chdir(begun));

  process.chdir(folder);
  const exporting = exportEvents(backend, 'all.jsonl/');
  process.chdir(temporaryFolder());
  await expect(exporting).resolves.toEqual({ events: 5_000, written: 5_000 });
  expect(readdirSync(folder)).toContain('all.jsonl');

  process.chdir(folder);
  const importing = importEvents(target, 'all.jsonl', {
    onProgress: () => process.chdir(begun),
  });
  await expect(importing).resolves.toEqual({ events: 5_000, written: 5_000 });
  expect(await another.stats()).toMatchObject({ events: (await store.stats()).events });
});

test('of backups to one file exactly one succeeds, whoever makes them, and the file is whole', async () => {
  const { store, folder } = await openFilled();
  await using second = EventStore.withBackend(await SqliteEventStoreBackend.open(join(folder, 'events.db')));
  const target = join(folder, 'copy.db');

  // The first two are of one thread.
  const backups = await Promise.allSettled([store, store, second].map((each) => each.backup(target)));

  const failures = backups.flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : []));
  const exists = codedError('HOLDFAST_ERR_ARGUMENT_INVALID', {
    message: expect.stringContaining('exists already'),
  });
  expect(failures).toEqual([exists, exists]);
  expect(readdirSync(folder).filter((name) => name.startsWith('copy'))).toEqual(['copy.db']);
  await using copy = EventStore.withBackend(await ReadOnlySqliteBackend.open(target));
  await expect(copy.verify()).resolves.toEqual({ ok: true, problems: [], events: 5_000 });
});

test.each([1, 2, 4])(
  'closing ends a verify with the code of the close (after report %i)',
  async (reports) => {
    const { store, folder } = await openFilled(20_000);
    const looking = EventStore.withBackend(await ReadOnlySqliteBackend.open(join(folder, 'events.db')));

    for (const each of [looking, store]) {
      const reached = Promise.withResolvers<void>();
      let count = 0;
      const onProgress = () => {
        if (++count === reports) reached.resolve();
      };
      const settled = each.verify({ onProgress }).then(
        () => 'finished',
        (error: { code?: string }) => error.code,
      );

      await Promise.race([reached.promise, settled]);
      await each.close();

      expect(['finished', 'HOLDFAST_ERR_CLOSED']).toContain(await settled);
    }
  },
);
