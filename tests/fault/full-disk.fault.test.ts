import { existsSync, readdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createRuntime } from 'holdfast';
import {
  EventStore,
  exportEvents,
  InMemoryEventStoreBackend,
  ReadOnlySqliteBackend,
  SqliteEventStoreBackend,
} from 'holdfast/store';
import { expect, onTestFinished, test } from 'vitest';
import { codedError } from '../support/coded-error.ts';
import { notebook } from '../support/fixtures/notebook.ts';
import { SmallDisk, whyNoMount } from '../support/small-disk.ts';
import { expectWholeLog } from '../support/stored-log.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const why = whyNoMount();
const modules = [new URL('../support/fixtures/notebook.ts', import.meta.url)];

/** Appends until the first failure; returns what was acknowledged before, and the failure. */
async function appendUntilFailure(append: (id: string) => Promise<unknown>, prefix: string) {
  const acknowledged: string[] = [];
  for (let number = 0; number < 10_000; number++) {
    const id = `${prefix}-${number}-${'x'.repeat(2_000)}`;
    try {
      await append(id);
      acknowledged.push(id);
    } catch (error) {
      return { acknowledged, error };
    }
  }
  throw new Error('the disk was never full');
}

test('a store on a full disk says so, loses nothing, and goes on once space is freed', async ({ skip }) => {
  skip(why !== undefined, why);
  const disk = new SmallDisk(4_096);
  const database = join(disk.folder, 'app.db');
  const store = EventStore.withBackend(await SqliteEventStoreBackend.open(database));
  onTestFinished(() => store.close());
  const append = (id: string) => store.append(`notebook/${id.length % 3}`, [{ type: 'noted', data: { id } }]);
  disk.fill(500);

  const first = await appendUntilFailure(append, 'before');
  const second = await appendUntilFailure(append, 'still');
  disk.free();
  await append('after');
  await store.close();

  expect(first.error).toEqual(codedError('HOLDFAST_ERR_STORAGE_FULL', { retryable: true }));
  expect(second.error).toEqual(codedError('HOLDFAST_ERR_STORAGE_FULL'));
  expect(first.acknowledged.length).toBeGreaterThan(5);
  const acknowledged = [...first.acknowledged, ...second.acknowledged, 'after'];
  const { ids } = await expectWholeLog(database, acknowledged);
  expect(ids).toEqual(acknowledged);
});

test('actors on a full disk answer with its error, keep their durable state, and go on', async ({ skip }) => {
  skip(why !== undefined, why);
  const disk = new SmallDisk(4_096);
  const database = join(disk.folder, 'app.db');
  const runtime = await createRuntime({ database, modules, hosts: 1 });
  onTestFinished(() => runtime.close());
  const actor = runtime.actor(notebook, 'n');
  await actor.send({ type: 'noted', id: 'first' });
  disk.fill(500);

  const { acknowledged, error } = await appendUntilFailure((id) => actor.send({ type: 'noted', id }), 'b');
  const full = await actor.snapshot();
  const failing = await runtime.health();
  disk.free();
  const receipt = await actor.send({ type: 'noted', id: 'after' });
  const healthy = await runtime.health();
  await runtime.close();

  expect(error).toEqual(codedError('HOLDFAST_ERR_STORAGE_FULL'));
  expect(full).toMatchObject({
    version: acknowledged.length + 1,
    context: { notes: acknowledged.length + 1 },
  });
  expect(receipt.version).toBe(acknowledged.length + 2);
  const failure = 'HOLDFAST_ERR_STORAGE_FULL';
  expect(failing).toMatchObject({ status: 'failing', store: { state: 'running', failure } });
  expect(healthy).toMatchObject({ status: 'healthy', store: { state: 'running', failure: null } });
  const { ids } = await expectWholeLog(database, acknowledged);
  expect(ids).toEqual(['first', ...acknowledged, 'after']);
});

test('a new database cannot be created on a full disk, and can once space is freed', async ({ skip }) => {
  skip(why !== undefined, why);
  const disk = new SmallDisk(2_048);
  const database = join(disk.folder, 'app.db');
  disk.fill();

  const refused = SqliteEventStoreBackend.open(database);
  await expect(refused).rejects.toEqual(codedError('HOLDFAST_ERR_STORAGE_FULL'));

  disk.free();
  const store = EventStore.withBackend(await SqliteEventStoreBackend.open(database));
  await store.append('notebook/n', [{ type: 'noted', data: { id: 'a' } }]);
  await store.close();
  await expectWholeLog(database, ['a']);
});

