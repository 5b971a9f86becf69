import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createRuntime, type Runtime } from 'holdfast';
import { EventStore, SqliteEventStoreBackend } from 'holdfast/store';
import { expect, onTestFinished, test } from 'vitest';
import { ChildProgram } from '../support/child-program.ts';
import { counter } from '../support/fixtures/counter.ts';
import { fixture, openRuntime } from '../support/open-runtime.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

test('a program with few actors that reads little has no reader thread', async () => {
  const readers: string[] = [];
  // A computer that does much else may once keep the store thread from an answer for so long that a reader is started.
  while (readers.length < 3 && !readers.includes('absent')) {
    const runtime = await openRuntime(['counter']);
    for (const id of ['a', 'b', 'c']) await runtime.actor(counter, id).send({ type: 'added', by: 1 });
    await expect(runtime.actor(counter, 'a').snapshot()).resolves.toMatchObject({ context: { total: 1 } });
    readers.push(await readerOf(runtime));
  }
  expect(readers).toContain('absent');
});

test('a reader starts while many actors are read, and each is what it was', async () => {
  const runtime = await openRuntime(['counter'], { residentsMax: 1 });
  const actors = Array.from({ length: 300 }, (_, index) => runtime.actor(counter, `${index}`));
  await Promise.all(actors.map((actor, index) => actor.send({ type: 'added', by: index })));
  await expect.poll(() => readerOf(runtime)).toBe('running');

  const snapshots = await Promise.all(actors.map((actor) => actor.snapshot()));
  expect(snapshots.map(({ context }) => context.total)).toEqual(actors.map((_, index) => index));
});

test('a long stream is read to its end, whichever thread reads which page of it', async () => {
  const database = join(temporaryFolder(), 'app.db');
  const backend = await SqliteEventStoreBackend.open(database);
  const store = EventStore.withBackend(backend);
  const added = Array.from({ length: 40_000 }, () => ({ type: 'added', data: { type: 'added', by: 1 } }));
  await store.append('counter/long', added);
  await backend.close();

  const runtime = await createRuntime({ database, modules: [fixture('counter')] });
  onTestFinished(() => runtime.close());
  const { version, context } = await runtime.actor(counter, 'long').snapshot();
  expect({ version, context }).toMatchObject({ version: 40_000, context: { total: 40_000 } });
  expect(await readerOf(runtime)).toBe('running');
});

test('what is read does not wait for the lock that an append waits for', async () => {
  const database = join(temporaryFolder(), 'app.db');
  const runtime = await createRuntime({ database, modules: [fixture('counter')], hosts: 1 });
  onTestFinished(() => runtime.close());
  await runtime.actor(counter, 'a').send({ type: 'added', by: 2 });
  await runtime.store.append('other', [{ type: 'noted', data: 1 }]);

  const other = new ChildProgram('hold-lock.ts', [database]);
  await other.printed(1);
  const appended = runtime.store.append('other', [{ type: 'noted', data: 2 }]);
  await expect.poll(() => readAll(runtime, 'other').then(() => readerOf(runtime))).toBe('running');
  const read = await readAll(runtime, 'other');
  const untouched = await runtime.actor(counter, 'b').snapshot();
  other.write('enough');
  expect(await other.ended).toMatchObject({ code: 0 });

  expect(read).toEqual([1]);
  expect(untouched).toMatchObject({ version: 0, context: { total: 0 } });
  await expect(appended).resolves.toMatchObject({ version: 2 });
});

test.skipIf(!existsSync('/proc/self/task'))(
  'counts of a small file and its dead letters need no reader thread (as Linux shows its threads)',
  async () => {
    const readersSeen: number[] = [];
    // A computer that does much else may once keep the store thread from an answer for so long that a reader is started.
    while (readersSeen.length < 3 && !readersSeen.includes(0)) {
      const runtime = await openRuntime(['counter']);
      await runtime.actor(counter, 'a').send({ type: 'added', by: 1 });
      expect(await runtime.store.stats()).toMatchObject({ events: 1, streams: 1, deadLetters: 0 });
      expect(await runtime.deadLetters()).toEqual([]);
      readersSeen.push(threadNames().filter((name) => name === 'holdfast reader').length);
      await runtime.close();
    }
    expect(readersSeen).toContain(0);
  },
);

test('counts and dead letters do not wait for what the store thread waits for', async () => {
  const database = join(temporaryFolder(), 'app.db');
  const runtime = await createRuntime({ database, modules: [] });
  onTestFinished(() => runtime.close());
  await runtime.store.append('other', [{ type: 'noted', data: 1 }]);

  const other = new ChildProgram('hold-lock.ts', [database]);
  await other.printed(1);
  const appended = runtime.store.append('other', [{ type: 'noted', data: 2 }]);
  const counted = await runtime.store.stats();
  const letters = await runtime.deadLetters();
  other.write('enough');
  expect(await other.ended).toMatchObject({ code: 0 });

  expect(counted).toMatchObject({ events: 1, synchronous: 2 });
  expect(letters).toEqual([]);
  await expect(appended).resolves.toMatchObject({ version: 2 });
});

test('reads beyond the first ones are answered by a reader, in the same pages', async () => {
  const database = join(temporaryFolder(), 'app.db');
  const runtime = await createRuntime({ database, modules: [] });
  onTestFinished(() => runtime.close());
  const numbers = Array.from({ length: 2_000 }, (_, index) => index);
  await runtime.store.append(
    'numbers',
    numbers.map((data) => ({ type: 'noted', data })),
  );

  for (let round = 1; round <= 20; round++) expect(await readAll(runtime, 'numbers')).toEqual(numbers);
  expect(await readerOf(runtime)).toBe('running');
});

/** The payloads of a stream. */
async function readAll(runtime: Runtime, stream: string): Promise<unknown[]> {
  const read: unknown[] = [];
  for await (const { data } of runtime.store.read(stream)) read.push(data);
  return read;
}

/** What the threads of this process are called. */
function threadNames(): string[] {
  const tasks = '/proc/self/task';
  return readdirSync(tasks).map((id) => readFileSync(join(tasks, id, 'comm'), 'utf8').trim());
}

async function readerOf(runtime: Runtime): Promise<string> {
  return (await runtime.health()).reader.state;
}
