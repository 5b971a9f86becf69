import { join } from 'node:path';
import { defineProjection, type Runtime } from 'holdfast';
import { expect, onTestFinished, test, vi } from 'vitest';
import { ChildProgram } from '../support/child-program.ts';
import { codedError } from '../support/coded-error.ts';
import { document } from '../support/fixtures/document.ts';
import { balances, ledger } from '../support/fixtures/ledger.ts';
import { counts, revisions, titles } from '../support/fixtures/library.ts';
import { tallies } from '../support/fixtures/tallies.ts';
import { appendHistory, everything } from '../support/ledger-rows.ts';
import { openRuntime } from '../support/open-runtime.ts';
import { sharedRuntime } from '../support/shared-runtime.ts';
import { soon } from '../support/soon.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { times } from '../support/thorough.ts';
import { writtenOnce } from '../support/written-once.ts';

const all = 'select * from titles order by id';

async function written(database: string, ids: readonly string[]): Promise<number> {
  await using runtime = await openRuntime(['library'], { database });
  let last = 0;
  for (const id of ids) {
    ({ position: last } = await runtime
      .actor(document, id)
      .send({ type: 'created', title: id.toUpperCase() }));
  }
  await runtime.query(titles, all, [], { after: last });
  return last;
}

/** A database with a document `a`, and one with `a` and `b`: events at the positions 1 and 2. */
const withOne = writtenOnce(async (database) => void (await written(database, ['a'])));
const withTwo = writtenOnce(async (database) => void (await written(database, ['a', 'b'])));
/** For tests that look at their own documents only. */
const sharedLibrary = sharedRuntime(['library']);

async function healthOf(runtime: Runtime, name: string) {
  return (await runtime.health()).projections.find((each) => each.name === name);
}

test('a query reads what its own command wrote', async () => {
  const runtime = await sharedLibrary();
  const plan = runtime.actor(document, 'plan');

  const { position } = await plan.send({ type: 'created', title: 'Plan' });

  const one = 'select * from titles where id = ?';
  const rows = await runtime.query<{ id: string }>(titles, one, ['plan'], { after: position });
  expect(rows).toEqual([{ id: 'plan', title: 'Plan', revisions: 0 }]);
});

test('a query takes the bytes that it is given as they were, whoever gets their buffer afterwards', async () => {
  const runtime = await sharedLibrary();
  const bytes = Uint8Array.of(1, 2);

  const asked = runtime.query(titles, 'select ? as bytes', [bytes]);
  structuredClone(bytes, { transfer: [bytes.buffer] });

  expect(await asked).toEqual([{ bytes: Uint8Array.of(1, 2) }]);
  await expect(runtime.query(titles, 'select ? as bytes', [bytes])).rejects.toThrow(
    codedError('HOLDFAST_ERR_ARGUMENT_INVALID'),
  );
});

test('a query reads what an actor came to, by the position of its snapshot', async () => {
  const runtime = await sharedLibrary();
  const tides = runtime.actor(document, 'tides');
  const created = tides.waitFor(({ context }) => context.title !== '');
  void tides.send({ type: 'created', title: 'Tides' });

  const { position } = await created;

  const one = 'select title from titles where id = ?';
  expect(await runtime.query(titles, one, ['tides'], { after: position })).toEqual([{ title: 'Tides' }]);
});

test('folds events into one state, and into one for each partition', async () => {
  const runtime = await openRuntime(['library']);
  const plan = runtime.actor(document, 'plan');
  await plan.send({ type: 'created', title: 'Plan' });
  await plan.send({ type: 'revised', body: 'first' });
  const { position } = await plan.send({ type: 'revised', body: 'second' });

  const after = { after: position };
  expect(await runtime.projected(counts, after)).toEqual({ created: 1, revised: 2 });
  expect(await runtime.projected(revisions, { partition: 'plan', ...after })).toEqual(['first', 'second']);
  expect(await runtime.projected(revisions, { partition: 'other', ...after })).toBeUndefined();
});

test('goes on after a restart where it was', async () => {
  const database = await withTwo();
  const last = await written(database, ['c']);

  const runtime = await openRuntime(['library'], { database });
  const rows = await runtime.query(titles, 'select group_concat(id) as ids from titles');

  expect(rows).toEqual([{ ids: 'a,b,c' }]);
  expect(await healthOf(runtime, 'titles')).toMatchObject({ state: 'current', position: last, lag: 0 });
});

