import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createRuntime, type RehearsalReport, type RehearseOptions, type Runtime } from 'holdfast';
import { expect, onTestFinished, test } from 'vitest';
import { codedError } from '../support/coded-error.ts';
import { executeBeside } from '../support/execute-beside.ts';
import { account as plain } from '../support/fixtures/account/plain.ts';
import { account as v1 } from '../support/fixtures/account/v1.ts';
import { account as v2 } from '../support/fixtures/account/v2.ts';
import { invoice } from '../support/fixtures/invoice/sent.ts';
import { fixture } from '../support/open-runtime.ts';
import { sharedRuntime } from '../support/shared-runtime.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { testThoroughly } from '../support/thorough.ts';

const module = (name: string): URL => fixture(`account/${name}`);

/** A module with this text. */
function moduleOf(text: string): URL {
  const path = join(temporaryFolder(), 'module.mjs');
  writeFileSync(path, text);
  return pathToFileURL(path);
}

async function open(database: string, name: string): Promise<Runtime> {
  const runtime = await createRuntime({ database, modules: [module(name)], hosts: 1 });
  onTestFinished(() => runtime.close());
  return runtime;
}

/**
 * Over three accounts, each with a snapshot; `b` has a deposit of thirteen, and `c` was looked at after it was frozen. For
 * tests that only rehearse, which writes nothing.
 */
const overAccounts = sharedRuntime(['account/v1'], {
  write: (database) => write(database, v1, 'v1'),
  hostMemoryMb: 64,
});
const overNothing = sharedRuntime(['account/v1']);

async function write(database: string, definition: typeof v1, name: string): Promise<void> {
  await using runtime = await createRuntime({ database, modules: [module(name)], hosts: 1 });
  for (const [id, amounts] of Object.entries({ a: [1, 2], b: [1, 13, 2], c: [4, 5] })) {
    const actor = runtime.actor(definition, id);
    await actor.send({ type: 'opened', owner: id });
    for (const amount of amounts) await actor.send({ type: 'deposited', amount });
  }
  await runtime.actor(definition, 'c').send({ type: 'frozen' });
  await runtime.actor(definition, 'c').send({ type: 'viewed' });
}

async function rehearsed(
  runtime: Runtime,
  modules: readonly URL[],
  options: RehearseOptions = {},
): Promise<RehearsalReport> {
  return runtime.rehearse({ modules, threads: 1, ...options });
}

/** What was found, without its words. */
function found({ problems }: RehearsalReport): string[] {
  return problems
    .map(({ problem, stream, version, type }) => `${problem} ${stream} ${version} ${type}`.trim())
    .sort();
}

const messageOf = ({ problems }: RehearsalReport): string =>
  problems.map(({ message }) => message).join('\n');

test('the definitions of today find nothing in what they have written', async () => {
  const runtime = await overAccounts();

  const report = await runtime.rehearse();

  expect(report).toEqual({
    ok: true,
    streams: 3,
    events: 12,
    counts: {},
    kinds: [{ kind: 'account', streams: 3, events: 12, counts: {} }],
    problems: [],
  });
});

test.each(['v2', 'v9'])(
  'an update with upcasters (%s) finds nothing in what the first version has written',
  async (name) => {
    const report = await rehearsed(await overAccounts(), [module(name)], { threads: 2 });

    expect(report).toMatchObject({ ok: true, streams: 3, events: 12, problems: [] });
  },
);

test('a removed event and a renamed state are found where they are', async () => {
  const report = await rehearsed(await overAccounts(), [module('removed')]);

  expect(report.ok).toBe(false);
  expect(report.counts).toEqual({ 'unknown-type': 8, 'not-accepted': 1 });
  expect(report.kinds[0]?.counts).toEqual(report.counts);
  expect(found(report)).toContain('not-accepted account/c 5 viewed');
  expect(found(report)).toContain('unknown-type account/b 3 deposited');
  expect(
    report.problems.find(({ stream, version }) => stream === 'account/c' && version === 5),
  ).toMatchObject({
    kind: 'account',
    position: 12,
    message: '"open" does not accept "viewed".',
  });
});

