import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { EventStore, ReadOnlySqliteBackend, SqliteEventStoreBackend } from 'holdfast/store';
import { expect, onTestFinished, test } from 'vitest';
import { ChildProgram, runChild } from '../support/child-program.ts';
import { codedError } from '../support/coded-error.ts';
import { counter } from '../support/fixtures/counter.ts';
import { notebook } from '../support/fixtures/notebook.ts';
import { openRuntime } from '../support/open-runtime.ts';
import { sharedRuntime } from '../support/shared-runtime.ts';
import { expectWholeLog } from '../support/stored-log.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { testThoroughly, times } from '../support/thorough.ts';

/** Two runtimes on one file, for tests that look at an actor of their own. */
const sharedOne = sharedRuntime(['counter', 'notebook']);
const sharedOther = sharedRuntime(['counter', 'notebook'], { beside: sharedOne });

test.each(['actors', 'store'])(
  'two processes that append to the same streams through the %s lose and repeat nothing',
  async (through) => {
    const database = join(temporaryFolder(), 'app.db');
    const rounds = times(4, 12);

    // Both create the file at once, and 64 callers of each write to the same sixteen streams.
    const ends = await Promise.all([
      runChild('append-notes.ts', [database, through, `${rounds}`]),
      runChild('append-notes.ts', [database, through, `${rounds}`]),
    ]);

    expect(ends.map(({ code, stderr }) => ({ code, stderr }))).toEqual([
      { code: 0, stderr: '' },
      { code: 0, stderr: '' },
    ]);
    const acknowledged = ends.flatMap(({ lines }) => lines.filter((line) => line !== 'ready'));
    expect(acknowledged).toHaveLength(2 * 64 * rounds);
    const { ids, streams } = await expectWholeLog(database, acknowledged);
    expect([ids.length, streams]).toEqual([acknowledged.length, 16]);
  },
);

// Other programs may have an older SQLite than 3.51, which takes the log away from a process without its lock (howtocorrupt, 2.2).
test.runIf(process.platform === 'linux')(
  'a process that opens a file twice keeps its lock on it',
  async () => {
    const database = join(temporaryFolder(), 'app.db');
    const store = EventStore.withBackend(await SqliteEventStoreBackend.open(database));
    onTestFinished(() => store.close());
    await store.append('notebook/0', [{ type: 'noted', data: { id: 'mine' } }]);
    const before = locksOn(database);

    await Promise.all([
      SqliteEventStoreBackend.open(database).then((second) => second.close()),
      ReadOnlySqliteBackend.open(database).then((second) => second.close()),
    ]);

    expect([before, locksOn(database)]).toEqual([1, 1]);
  },
);

// To open a file a second time may take this process its lock on it (howtocorrupt, 2.2). SQLite notices since 3.51.
test('a process that opened a file twice keeps its log when another one closes the file', async () => {
  const database = join(temporaryFolder(), 'app.db');
  const store = EventStore.withBackend(await SqliteEventStoreBackend.open(database));
  onTestFinished(() => store.close());
  await store.append('notebook/0', [{ type: 'noted', data: { id: 'mine' } }]);
  await (await SqliteEventStoreBackend.open(database)).close();

  const { code } = await runChild('append-notes.ts', [database, 'store', '1']);

  expect([code, existsSync(`${database}-wal`)]).toEqual([0, true]);
});

testThoroughly('processes that open the same new files at the same moments all get them', async () => {
  const folder = temporaryFolder();
  const start = Date.now() + 600;
  const open = () => runChild('open-new-files.ts', [folder, `${times(30, 150)}`, `${start}`, '12']);

  const ends = await Promise.all([open(), open(), open()]);

  const nothingThrown = { code: 0, lines: [], stderr: '' };
  expect(ends).toMatchObject([nothingThrown, nothingThrown, nothingThrown]);
});

test('a subscription sees what another process appends, in order and once', async () => {
  const database = join(temporaryFolder(), 'app.db');
  const store = EventStore.withBackend(await SqliteEventStoreBackend.open(database));
  onTestFinished(() => store.close());
  await store.append('notebook/0', [{ type: 'noted', data: { id: 'mine' } }]);
  const child = new ChildProgram('append-notes.ts', [database, 'store', '5']);
  const seen: string[] = [];
  const positions: number[] = [];

  for await (const { data, position } of store.subscribe()) {
    seen.push((data as { id: string }).id);
    positions.push(position);
    if (seen.length === 1 + 64 * 5) break;
  }

  const { lines } = await child.ended;
  expect(positions).toEqual(positions.map((_, index) => index + 1));
  expect(new Set(seen)).toEqual(new Set(['mine', ...lines.slice(1)]));
});

test('two runtimes in one process on one file agree on every actor', async () => {
  const one = await openRuntime(['counter', 'notebook']);
  const other = await openRuntime(['counter', 'notebook'], { database: one.database });
  const actors = [one.actor(counter, 'a'), other.actor(counter, 'a')] as const;

  // Each decides on what it remembers, and is wrong about half of the time.
  await Promise.all(
    Array.from({ length: 100 }, (_, index) => actors[index % 2]?.execute('split', { parts: [1, 2] })),
  );

  const [mine, theirs] = await Promise.all(actors.map((actor) => actor.snapshot()));
  expect(mine).toMatchObject({ version: 200, context: { total: 300 } });
  expect(theirs?.context).toEqual(mine?.context);
  await expect(one.store.verify()).resolves.toEqual({ ok: true, problems: [], events: 200 });
});

test('of two runtimes that expect the same version one is told of the conflict', async () => {
  const [one, other] = [await sharedOne(), await sharedOther()];
  const send = (runtime: typeof one, id: string) =>
    runtime.actor(notebook, 'expected').send({ type: 'noted', id }, { expectedVersion: 0 });
  await Promise.all([
    one.actor(notebook, 'expected').snapshot(),
    other.actor(notebook, 'expected').snapshot(),
  ]);

  const outcomes = await Promise.allSettled([send(one, 'a'), send(other, 'b')]);

  expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  expect(outcomes).toContainEqual({
    status: 'rejected',
    reason: codedError('HOLDFAST_ERR_VERSION_CONFLICT', { expected: 0, actual: 1 }),
  });
});

test('a command that is repeated in another process is carried out once', async () => {
  const [one, other] = [await sharedOne(), await sharedOther()];
  const send = (runtime: typeof one) =>
    runtime.actor(notebook, 'repeated').send({ type: 'noted', id: 'a' }, { idempotencyKey: 'repeated' });
  await other.actor(notebook, 'repeated').snapshot();

  const first = await send(one);
  const second = await send(other);

  expect(second).toEqual({ ...first, repeated: true });
});

test('a refusal is never based on what another process has changed since', async () => {
  const [one, other] = [await sharedOne(), await sharedOther()];
  await one.actor(counter, 'a').send({ type: 'locked' });
  await other.actor(counter, 'a').snapshot();

  await one.actor(counter, 'a').send({ type: 'unlocked' });

  await expect(other.actor(counter, 'a').send({ type: 'added', by: 1 })).resolves.toMatchObject({
    version: 3,
  });
});

/** How many locks this process has on a file. */
function locksOn(path: string): number {
  const ending = `:${statSync(path).ino}`;
  const locks = readFileSync('/proc/locks', 'utf8').split('\n');
  return locks.filter((lock) => {
    const fields = lock.trim().split(/\s+/);
    return fields[4] === `${process.pid}` && fields[5]?.endsWith(ending) === true;
  }).length;
}