test('a new version is built from the first event, and takes the place of the old one', async () => {
  const database = await withTwo();
  const last = 2;

  const runtime = await openRuntime(['library-v2'], { database });
  const rows = await runtime.query(titles, all, [], { after: last });
  await vi.waitFor(async () => expect(await healthOf(runtime, 'titles')).toMatchObject({ version: 2 }), soon);

  expect(rows).toHaveLength(2);
  await vi.waitFor(
    async () =>
      expect(await runtime.query(titles, all)).toEqual([
        { id: 'a', heading: 'A' },
        { id: 'b', heading: 'B' },
      ]),
    soon,
  );
});

test('an application that is older than a projection leaves it as it is', async () => {
  const database = await withOne();
  const newer = await openRuntime(['library-v2'], { database });
  await expect
    .poll(async () => newer.query(titles, 'select heading from titles').catch(() => []))
    .toHaveLength(1);
  await newer.close();

  const older = await openRuntime(['library'], { database });

  await expect(older.query(titles, all)).rejects.toThrow(
    codedError('HOLDFAST_ERR_PROJECTION_NEWER', { projection: 'titles', found: 2, supported: 1 }),
  );
  expect(await healthOf(older, 'titles')).toMatchObject({ state: 'refused' });
});

test('a live query of an application that is older than the file ends with the error of a query', async () => {
  const database = await withOne();
  const older = await openRuntime(['library'], { database });
  const live = older.live(titles, all);
  expect((await live.next()).value?.rows).toHaveLength(1);

  const newer = await openRuntime(['library-v2'], { database });
  await expect
    .poll(async () => newer.query(titles, 'select heading from titles').catch(() => []))
    .toHaveLength(1);
  await newer.actor(document, 'b').send({ type: 'created', title: 'B' });

  await expect(live.next()).rejects.toThrow(codedError('HOLDFAST_ERR_PROJECTION_NEWER'));
  await expect(older.rebuild(titles).next()).rejects.toThrow(codedError('HOLDFAST_ERR_PROJECTION_NEWER'));
});

test('tables that changed without a new version are refused', async () => {
  const database = await withOne();

  const runtime = await openRuntime(['library-changed'], { database });

  await expect(runtime.query(titles, all)).rejects.toThrow(
    codedError('HOLDFAST_ERR_PROJECTION_INVALID', { message: expect.stringContaining('Raise its version') }),
  );
});

test('a rebuild says how far it is, and gives what was there', async () => {
  const runtime = await openRuntime(['ledger']);
  const last = await appendHistory(runtime, times(3_000, 20_000));
  const before = await everything(runtime, last);
  const told: number[] = [];

  for await (const { done, total } of runtime.rebuild(ledger)) {
    told.push(done);
    expect(total).toBe(last);
  }
  for await (const { done } of runtime.rebuild(balances)) told.push(done);

  expect(told.length).toBeGreaterThan(3);
  expect(told.at(-1)).toBe(last);
  expect(await everything(runtime)).toEqual(before);
});

test('a rebuild is left at once while another process holds the lock, and one that waits is told of it', async () => {
  const runtime = await openRuntime(['ledger'], { lockTimeoutMs: 500 });
  await runtime.query(ledger, 'select 1');
  const other = new ChildProgram('hold-lock.ts', [runtime.database]);
  await other.printed(1);

  const left = runtime.rebuild(ledger);
  const next = left.next();
  await left.return();
  expect(await next).toEqual({ done: true, value: undefined });
  await expect(runtime.rebuild(ledger).next()).rejects.toThrow(codedError('HOLDFAST_ERR_STORAGE_BUSY'));

  other.write('enough');
  await other.ended;
  const told: unknown[] = [];
  for await (const progress of runtime.rebuild(ledger)) told.push(progress);
  expect(told.at(-1)).toEqual({ done: 0, total: 0 });
});

test('two processes on a file take each event into a projection once', async () => {
  const database = join(temporaryFolder(), 'app.db');
  const runtime = await openRuntime(['ledger'], { database });
  const children = [1, 2].map(() => new ChildProgram('project-ledger.ts', [database]));
  let last = await appendHistory(runtime, times(300, 1_000));
  await Promise.all(children.map((child) => child.printed(1)));
  for (let seed = 2; seed <= times(4, 10); seed++)
    last = await appendHistory(runtime, times(300, 1_000), seed);
  const ends = await Promise.all(children.map(({ ended }) => ended));
  const found = await everything(runtime, last);

  for await (const _ of runtime.rebuild(ledger));
  for await (const _ of runtime.rebuild(balances));

  expect(ends.map(({ code, stderr }) => ({ code, stderr }))).toEqual([
    { code: 0, stderr: '' },
    { code: 0, stderr: '' },
  ]);
  expect(await everything(runtime)).toEqual(found);
});