test('a timer and work of a state that was renamed are found, by a rehearsal and by who reads the actor', async () => {
  const database = join(temporaryFolder(), 'app.db');
  const open = (name: string) => createRuntime({ database, modules: [fixture(`invoice/${name}`)], hosts: 1 });
  const before = await open('sent');
  await before.actor(invoice, 'a').send({ type: 'written' });
  await before.actor(invoice, 'a').waitFor(({ state }) => state === 'overdue');
  const same = await before.rehearse();
  await before.close();

  await using after = await open('issued');
  const report = await after.rehearse();
  await after.actor(invoice, 'a').snapshot();

  expect(same).toMatchObject({ ok: true, events: 3 });
  expect(found(report)).toEqual([
    'not-accepted invoice/a 2 holdfast.settled',
    'unknown-type invoice/a 3 xstate.after.due.invoice.sent.rendered',
  ]);
  for (const { message } of report.problems) expect(message).toContain('has a state been renamed?');
  expect(await after.skippedEvents()).toEqual([
    expect.objectContaining({ type: 'holdfast.settled', reason: 'not-accepted', count: 1 }),
    expect.objectContaining({
      type: 'xstate.after.due.invoice.sent.rendered',
      reason: 'unknown-type',
      count: 1,
    }),
  ]);
});

test('an assign that throws on a stored event is found, and the other streams are replayed', async () => {
  const report = await rehearsed(await overAccounts(), [module('throwing')], { threads: 2 });

  expect(found(report)).toEqual(['throws account/b 3 deposited']);
  expect(messageOf(report)).toContain('thirteen is not counted');
  expect(report).toMatchObject({ streams: 3, events: 10 });
});

test('an upcaster and a migrate that throw are found', async () => {
  const report = await rehearsed(await overAccounts(), [module('failing-migrate')]);

  expect(found(report)).toEqual([
    'migrate-failed account/a 3',
    'migrate-failed account/c 4',
    'upcast-failed account/b 3 deposited',
  ]);
  expect(messageOf(report)).toContain('no idea');
  expect(messageOf(report)).toContain('thirteen is not counted');
});

test('a migrate that gives something else than a replay is found, with the difference', async () => {
  const report = await rehearsed(await overAccounts(), [module('wrong-migrate')]);

  expect(found(report)).toEqual(
    [3, 4, 4].map((version, index) => `migrate-diverges account/${'abc'[index]} ${version}`),
  );
  expect(messageOf(report)).toContain('context.cents is 9 instead of 900');
});

test('a snapshot that says something else than a replay is found, with the difference', async () => {
  const database = join(temporaryFolder(), 'app.db');
  // The same accounts, of a definition that has no version.
  await write(database, plain as typeof v1, 'plain');
  const runtime = await open(database, 'v1');

  const same = await rehearsed(runtime, [module('plain')]);
  const report = await rehearsed(runtime, [module('doubling')]);

  expect(same).toMatchObject({ ok: true, events: 12 });
  expect(found(report)).toEqual(
    [3, 4, 4].map((version, index) => `snapshot-diverges account/${'abc'[index]} ${version}`),
  );
  expect(messageOf(report)).toContain('context.total is 9 instead of 18');
});

test('a payload that is damaged is found as unreadable, and said to be by who reads the actor', async () => {
  const database = join(temporaryFolder(), 'app.db');
  await write(database, v1, 'v1');
  executeBeside(
    database,
    `drop trigger events_are_never_changed; delete from snapshots;
     update events set data = '{"amount":' where stream_id = 2 and version = 3`,
  );
  const runtime = await open(database, 'v1');

  const report = await runtime.rehearse();

  expect(found(report)).toEqual(['unreadable account/b 3 deposited']);
  expect(messageOf(report)).toContain('restore a backup');
  await expect(runtime.actor(v1, 'b').snapshot()).rejects.toEqual(codedError('HOLDFAST_ERR_STORAGE_CORRUPT'));
});

test('events of a newer version are found by an older one', async () => {
  const database = join(temporaryFolder(), 'app.db');
  const newer = await open(database, 'v2');
  await newer.actor(v2, 'a').send({ type: 'opened', owner: 'a' });
  await newer.actor(v2, 'a').send({ type: 'deposited', cents: 5 });
  await newer.close();

  const report = await rehearsed(await open(database, 'v1'), [module('v1')]);

  expect(found(report)).toEqual(['newer-schema account/a 2 deposited']);
});

test('a kind that no module exports is listed once and counted for each stream', async () => {
  const runtime = await overAccounts();

  const report = await rehearsed(runtime, [fixture('notebook')]);
  const without = await rehearsed(runtime, [fixture('notebook')], { kinds: ['notebook'] });

  expect(report.counts).toEqual({ 'unknown-kind': 3 });
  expect(report.problems).toHaveLength(1);
  expect(without).toMatchObject({ ok: true, streams: 0, kinds: [{ kind: 'notebook', streams: 0 }] });
});

