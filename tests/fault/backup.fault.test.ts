import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EventStore, SqliteEventStoreBackend } from 'holdfast/store';
import { expect, onTestFinished, test } from 'vitest';
import { ChildProgram, runChild } from '../support/child-program.ts';
import { codedError } from '../support/coded-error.ts';
import { expectWholeLog } from '../support/stored-log.ts';
import { straceArguments, whyNoStrace } from '../support/strace.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { testThoroughly, times } from '../support/thorough.ts';

async function openStore(path: string): Promise<EventStore> {
  const store = EventStore.withBackend(await SqliteEventStoreBackend.open(path));
  onTestFinished(() => store.close());
  return store;
}

/** A log of one event, `a`, in a folder of its own. */
async function openWithNote() {
  const folder = temporaryFolder();
  const path = join(folder, 'app.db');
  const store = await openStore(path);
  await store.append('notebook/n', [{ type: 'noted', data: { id: 'a' } }]);
  return { folder, path, store };
}

/** About sixteen megabytes, which are many steps of a backup. */
async function createLargeLog(store: EventStore): Promise<string[]> {
  const ids = Array.from({ length: times(20, 80) }, (_, number) => `${number}-${'x'.repeat(200_000)}`);
  await Promise.all(ids.map((id) => store.append('notebook/large', [{ type: 'noted', data: { id } }])));
  return ids;
}

test('a backup made while 64 callers of another process append is a whole log of what was acknowledged before', async () => {
  const folder = temporaryFolder();
  const path = join(folder, 'app.db');
  const writer = new ChildProgram('append-notes.ts', [path, 'store']);
  await writer.printed(1_000);
  const store = await openStore(path);
  const before = writer.lines.slice(1);

  await store.backup(join(folder, 'copy.db'));
  const printedAtTheEnd = writer.lines.length;
  await writer.printed(printedAtTheEnd + 100);
  writer.kill();
  const { lines } = await writer.ended;

  const copy = await expectWholeLog(join(folder, 'copy.db'), before);
  const original = await expectWholeLog(path, lines.slice(1));
  expect(copy.ids).toEqual(original.ids.slice(0, copy.ids.length));
});

test('appends go on while a backup runs, and are not in it', async () => {
  const folder = temporaryFolder();
  const store = await openStore(join(folder, 'app.db'));
  const ids = await createLargeLog(store);
  let during: Promise<unknown> | undefined;

  await store.backup(join(folder, 'copy.db'), {
    onProgress: () => {
      during ??= store.append('notebook/large', [{ type: 'noted', data: { id: 'during' } }]);
    },
  });
  await during;

  const copy = await expectWholeLog(join(folder, 'copy.db'), ids);
  expect(copy.ids).toHaveLength(ids.length);
  await expect(store.stats()).resolves.toMatchObject({ events: ids.length + 1 });
});

test('an aborted backup rejects with its reason and leaves no file', async () => {
  const folder = temporaryFolder();
  const store = await openStore(join(folder, 'app.db'));
  await createLargeLog(store);
  const abort = new AbortController();
  const reason = new Error('changed my mind');

  const backup = store.backup(join(folder, 'copy.db'), {
    signal: abort.signal,
    onProgress: () => abort.abort(reason),
  });

  await expect(backup).rejects.toBe(reason);
  expect(readdirSync(folder).filter((name) => name.startsWith('copy'))).toEqual([]);
});

test('a backup never replaces a file, and needs a folder that is there', async () => {
  const folder = temporaryFolder();
  const store = await openStore(join(folder, 'app.db'));
  await store.append('notebook/n', [{ type: 'noted', data: { id: 'a' } }]);
  const target = join(folder, 'copy.db');
  await store.backup(target);

  await expect(store.backup(target)).rejects.toEqual(codedError('HOLDFAST_ERR_ARGUMENT_INVALID'));
  await expect(store.backup(join(folder, 'missing', 'copy.db'))).rejects.toEqual(
    codedError('HOLDFAST_ERR_STORAGE_PATH'),
  );
  await expectWholeLog(target, ['a']);
});