test('two runtimes on a file fold each event once, while a third appends and both build anew', async () => {
  const database = join(temporaryFolder(), 'app.db');
  const [one, other, third] = [
    await openRuntime(['tallies'], { database }),
    await openRuntime(['tallies'], { database }),
    await openRuntime([], { database }),
  ];
  await Promise.all([one, other].map((each) => each.projected(tallies, { partition: '0' })));
  const partitions = Array.from({ length: 40 }, (_, index) => `${index}`);
  const tallied = (runtime: Runtime, after: number) =>
    Promise.all(partitions.map((partition) => runtime.projected(tallies, { after, partition })));
  const rebuilt = async (runtime: Runtime) => {
    for await (const _ of runtime.rebuild(tallies));
  };

  let after = 0;
  for (let round = 1; round <= 12; round++) {
    const appended = await Promise.all(
      partitions.map((id) => third.store.append(`tally/${id}`, [{ type: 'counted' }])),
    );
    after = Math.max(...appended.map(({ position }) => position));
  }
  expect(await tallied(one, after)).toEqual(partitions.map(() => 12));
  for (let round = 1; round <= 3; round++) {
    await Promise.all([rebuilt(one), rebuilt(other)]);
    expect(await tallied(other, after)).toEqual(partitions.map(() => 12));
  }
});

test('a live query yields what it finds, and what has changed since', async () => {
  const runtime = await openRuntime(['library']);
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  const live = runtime.live(titles, all, [], { key: 'id', signal: stop.signal });
  const next = async () => (await live.next()).value;

  const nothing = { rows: [], added: [], removed: [], changed: [] };
  expect(await next()).toEqual(nothing);
  await runtime.actor(document, 'a').send({ type: 'created', title: 'A' });
  const created = { id: 'a', title: 'A', revisions: 0 };
  expect(await next()).toEqual({ ...nothing, rows: [created], added: [created] });
  await runtime.actor(document, 'a').send({ type: 'revised', body: 'x' });
  const revised = { ...created, revisions: 1 };
  expect(await next()).toEqual({
    ...nothing,
    rows: [revised],
    changed: [{ before: created, after: revised }],
  });
  stop.abort();
  expect(await live.next()).toEqual({ done: true, value: undefined });
});

test('a live query yields rows that are the same in another order', async () => {
  const runtime = await openRuntime(['library']);
  for (const id of ['a', 'b']) await runtime.actor(document, id).send({ type: 'created', title: id });
  const { position } = await runtime.actor(document, 'a').send({ type: 'revised', body: 'x' });
  const live = runtime.live(titles, 'select id from titles order by revisions desc, id', [], {
    key: 'id',
    after: position,
  });
  const nothing = { added: [], removed: [], changed: [] };
  expect((await live.next()).value).toMatchObject({ rows: [{ id: 'a' }, { id: 'b' }] });

  for (const body of ['x', 'y']) await runtime.actor(document, 'b').send({ type: 'revised', body });

  expect((await live.next()).value).toEqual({ rows: [{ id: 'b' }, { id: 'a' }], ...nothing });
  await live.return();
});

test('a live query says that no column has its key', async () => {
  const runtime = await openRuntime(['library'], { database: await withOne() });

  const live = runtime.live(titles, all, [], { key: 'ID' });

  await expect(live.next()).rejects.toEqual(
    codedError('HOLDFAST_ERR_OPTION_INVALID', {
      message: expect.stringContaining('must be a column of the query, got "ID"'),
    }),
  );
});

test('a live query sees what another process has built anew, without a new event', async () => {
  const database = await withOne();
  const runtime = await openRuntime(['library'], { database });
  const live = runtime.live<{ title: string }>(titles, all);
  expect((await live.next()).value).toMatchObject({ rows: [{ title: 'A' }] });

  const mended = await openRuntime(['library-mended'], { database });
  for await (const _ of mended.rebuild(titles));

  expect((await live.next()).value).toMatchObject({ rows: [{ title: 'Title: A' }] });
});

test('a live query can be left while it waits, and says at once what it does not take', async () => {
  const runtime = await openRuntime(['library'], { database: await withOne() });
  const live = runtime.live(titles, all);
  await live.next();
  const next = live.next();

  await live.return();

  await expect(next).resolves.toEqual({ done: true, value: undefined });
  expect(() => runtime.live(titles, all, [], { signal: 5 as never })).toThrow(
    codedError('HOLDFAST_ERR_OPTION_INVALID'),
  );
});