test('a kind that was asked for and that nothing is of is a problem, once', async () => {
  const runtime = await overAccounts();

  const report = await rehearsed(runtime, [module('v1')], { kinds: ['account', 'acount', 'acount'] });

  expect(report).toMatchObject({ ok: false, streams: 3, counts: { 'unknown-kind': 1 } });
  expect(report.problems).toEqual([
    expect.objectContaining({ kind: 'acount', stream: '', message: expect.stringContaining('"acount"') }),
  ]);
});

test('where no thread lived to tell which kinds there are, none is said to be missing', async () => {
  const fatal = moduleOf(`
    import { accountThat } from ${JSON.stringify(module('broken').href)};
    export { notebook } from ${JSON.stringify(fixture('notebook').href)};
    export const account = accountThat(() => process.exit(3));`);

  const report = await rehearsed(await overAccounts(), [fatal], { kinds: ['account', 'notebook'] });

  expect(report.counts).toEqual({ 'thread-died': 3 });
});

test.each([
  ['loops for ever', 'looping', 'timed-out', /The event did not come to an end within 2/],
  ['ends its thread', 'exiting', 'thread-died', /exited with code: 3/],
  ['needs more memory than there is', 'hungry', 'thread-died', /memory/],
])(
  'a machine that %s is found on its event, and the other streams are replayed',
  async (_, name, problem, why) => {
    const runtime = await overAccounts();
    // Long enough for a busy computer to import the module, which it bounds as well.
    const timeoutMs = name === 'looping' ? 2_000 : 60_000;

    const report = await runtime.rehearse({ modules: [module(name)], timeoutMs });

    expect(found(report)).toEqual([`${problem} account/b 3 deposited`]);
    expect(report.problems[0]).toMatchObject({ position: 6, kind: 'account' });
    expect(messageOf(report)).toMatch(why);
    expect(report).toMatchObject({ streams: 3, events: 10 });
    await expect(runtime.actor(v1, 'a').snapshot()).resolves.toMatchObject({ context: { total: 3 } });
  },
);

test.each([
  ['loops for ever', 'for (;;);', 'timed-out', /import of the modules did not come to an end/],
  [
    'never finishes loading',
    'await new Promise((done) => setTimeout(done, 2 ** 30));',
    'timed-out',
    /import/,
  ],
  ['ends its thread', 'process.exit(5);', 'thread-died', /exited with code: 5/],
  ['throws', `throw new Error('not in the mood');`, 'module-failed', /not in the mood/],
  [
    'opens a store',
    `import { SqliteEventStoreBackend } from ${JSON.stringify(import.meta.resolve('holdfast/store'))};
     await SqliteEventStoreBackend.open('never.db');`,
    'module-failed',
    /opened a runtime or a store while it was imported/,
  ],
])(
  'a module that %s while it is imported is reported, also where there is nothing to replay',
  async (_, text, problem, why) => {
    const report = await rehearsed(await overNothing(), [moduleOf(text)], {
      timeoutMs: problem === 'timed-out' ? 300 : 60_000,
    });

    expect(report.counts).toEqual({ [problem]: 1 });
    expect(messageOf(report)).toMatch(why);
  },
);

test('a machine that cannot be hosted is reported for its kind, and the other kinds are replayed', async () => {
  const report = await rehearsed(await overAccounts(), [module('v1'), fixture('unsupported')]);

  expect(report.counts).toEqual({ 'kind-refused': 1 });
  expect(report.problems[0]?.kind).toBe('timed');
  expect(messageOf(report)).toContain('cannot be hosted');
  expect(report.streams).toBe(3);
});

testThoroughly(
  'long streams and many streams are replayed by several threads, while more is appended',
  async () => {
    const runtime = await open(join(temporaryFolder(), 'app.db'), 'v1');
    const deposits = (count: number, amount: number) =>
      Array.from({ length: count }, () => ({ type: 'deposited', data: { amount } }));
    const opened = { type: 'opened', data: { owner: 'Ada' } };
    await runtime.store.append('account/long', [opened, ...deposits(6_000, 1)]);
    await runtime.store.append('account/long', [...deposits(1, 13), ...deposits(3_000, 1)]);
    await Promise.all(
      Array.from({ length: 700 }, (_, id) =>
        runtime.store.append(`account/${id}`, [opened, ...deposits(9, 2)]),
      ),
    );
    const appends: Promise<unknown>[] = [];

    const report = await runtime.rehearse({
      modules: [module('throwing')],
      threads: 3,
      onProgress: () => appends.push(runtime.store.append('account/699', deposits(1, 2))),
    });

    await Promise.all(appends);
    expect(appends.length).toBeGreaterThan(2);
    expect(found(report)).toEqual(['throws account/long 6002 deposited']);
    expect(report.streams).toBe(701);
    expect(report.events).toBeGreaterThanOrEqual(6_001 + 700 * 10);
    expect(report.events).toBeLessThanOrEqual(6_001 + 700 * 10 + appends.length);
  },
);