test('a database on a full disk is refused at opening and left as it was', async ({ skip }) => {
  skip(why !== undefined, why);
  const disk = new SmallDisk(2_048);
  const database = join(disk.folder, 'app.db');
  const store = EventStore.withBackend(await SqliteEventStoreBackend.open(database));
  await store.append('notebook/n', [{ type: 'noted', data: { id: 'a' } }]);
  await store.close();
  const before = readFileSync(database);
  disk.fill();

  await expect(SqliteEventStoreBackend.open(database)).rejects.toEqual(
    codedError('HOLDFAST_ERR_STORAGE_FULL'),
  );

  expect(readFileSync(database).equals(before)).toBe(true);
  disk.free();
  await expectWholeLog(database, ['a']);
});

test('a backup to a full disk says so and leaves no file', async ({ skip }) => {
  skip(why !== undefined, why);
  const disk = new SmallDisk(4_096);
  const store = EventStore.withBackend(await SqliteEventStoreBackend.open(join(disk.folder, 'app.db')));
  onTestFinished(() => store.close());
  const body = 'x'.repeat(100_000);
  for (let number = 0; number < 8; number++) await store.append('a', [{ type: 'noted', data: { body } }]);
  await store.flush();
  disk.fill(200);
  const target = join(disk.folder, 'copy.db');

  await expect(store.backup(target)).rejects.toEqual(codedError('HOLDFAST_ERR_STORAGE_FULL'));

  expect(readdirSync(disk.folder).filter((name) => name.startsWith('copy'))).toEqual([]);
  await expect(store.verify()).resolves.toMatchObject({ ok: true, events: 8 });
});

test('a backup that is larger than the disk and than what SQLite keeps in memory leaves no file either', async ({
  skip,
}) => {
  skip(why !== undefined, why);
  const disk = new SmallDisk(3_072);
  const store = EventStore.withBackend(await SqliteEventStoreBackend.open(join(temporaryFolder(), 'app.db')));
  onTestFinished(() => store.close());
  const body = 'x'.repeat(100_000);
  await store.append(
    'a',
    Array.from({ length: 400 }, () => ({ type: 'noted', data: { body } })),
  );
  await store.flush();

  await expect(store.backup(join(disk.folder, 'copy.db'))).rejects.toEqual(
    codedError('HOLDFAST_ERR_STORAGE_FULL'),
  );

  expect(readdirSync(disk.folder)).toEqual([]);
});

test('a folder that cannot be written is refused, whether the database is there or not', async ({ skip }) => {
  skip(why !== undefined, why);
  const disk = new SmallDisk(2_048);
  const database = join(disk.folder, 'app.db');
  await EventStore.withBackend(await SqliteEventStoreBackend.open(database)).close();
  const before = readFileSync(database);
  writeFileSync(join(disk.folder, 'text.db'), 'a shopping list');
  disk.makeReadOnly();

  const readOnly = codedError('HOLDFAST_ERR_STORAGE_READONLY');
  await expect(SqliteEventStoreBackend.open(database)).rejects.toEqual(readOnly);
  await expect(SqliteEventStoreBackend.open(join(disk.folder, 'new.db'))).rejects.toEqual(readOnly);
  await expect(ReadOnlySqliteBackend.open(database)).rejects.toEqual(readOnly);
  await expect(
    exportEvents(new InMemoryEventStoreBackend(), join(disk.folder, 'all.ndjson')),
  ).rejects.toEqual(readOnly);

  expect(readFileSync(database).equals(before)).toBe(true);
  expect(existsSync(join(disk.folder, 'new.db'))).toBe(false);
});

test('an export whose last line alone finds no room says so, and leaves no file', async ({ skip }) => {
  skip(why !== undefined, why);
  const disk = new SmallDisk(1_024);
  const path = join(disk.folder, 'all.ndjson');
  const backend = new InMemoryEventStoreBackend();
  const store = EventStore.withBackend(backend);
  await store.append('a', [{ type: 'noted', data: '' }]);
  await exportEvents(backend, path);
  const [head = '', line = ''] = readFileSync(path, 'utf8').split('\n');
  rmSync(path);
  // All but the last line leaves ten bytes of the last page that the disk has.
  const used = Buffer.byteLength(`${head}\n${line}\n${line}\n`);
  const page = statfsSync(disk.folder).bsize;
  await store.append('a', [{ type: 'noted', data: 'x'.repeat(2 * page - 10 - used) }]);
  disk.fill((2 * page) / 1_024);

  const exported = exportEvents(backend, path);

  await expect(exported).rejects.toEqual(codedError('HOLDFAST_ERR_STORAGE_FULL'));
  expect(readdirSync(disk.folder)).toEqual(['ballast']);
});