test('a live query of an application that has become the older one ends and says so', async () => {
  const database = await withOne();
  const runtime = await openRuntime(['library'], { database });
  const live = runtime.live(titles, all);
  await live.next();

  const newer = await openRuntime(['library-v2'], { database });
  const upgraded = newer.query(titles, all);

  await expect(live.next()).rejects.toThrow(codedError('HOLDFAST_ERR_PROJECTION_NEWER'));
  await upgraded;
});

test('a query takes values by place and by name, and returns them as they are', async () => {
  const runtime = await sharedLibrary();
  const huge = 2n ** 60n;

  const rows = await runtime.query(
    titles,
    'select ? as text, ? as whole, ? as part, ? as huge, ? as bytes, ? as yes, ? as none, ? as at',
    ['a', 5, 0.5, huge, new Uint8Array([1, 2]), true, null, new Date(7)],
  );
  const named = await runtime.query(titles, 'select :a + @b + $c as sum', { a: 1, b: 2, c: 3 });

  expect(rows).toEqual([
    { text: 'a', whole: 5, part: 0.5, huge, bytes: new Uint8Array([1, 2]), yes: 1, none: null, at: 7 },
  ]);
  expect(named).toEqual([{ sum: 6 }]);
});

test('refuses what is no query, says so of each, and loses nothing', async () => {
  const runtime = await sharedLibrary();
  const count = () => runtime.query(titles, 'select count(*) as count from titles');
  const before = await count();
  const wrong: readonly (readonly [sql: string, ...values: unknown[]])[] = [
    ['insert into titles values (1, 2, 3)'],
    ["attach 'other.db' as other"],
    ['pragma journal_mode = delete'],
    ['with x as (select 1) delete from titles'],
    ["with a as (select 1) insert into titles values ('a', 'A', 1) returning id"],
    ['select zeroblob(2000000000)'],
    ['select nothing from titles'],
    ['selekt'],
    [''],
    ['select ?'],
    ['select 1', 1],
    ['select 1; select 2'],
  ];

  for (const [sql, ...values] of wrong) {
    await expect(runtime.query(titles, sql, values), sql).rejects.toThrow(
      codedError('HOLDFAST_ERR_QUERY_INVALID'),
    );
    expect(await count(), sql).toEqual(before);
  }
});

test('refuses what it is wrongly given, at once', async () => {
  const runtime = await sharedLibrary();
  const stranger = defineProjection('title', { version: 1, initial: () => 0, on: { '*': (n) => n + 1 } });

  await expect(runtime.query(document as never, all)).rejects.toThrow(
    codedError('HOLDFAST_ERR_OPTION_INVALID'),
  );
  await expect(runtime.query(titles, all, [undefined])).rejects.toThrow(
    codedError('HOLDFAST_ERR_ARGUMENT_INVALID'),
  );
  await expect(runtime.query(titles, all, [], { atfer: 1 } as never)).rejects.toThrow(
    codedError('HOLDFAST_ERR_OPTION_INVALID', { message: expect.stringContaining('"after"') }),
  );
  await expect(runtime.query(titles, all, { after: 1 })).rejects.toThrow(
    codedError('HOLDFAST_ERR_OPTION_INVALID', { message: expect.stringContaining('[], { after }') }),
  );
  await expect(runtime.projected(titles as never)).rejects.toThrow(codedError('HOLDFAST_ERR_OPTION_INVALID'));
  await expect(runtime.projected(revisions)).rejects.toThrow(
    codedError('HOLDFAST_ERR_OPTION_INVALID', { message: expect.stringContaining('with "partition"') }),
  );
  await expect(runtime.projected(counts, { partition: 'plan' })).rejects.toThrow(
    codedError('HOLDFAST_ERR_OPTION_INVALID', { message: expect.stringContaining('no partitions') }),
  );
  await expect(runtime.projected(stranger)).rejects.toThrow(
    codedError('HOLDFAST_ERR_PROJECTION_UNKNOWN', { message: expect.stringContaining('"titles"') }),
  );
});

test('a query of more rows than it may return is refused', async () => {
  const runtime = await sharedLibrary();
  const endless = 'with recursive n (i) as (select 1 union all select i + 1 from n) select i from n';

  await expect(runtime.query(titles, endless)).rejects.toThrow(
    codedError('HOLDFAST_ERR_QUERY_TOO_LARGE', { limit: 100_000 }),
  );
});

test('a query of larger rows than it may return is refused, and the next one is answered', async () => {
  const runtime = await sharedLibrary();
  const large = `with recursive n (i) as (select 1 union all select i + 1 from n limit 1000)
    select i, zeroblob(4000000) as bytes, printf('%.*c', 4000000, 'x') as text from n`;

  await expect(runtime.query(titles, large)).rejects.toThrow(
    codedError('HOLDFAST_ERR_QUERY_TOO_LARGE', { limit: 256 * 1024 * 1024 }),
  );
  expect(await runtime.query(titles, 'select 1 as one')).toEqual([{ one: 1 }]);
});