test('a thread that dies of what it has replayed before leaves no stream out', async () => {
  const runtime = await open(join(temporaryFolder(), 'app.db'), 'v1');
  const opened = { type: 'opened', data: { owner: 'Ada' } };
  // More than one task has.
  const ids = Array.from({ length: 300 }, (_, id) => `account/${id}`);
  await Promise.all(ids.map((stream) => runtime.store.append(stream, [opened])));
  const once = moduleOf(`
    import { account as first } from ${JSON.stringify(module('v1').href)};
    let looks = 0;
    export const account = first;
    // Looked at whenever definitions are taken from this module, and not for the first time by a thread that is left over.
    export const other = { get holdfast() { if (++looks > 1) process.exit(3); } };`);

  const report = await rehearsed(runtime, [once]);

  expect(report).toMatchObject({ streams: 300, events: 300, counts: { 'thread-died': 1 } });
  expect(report.problems).toEqual([
    expect.objectContaining({
      problem: 'thread-died',
      stream: '',
      message: expect.stringMatching(/code: 3/),
    }),
  ]);
});

testThoroughly('a machine that ends its thread on every stream is given up', async () => {
  const runtime = await open(join(temporaryFolder(), 'app.db'), 'v1');
  const events = [
    { type: 'opened', data: { owner: 'Ada' } },
    { type: 'deposited', data: { amount: 13 } },
  ];
  await Promise.all(Array.from({ length: 40 }, (_, id) => runtime.store.append(`account/${id}`, events)));

  const report = await runtime.rehearse({ modules: [module('exiting')], threads: 1 });

  expect(report.counts).toEqual({ 'thread-died': 21 });
  expect(report.streams).toBe(20);
  expect(report.problems.at(-1)).toMatchObject({
    kind: '',
    message: expect.stringContaining('20 threads were lost'),
  });
});

test('nothing is written', async () => {
  const runtime = await overAccounts();
  const before = await runtime.store.stats();

  await runtime.rehearse({ modules: [module('v2')] });

  expect(await runtime.store.stats()).toEqual(before);
  expect(await runtime.store.verify()).toEqual({ ok: true, problems: [], events: 12 });
});

test('progress grows to the number of events', async () => {
  const told: number[] = [];
  const totals = new Set<number>();

  await rehearsed(await overAccounts(), [module('v2')], {
    onProgress: ({ done, total }) => {
      told.push(done);
      totals.add(total);
    },
  });

  expect(told.at(-1)).toBe(12);
  expect(told).toEqual([...told].sort((a, b) => a - b));
  expect([...totals]).toEqual([12]);
});

test('a listener that throws ends the rehearsal with its error', async () => {
  const onProgress = () => {
    throw new Error('enough');
  };

  await expect(rehearsed(await overAccounts(), [module('v2')], { onProgress })).rejects.toThrow('enough');
});

test('an abort ends a rehearsal that would go on for ever', async () => {
  const stop = new AbortController();
  const report = rehearsed(await overAccounts(), [module('looping')], {
    signal: stop.signal,
    timeoutMs: 60_000,
    onProgress: () => stop.abort(new Error('no more')),
  });

  await expect(report).rejects.toThrow('no more');
});

test('a signal that is aborted already begins nothing', async () => {
  const report = rehearsed(await overAccounts(), [module('v2')], {
    signal: AbortSignal.abort(new Error('never')),
  });

  await expect(report).rejects.toThrow('never');
});

test('close ends a rehearsal that would go on for ever, and none begins after it', async () => {
  const runtime = await open(join(temporaryFolder(), 'app.db'), 'v1');
  const report = runtime.rehearse({ modules: [moduleOf('for (;;);')], timeoutMs: 60_000 });
  const refused = expect(report).rejects.toEqual(codedError('HOLDFAST_ERR_CLOSED'));

  await runtime.close();

  await refused;
  await expect(runtime.rehearse()).rejects.toEqual(codedError('HOLDFAST_ERR_CLOSED'));
});

test('rehearse refuses options that are none', async () => {
  const runtime = await overNothing();

  for (const options of [
    { module: [] },
    { modules: './domain.ts' },
    { kinds: 'account' },
    { threads: 0 },
    { timeoutMs: '1' },
    { onProgress: 1 },
    { signal: {} },
  ] as object[])
    await expect(runtime.rehearse(options), JSON.stringify(options)).rejects.toEqual(
      codedError('HOLDFAST_ERR_OPTION_INVALID'),
    );
});
