import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createRuntime } from 'holdfast';
import { SqliteEventStoreBackend } from 'holdfast/store';
import { expect, test } from 'vitest';
import { ChildProgram, runChild } from '../support/child-program.ts';
import { codedError } from '../support/coded-error.ts';
import { counter } from '../support/fixtures/counter.ts';
import { hostile } from '../support/fixtures/hostile.ts';
import { notebook } from '../support/fixtures/notebook.ts';
import { scribe } from '../support/fixtures/scribe.ts';
import { fixture, openRuntime } from '../support/open-runtime.ts';
import { expectWholeLog } from '../support/stored-log.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { isThorough } from '../support/thorough.ts';

test('close waits for the commands that are under way', async () => {
  const runtime = await openRuntime(['notebook'], { hosts: 2 });
  const ids = Array.from({ length: 500 }, (_, index) => `${index}`);

  const sent = ids.map((id) => runtime.actor(notebook, `${Number(id) % 7}`).send({ type: 'noted', id }));
  await runtime.close();

  await expect(Promise.all(sent)).resolves.toHaveLength(500);
  expect(runtime.state).toBe('closed');
  await expectWholeLog(runtime.database, ids);
});

test('close waits for the effects of what it has waited for', async () => {
  const runtime = await openRuntime(['scribe'], { hosts: 2 });
  const path = join(temporaryFolder(), 'lines');
  const lines = Array.from({ length: 300 }, (_, index) => `${index}`);

  const sent = lines.map((line) =>
    runtime.actor(scribe, `${Number(line) % 9}`).send({ type: 'dictated', path, line }),
  );
  await runtime.close();

  await expect(Promise.all(sent)).resolves.toHaveLength(300);
  expect(readFileSync(path, 'utf8').trim().split('\n').sort()).toEqual([...lines].sort());
});

test('close may be called at any time and any number of times', async () => {
  const runtime = await openRuntime(['counter']);
  // The host thread is starting.
  const sent = runtime.actor(counter, 'a').send({ type: 'locked' });

  await Promise.all([runtime.close(), runtime.close()]);
  await runtime.close();

  await expect(sent).resolves.toMatchObject({ version: 1 });
});

test('a runtime that was never used closes', async () => {
  const runtime = await openRuntime(['counter']);

  await runtime.close();

  expect(runtime.state).toBe('closed');
});

test('everything is refused after close', async () => {
  const runtime = await openRuntime(['counter']);
  const actor = runtime.actor(counter, 'a');
  await actor.send({ type: 'locked' });
  await runtime.close();

  const closed = codedError('HOLDFAST_ERR_CLOSED');
  await expect(actor.send({ type: 'unlocked' })).rejects.toEqual(closed);
  await expect(actor.execute('split', { parts: [] })).rejects.toEqual(closed);
  await expect(actor.snapshot()).rejects.toEqual(closed);
  await expect(actor.changes().next()).rejects.toEqual(closed);
  await expect(actor.waitFor(() => true)).rejects.toEqual(closed);
  await expect(runtime.deadLetters()).rejects.toEqual(closed);
  await expect(runtime.residents()).rejects.toEqual(codedError('HOLDFAST_ERR_CLOSED'));
  expect(() => runtime.actor(counter, 'b')).toThrow('HOLDFAST_ERR_CLOSED');
  await expect(runtime.store.append('s', [{ type: 'a' }])).rejects.toEqual(closed);
  await expect(runtime.store.getEventsAfter('s', 0)).rejects.toEqual(closed);
  await expect(runtime.store.stats()).rejects.toEqual(closed);
  await expect(runtime.store.verify()).rejects.toEqual(closed);
});

test('close gives up on a host that does not answer, tells its callers and keeps their commands', async () => {
  const folder = temporaryFolder();
  const runtime = await openRuntime(['hostile'], { database: join(folder, 'app.db'), closeTimeoutMs: 100 });
  const actor = runtime.actor(hostile, 'a');
  await actor.send({ type: 'counted' });

  const stuck = actor.send({ type: 'harmed', harm: 'loop', mark: join(folder, 'mark') });
  stuck.catch(() => undefined);
  await runtime.close();

  await expect(stuck).rejects.toEqual(codedError('HOLDFAST_ERR_CLOSED'));
  const next = await openRuntime(['hostile'], { database: join(folder, 'app.db') });
  await expect(next.deadLetters()).resolves.toEqual([
    expect.objectContaining({ address: 'hostile/a', type: 'harmed', reason: 'closed' }),
  ]);
  await expect(next.store.verify()).resolves.toMatchObject({ ok: true, events: 1 });
});

