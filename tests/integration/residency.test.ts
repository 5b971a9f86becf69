import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createRuntime } from 'holdfast';
import { expect, onTestFinished, test, vi } from 'vitest';
import { counter } from '../support/fixtures/counter.ts';
import { notebook } from '../support/fixtures/notebook.ts';
import { fixture, openRuntime } from '../support/open-runtime.ts';
import { soon } from '../support/soon.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

test('an actor that is idle leaves memory and comes back with its state', async () => {
  const runtime = await openRuntime(['counter'], { passivateAfterMs: 20 });
  const actor = runtime.actor(counter, 'a');
  await actor.send({ type: 'added', by: 2 });

  await vi.waitFor(async () => expect(await runtime.residents()).toBe(0), soon);

  await expect(actor.send({ type: 'added', by: 3 })).resolves.toMatchObject({ version: 2 });
  await expect(actor.snapshot()).resolves.toMatchObject({ context: { total: 5 } });
});

test('an actor that is watched stays in memory', async () => {
  const runtime = await openRuntime(['counter'], { passivateAfterMs: 20 });
  const changes = runtime.actor(counter, 'watched').changes();
  await changes.next();
  await runtime.actor(counter, 'idle').send({ type: 'locked' });

  await vi.waitFor(async () => expect(await runtime.residents()).toBe(1), soon);

  const next = changes.next();
  await runtime.actor(counter, 'watched').send({ type: 'locked' });
  await expect(next).resolves.toMatchObject({ value: { version: 1, state: 'locked' } });
  await changes.return();
});

test('no more idle actors are in memory than residentsMax, and all keep their state', async () => {
  const runtime = await openRuntime(['counter'], { residentsMax: 10 });
  const actors = Array.from({ length: 200 }, (_, index) => runtime.actor(counter, `${index}`));

  for (let round = 1; round <= 3; round++) {
    await Promise.all(actors.map((actor) => actor.send({ type: 'added', by: 1 })));
    for (const actor of actors.slice(0, 20)) await actor.snapshot();
    expect(await runtime.residents()).toBeLessThanOrEqual(10);
  }

  const snapshots = await Promise.all(actors.map((actor) => actor.snapshot()));
  expect(new Set(snapshots.map(({ context }) => context.total))).toEqual(new Set([3]));
});

test('a burst leaves no more idle actors in memory than residentsMax, though nothing is asked for after it', async () => {
  const runtime = await openRuntime(['counter'], { residentsMax: 10 });

  await Promise.all(
    Array.from({ length: 500 }, (_, index) => runtime.actor(counter, `${index}`).send({ type: 'locked' })),
  );

  await vi.waitFor(async () => expect(await runtime.residents()).toBeLessThanOrEqual(10), soon);
});

test('an activation uses the snapshot of the same machine, and replays for a changed one', async () => {
  const folder = temporaryFolder();
  const database = join(folder, 'app.db');
  const source = readFileSync(fixture('notebook'), 'utf8');
  // Packages are found from where the module is.
  const root = join(import.meta.dirname, '../..');
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(join(root, 'node_modules/xstate'), join(folder, 'node_modules/xstate'));
  symlinkSync(root, join(folder, 'node_modules/holdfast'));
  const run = async (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    const runtime = await createRuntime({ database, modules: [pathToFileURL(join(folder, name))], hosts: 1 });
    onTestFinished(() => runtime.close());
    return runtime;
  };
  const first = await run('first.ts', source);
  for (let count = 0; count < 20; count++)
    await first.actor(notebook, 'n').send({ type: 'noted', id: `${count}` });
  await first.close();
  // The fold of the same machine would never say 1,000: what is seen shows where it came from.
  await forgeSnapshot(database, 1_000);

  const same = await run('same.ts', source);
  const usesSnapshot = await same.actor(notebook, 'n').snapshot();
  await same.close();
  const changed = await run('changed.ts', source.replace('context.notes + 1', 'context.notes + 2'));
  const replays = await changed.actor(notebook, 'n').snapshot();

  expect(usesSnapshot).toMatchObject({ version: 20, context: { notes: 1_000 } });
  expect(replays).toMatchObject({ version: 20, context: { notes: 40 } });
});

/** Rewrites the count in the only snapshot, as no code of the library would. */
async function forgeSnapshot(database: string, notes: number): Promise<void> {
  const { DatabaseSync } = await import('node:sqlite');
  const file = new DatabaseSync(database);
  const { changes } = file
    .prepare(`update snapshots set state = json_set(state, '$.context.notes', ?)`)
    .run(notes);
  file.close();
  expect(changes).toBe(1);
}
