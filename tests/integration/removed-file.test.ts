import { mkdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { EventStore, SqliteEventStoreBackend } from 'holdfast/store';
import { expect, onTestFinished, test, vi } from 'vitest';
import { codedError } from '../support/coded-error.ts';
import { openRuntime } from '../support/open-runtime.ts';
import { soon } from '../support/soon.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

test('appends to a file that was moved away are refused, and taken again once it is back', async () => {
  const path = join(temporaryFolder(), 'app.db');
  const store = EventStore.withBackend(await SqliteEventStoreBackend.open(path));
  onTestFinished(() => store.close());
  let acknowledged = 0;
  const append = async () => {
    await store.append('s', [{ type: 'noted' }]);
    acknowledged++;
  };
  await append();

  renameSync(path, `${path}.away`);

  const gone = codedError('HOLDFAST_ERR_STORAGE_PATH', {
    message: expect.stringContaining('removed or moved'),
  });
  await vi.waitFor(() => expect(append()).rejects.toEqual(gone), soon);
  await expect(Promise.allSettled([append(), append()])).resolves.toEqual([
    { status: 'rejected', reason: gone },
    { status: 'rejected', reason: gone },
  ]);

  renameSync(`${path}.away`, path);
  await append();
  await expect(store.verify()).resolves.toMatchObject({ ok: true, events: acknowledged });
});

test('a runtime whose file was moved away says that it is failing, though nobody appends', async () => {
  const path = join(temporaryFolder(), 'app.db');
  const runtime = await openRuntime(['counter'], { database: path });
  await expect(runtime.health()).resolves.toMatchObject({ status: 'healthy' });

  renameSync(path, `${path}.away`);

  const failing = { status: 'failing', store: { state: 'ended' }, pending: null };
  await vi.waitFor(() => expect(runtime.health()).resolves.toMatchObject(failing), soon);

  renameSync(`${path}.away`, path);
  await expect(runtime.health()).resolves.toMatchObject({
    status: 'healthy',
    store: { state: 'running' },
  });
});

test('appends are refused when there is another file in the place of the open one, which is left as it is', async () => {
  const folder = temporaryFolder();
  const path = join(folder, 'app.db');
  const backup = join(folder, 'backup.db');
  const store = EventStore.withBackend(await SqliteEventStoreBackend.open(path));
  onTestFinished(() => store.close());
  await store.append('s', [{ type: 'noted' }]);
  await store.backup(backup);
  const restored = readFileSync(backup);

  renameSync(path, `${path}.away`);
  renameSync(backup, path);

  const replaced = codedError('HOLDFAST_ERR_STORAGE_PATH', {
    message: expect.stringContaining('replaced with another file'),
  });
  const append = () => store.append('s', [{ type: 'noted' }]);
  await vi.waitFor(() => expect(append()).rejects.toEqual(replaced), soon);
  expect(readFileSync(path)).toEqual(restored);

  renameSync(path, backup);
  renameSync(`${path}.away`, path);
  await append();
  await expect(store.verify()).resolves.toMatchObject({ ok: true });
});

test('what opens the file anew says where it was looked for once its folder was moved away', async () => {
  const folder = join(temporaryFolder(), 'data');
  mkdirSync(folder);
  const store = EventStore.withBackend(await SqliteEventStoreBackend.open(join(folder, 'app.db')));
  onTestFinished(() => store.close());
  await store.append('s', [{ type: 'noted' }]);

  renameSync(folder, `${folder}.away`);

  const gone = codedError('HOLDFAST_ERR_STORAGE_PATH', {
    message: expect.stringContaining('Check that its folder exists'),
  });
  await expect(store.verify()).rejects.toEqual(gone);
  renameSync(`${folder}.away`, folder);
  await expect(store.verify()).resolves.toMatchObject({ ok: true, events: 1 });
});