test('a backup that was killed leaves no file of its name, and the next one succeeds', async ({ skip }) => {
  const why = whyNoStrace();
  skip(why !== undefined, why);
  const folder = temporaryFolder();
  const path = join(folder, 'app.db');
  const store = await openStore(path);
  const ids = await createLargeLog(store);
  const target = join(folder, 'copy.db');
  // Whatever is written to, since nobody knows the name of the file before.
  const prefix = straceArguments(path, {
    calls: 'pwrite64',
    inject: 'signal=KILL:when=700',
    suffixes: [],
  });

  const { signal } = await runChild('back-up.ts', [path, target], { prefix });
  const left = readdirSync(folder).filter((name) => name.startsWith('copy'));
  await store.backup(target);

  expect(signal).toBe('SIGKILL');
  expect(left.filter((name) => name.endsWith('.partial'))).toHaveLength(1);
  expect(left).not.toContain('copy.db');
  expect(readdirSync(folder).filter((name) => name.startsWith('copy'))).toEqual(['copy.db']);
  await expectWholeLog(target, ids);
});

test('a backup is made where files cannot have two names, and replaces none there either', async ({
  skip,
}) => {
  const why = whyNoStrace();
  skip(why !== undefined, why);
  const { folder, path } = await openWithNote();
  const target = join(folder, 'copy.db');
  const prefix = straceArguments(target, { calls: 'link,linkat', inject: 'error=EPERM', suffixes: [''] });

  const first = await runChild('back-up.ts', [path, target], { prefix });
  const injected = readFileSync(`${target}.strace`, 'utf8');
  const second = await runChild('back-up.ts', [path, target], { prefix });

  expect(first).toMatchObject({ code: 0, stderr: '' });
  expect(injected).toContain('(INJECTED)');
  expect(second.stderr).toContain('HOLDFAST_ERR_ARGUMENT_INVALID');
  expect(readdirSync(folder).filter((name) => name.endsWith('.partial'))).toEqual([]);
  await expectWholeLog(target, ['a']);
});

test('a backup is made where a folder cannot be synced, and fails without a file where the disk does', async ({
  skip,
}) => {
  const why = whyNoStrace();
  skip(why !== undefined, why);
  const { folder, path } = await openWithNote();
  const copies = join(folder, 'copies');
  mkdirSync(copies);
  const copyTo = (name: string, error: string) =>
    runChild('back-up.ts', [path, join(copies, name)], {
      prefix: straceArguments(copies, { calls: 'fsync', inject: `error=${error}`, suffixes: [''] }),
    });

  const unsynced = await copyTo('copy.db', 'EINVAL');
  const injected = readFileSync(`${copies}.strace`, 'utf8');
  const failed = await copyTo('other.db', 'EIO');
  const left = readdirSync(copies);

  expect(injected).toContain('EINVAL (Invalid argument) (INJECTED)');
  expect(unsynced).toMatchObject({ code: 0, stderr: '' });
  expect(failed.stderr).toContain('HOLDFAST_ERR_STORAGE_IO');
  expect(left).toEqual(['copy.db']);
  await expectWholeLog(join(copies, 'copy.db'), ['a']);
});

test('an export is made where a folder cannot be synced, and fails without a file where the disk does', async ({
  skip,
}) => {
  const why = whyNoStrace();
  skip(why !== undefined, why);
  const { folder, path } = await openWithNote();
  const exports = join(folder, 'exports');
  mkdirSync(exports);
  const commandLine = join(import.meta.dirname, '../../dist/runtime/cli/holdfast.js');
  const exportTo = (name: string, error: string) =>
    runChild(commandLine, ['export', path, join(exports, name)], {
      prefix: straceArguments(exports, { calls: 'fsync', inject: `error=${error}`, suffixes: [''] }),
    });

  const unsynced = await exportTo('all.jsonl', 'EINVAL');
  const injected = readFileSync(`${exports}.strace`, 'utf8');
  const failed = await exportTo('other.jsonl', 'EIO');

  expect(injected).toContain('EINVAL (Invalid argument) (INJECTED)');
  expect(unsynced.code).toBe(0);
  expect(failed.stderr).toContain('HOLDFAST_ERR_STORAGE_IO');
  expect(readdirSync(exports)).toEqual(['all.jsonl']);
});

testThoroughly(
  'a backup that has its name is made, though somebody keeps its other one from being removed',
  async ({ skip }) => {
    const why = whyNoStrace();
    skip(why !== undefined, why);
    const { folder, path } = await openWithNote();
    const target = join(folder, 'copy.db');
    // Whatever is removed second, since nobody knows the name before; first it is the journal of the copy.
    const prefix = straceArguments(target, { calls: 'unlink', inject: 'error=EBUSY:when=2', suffixes: [] });

    const made = await runChild('back-up.ts', [path, target], { prefix });

    expect(readFileSync(`${target}.strace`, 'utf8')).toMatch(/\.partial"\) += -1 EBUSY .* \(INJECTED\)/);
    expect(made).toMatchObject({ code: 0, stderr: '' });
    await expectWholeLog(target, ['a']);
  },
);