test('close does not wait for the lock that another process holds', async () => {
  const runtime = await openRuntime(['notebook'], { closeTimeoutMs: 200, lockTimeoutMs: 600_000 });
  const actor = runtime.actor(notebook, 'a');
  await actor.send({ type: 'noted', id: '1' });
  const other = new ChildProgram('hold-lock.ts', [runtime.database]);
  await other.printed(1);

  const sent = actor.send({ type: 'noted', id: '2' });
  const appended = runtime.store.append('other', [{ type: 'noted' }]);
  const outcomes = Promise.allSettled([sent, appended]);
  await runtime.close();

  const refused = (code: unknown) => ({ status: 'rejected', reason: expect.objectContaining({ code }) });
  expect(await outcomes).toEqual([
    refused(expect.stringMatching(/^HOLDFAST_ERR_(STORAGE_BUSY|CLOSED)$/)),
    refused('HOLDFAST_ERR_STORAGE_BUSY'),
  ]);
  other.write('enough');
  expect(await other.ended).toMatchObject({ code: 0 });
  await expectWholeLog(runtime.database, ['1']);
});

test('snapshots of hot actors are saved at close', async () => {
  const runtime = await openRuntime(['counter']);
  const actor = runtime.actor(counter, 'a');
  // More than half of snapshotEvery, and less than all of it.
  for (let count = 0; count < 7; count++) await actor.send({ type: 'added', by: 1 });
  await runtime.close();

  const next = await openRuntime(['counter'], { database: runtime.database });

  await expect(next.store.stats()).resolves.toMatchObject({ snapshots: 1 });
  await expect(next.actor(counter, 'a').snapshot()).resolves.toMatchObject({
    version: 7,
    context: { total: 7 },
  });
});

test('a process that has nothing left to do ends by itself, although the runtime was not closed', async () => {
  const database = join(temporaryFolder(), 'app.db');

  const { code, signal, lines, stderr } = await runChild('leave-open.ts', [database]);

  expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: '' });
  expect(lines.slice(0, 3)).toEqual(['sent', 'read', 'verified']);
  expect(Number(lines[3]), 'milliseconds from the last call to the end').toBeLessThan(3_000);
  await expectWholeLog(database, ['a']);
});

test.each([
  ['a folder that is missing', () => [join(temporaryFolder(), 'missing', 'app.db')], /^\w+_STORAGE_PATH /],
  [
    'the folder of the process, which was removed',
    () => ['app.db', temporaryFolder()],
    /^\w+_STORAGE_PATH .* in one that is there/,
  ],
  [
    'another folder than that of the process, which was removed',
    () => [join(temporaryFolder(), 'app.db'), temporaryFolder()],
    /^\w+_THREAD_START .* whether the folder that the process works in was removed/,
  ],
])('a program that ends with an error after a start in %s ends at once', async (_, args, said) => {
  const { code, signal, lines } = await runChild('fail-to-start.ts', args());

  expect({ code, signal }).toEqual({ code: 7, signal: null });
  expect(lines[0]).toMatch(said);
  expect(Number(lines[1]), 'milliseconds that the exit took').toBeLessThan(1_000);
});

test.each(isThorough ? [0, 20, 150, 600] : [0, 600])(
  'process.exit() %i acknowledgements into a load ends with its code and loses nothing',
  async (count) => {
    const database = join(temporaryFolder(), 'app.db');

    const { code, signal, lines, stderr } = await runChild('exit-under-load.ts', [database, `${count}`]);

    expect({ code, signal, stderr }).toEqual({ code: 42, signal: null, stderr: '' });
    const acknowledged = lines.filter((line) => line !== 'ready');
    expect(acknowledged.length).toBeGreaterThanOrEqual(count);
    await expectWholeLog(database, acknowledged);
  },
);

test('a lock may be waited for as long as a timer can run, and no longer', async () => {
  const path = join(temporaryFolder(), 'app.db');
  const longest = 2 ** 31 - 1;

  await (await SqliteEventStoreBackend.open(path, { lockTimeoutMs: longest })).close();

  await expect(SqliteEventStoreBackend.open(path, { lockTimeoutMs: longest + 1 })).rejects.toEqual(
    codedError('HOLDFAST_ERR_OPTION_INVALID'),
  );
});

test('createRuntime refuses wrong options before it starts anything', async () => {
  const database = join(temporaryFolder(), 'app.db');
  const modules = [fixture('counter')];
  const invalid = codedError('HOLDFAST_ERR_OPTION_INVALID');

  await expect(createRuntime({ database, modules, hosts: 0 })).rejects.toEqual(invalid);
  await expect(createRuntime({ database, modules: ['./relative.ts'] })).rejects.toEqual(invalid);
  await expect(createRuntime({ database: ':memory:', modules })).rejects.toEqual(invalid);
  await expect(createRuntime({ database, modules, workerUrl: 'relative.js' })).rejects.toEqual(invalid);
  await expect(createRuntime({ database, modules, host: 1 } as never)).rejects.toThrow(
    'did you mean "hosts"?',
  );
});