/** Rows that take some 10 ms each, and would take minutes together. */
const endless = `with recursive n (i) as (select 1 union all select i + 1 from n limit 100000)
  select (with recursive m (j) as (select i union all select j + 1 from m limit 50000) select max(j) from m) from n`;

test('a query that is given up makes way for the next, and does not begin if it has not', async () => {
  const runtime = await sharedLibrary();
  const before = await runtime.query(titles, all);
  const stop = new AbortController();
  const reason = new Error('enough');
  const given = [1, 2].map(() => runtime.query(titles, endless, [], { signal: stop.signal }));

  const next = runtime.query(titles, all);
  stop.abort(reason);

  expect(await Promise.allSettled(given)).toEqual(Array(2).fill({ status: 'rejected', reason }));
  expect(await next).toEqual(before);
});

test('a close ends a query that would take long', async () => {
  const runtime = await openRuntime(['library']);
  await runtime.query(titles, all);
  const ended = expect(runtime.query(titles, endless)).rejects.toThrow(codedError('HOLDFAST_ERR_CLOSED'));

  await runtime.close();

  await ended;
});

test('a wait ends with its signal, and with the runtime', async () => {
  const runtime = await openRuntime(['library']);
  await runtime.query(titles, all);
  const reason = new Error('enough');
  const stop = new AbortController();

  const aborted = runtime.query(titles, all, [], { after: 9, signal: stop.signal });
  const waiting = runtime.query(titles, all, [], { after: 9 });
  stop.abort(reason);
  await expect(aborted).rejects.toBe(reason);
  const closed = expect(waiting).rejects.toThrow(codedError('HOLDFAST_ERR_CLOSED'));
  await runtime.close();

  await closed;
  await expect(runtime.query(titles, all)).rejects.toThrow(codedError('HOLDFAST_ERR_CLOSED'));
});

test('a folded state loses nothing while it is built anew and large events keep coming', async () => {
  const runtime = await openRuntime(['library']);
  const append = (count: number, number: number) =>
    Promise.all(
      Array.from({ length: count }, (_, index) =>
        runtime.store.append(`note/${number}-${index % 40}`, [
          { type: 'noted', data: { text: 'x'.repeat(3_000) } },
          { type: 'noted' },
        ]),
      ),
    );
  await append(1_500, 0);
  await runtime.projected(counts, { after: 3_000 });

  for (let round = 1; round <= times(2, 3); round++) {
    const rebuilt = (async () => {
      for await (const _ of runtime.rebuild(counts));
    })();
    await append(400, round);
    await rebuilt;
    const { position } = await runtime.store.stats();
    expect(await runtime.projected(counts, { after: position })).toEqual({ noted: position });
  }
});

test('a rebuild that is asked for at once is one, and others on the file see what it made', async () => {
  const database = await withTwo();
  const last = 2;
  const idle = await openRuntime(['library'], { database });
  expect(await idle.projected(counts, { after: last })).toEqual({ created: 2 });
  const generations = () => idle.query(titles, 'select name, generation from projections order by name');
  const before = await generations();

  const other = await openRuntime(['library'], { database });
  for await (const _ of other.rebuild(counts));
  for await (const _ of other.rebuild(titles));

  expect(await idle.projected(counts)).toEqual({ created: 2 });
  expect(await idle.query(titles, 'select count(*) as count from titles')).toEqual([{ count: 2 }]);
  const after = await generations();
  for (const name of ['counts', 'titles']) {
    const of = (rows: Record<string, unknown>[]) =>
      Number(rows.find((row) => row['name'] === name)?.['generation']);
    expect(of(after)).toBeGreaterThan(of(before));
  }
});

test('whoever reads what it wrote does so also while another process builds anew', async () => {
  const database = join(temporaryFolder(), 'app.db');
  const [one, other] = [
    await openRuntime(['library'], { database }),
    await openRuntime(['library'], { database }),
  ];
  let isOver = false;
  const rebuilding = (async () => {
    while (!isOver) for await (const _ of other.rebuild(titles));
  })();

  for (let index = 0; index < times(20, 60); index++) {
    const { position } = await one.actor(document, `${index}`).send({ type: 'created', title: 'x' });
    const found = await one.query(titles, 'select id from titles where id = ?', [`${index}`], {
      after: position,
    });
    expect(found).toEqual([{ id: `${index}` }]);
  }
  isOver = true;
  await rebuilding;
});
