import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createRuntime } from 'holdfast';
import {
  EventStore,
  exportEvents,
  InMemoryEventStoreBackend,
  importEvents,
  ReadOnlySqliteBackend,
  SqliteEventStoreBackend,
} from 'holdfast/store';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { ChildProgram } from '../support/child-program.ts';
import { codedError } from '../support/coded-error.ts';
import { document } from '../support/fixtures/document.ts';
import { titles } from '../support/fixtures/library.ts';
import { fixture } from '../support/open-runtime.ts';
import { programAgain, type Ran } from '../support/program-again.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { isThorough } from '../support/thorough.ts';

const program = join(import.meta.dirname, '../../dist/runtime/cli/holdfast.js');
const library = new URL('../support/fixtures/library.ts', import.meta.url).pathname;

function start(args: readonly string[]): { child: ChildProcess; ended: Promise<Ran> } {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const ran = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    ran.out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    ran.err += text;
  });
  return { child, ended: once(child, 'close').then(([code]) => ({ code: code as number | null, ...ran })) };
}

/** In a process of its own, as users run it: of what the others do in one process, each verb that starts threads does once. */
const runAlone = (...args: readonly string[]): Promise<Ran> => start(args).ended;
const run = programAgain(program);
const lines = ({ out }: Ran): unknown[] =>
  out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);

let template: string;
let folder: string;
let database: string;

beforeAll(async () => {
  template = mkdtempSync(join(tmpdir(), 'holdfast-command-line-'));
  const database = join(template, 'app.db');
  await using runtime = await createRuntime({ database, modules: [fixture('library')], hosts: 1 });
  const plan = runtime.actor(document, 'plan');
  await plan.send({ type: 'created', title: 'Plan' });
  await plan.send({ type: 'revised', body: 'first' });
  const { position } = await runtime.actor(document, 'other').send({ type: 'created', title: 'Other' });
  await runtime.query(titles, 'select 1', [], { after: position });
});

afterAll(() => rmSync(template, { recursive: true }));

beforeEach(() => {
  folder = temporaryFolder();
  database = join(folder, 'app.db');
  copyFileSync(join(template, 'app.db'), database);
});

test('says counts, streams and events, for people and for machines', async () => {
  const [stats, streams, events, some, table] = await Promise.all([
    run('stats', database, '--json'),
    run('streams', database, '--json', '--prefix', 'document/p'),
    runAlone('events', database, '--json'),
    run('events', database, '--json', '--stream', 'document/plan', '--type', 'revised'),
    run('streams', database),
  ]);

  expect(lines(stats)).toMatchObject([{ events: 3, streams: 2, journalMode: 'wal' }]);
  expect(lines(streams)).toEqual([{ stream: 'document/plan', version: 2 }]);
  expect(lines(events)).toMatchObject([
    { position: 1, stream: 'document/plan', type: 'created', data: { title: 'Plan' } },
    { position: 2, type: 'revised' },
    { position: 3, stream: 'document/other' },
  ]);
  expect(lines(some)).toMatchObject([{ position: 2, data: { body: 'first' } }]);
  expect(table.out.split('\n')[0]).toMatch(/^stream +version$/);
  expect([stats, streams, events, some, table].map(({ code, err }) => ({ code, err }))).toEqual(
    Array(5).fill({ code: 0, err: '' }),
  );
});

test('a comma is between modules, or in the path of one', async () => {
  const home = join(folder, 'Doe, Ann');
  mkdirSync(home);
  const [one, two] = [join(home, 'one.mjs'), join(folder, 'two.mjs')];
  writeFileSync(one, `export { document } from ${JSON.stringify(fixture('library').href)};`);
  writeFileSync(two, '');
  const show = (modules: string) => run('show', database, 'document/plan', '--modules', modules, '--json');

  const shown = await Promise.all([show(one), show(`${two},${library}`)]);

  expect(shown.map(lines)).toMatchObject([[{ version: 2 }], [{ version: 2 }]]);
});

test('follows new events until it is interrupted', async () => {
  const { child, ended } = start(['events', database, '--follow', '--json']);
  while (!(await onceMore(child)).includes('"position":3'));
  await using store = EventStore.withBackend(await SqliteEventStoreBackend.open(database));
  await store.append('note/1', [{ type: 'noted' }]);

  while (!(await onceMore(child)).includes('"stream":"note/1"'));
  child.kill('SIGINT');

  expect(await ended).toMatchObject({ code: 0, err: '' });
});

const onceMore = async (child: ChildProcess): Promise<string> => {
  const [text] = (await once(child.stdout as NodeJS.ReadableStream as never, 'data')) as [string];
  return text;
};

test('shows the state of an actor at a version', async () => {
  const [now, then, beyond, nobody] = await Promise.all([
    run('show', database, 'document/plan', '--modules', library, '--json'),
    run('show', database, 'document/plan', '--modules', library, '--json', '--at', '1'),
    run('show', database, 'document/plan', '--modules', library, '--json', '--at', '9'),
    run('show', database, 'document/none', '--modules', library),
  ]);

  expect(lines(now)).toMatchObject([
    { version: 2, state: 'draft', context: { title: 'Plan', body: 'first' } },
  ]);
  expect(lines(then)).toMatchObject([{ version: 1, context: { title: 'Plan', body: '' } }]);
  expect(beyond).toMatchObject({
    code: 0,
    out: now.out,
    err: 'holdfast: document/plan ends at version 2.\n',
  });
  expect(nobody).toMatchObject({ code: 1, err: expect.stringContaining('no events of document/none') });
});

test('what an event or a context holds steers no terminal', async () => {
  // A control sequence and a mark that turns the direction of a text, neither of which JSON changes.
  const body = '\u009b2J\u007f\u202e\u061c "a\\b"';
  const shown = String.raw`\u009b2J\u007f\u202e\u061c \"a\\b\"`;
  await using backend = await SqliteEventStoreBackend.open(database);
  await EventStore.withBackend(backend).append('document/plan', [{ type: 'revised', data: { body } }]);
  const show = ['show', database, 'document/plan', '--modules', library];

  const all = [
    await run('events', database),
    await run(...show),
    await run('events', database, '--json'),
    await run(...show, '--json'),
  ];

  for (const { code, out } of all) {
    expect({ code, out }).toEqual({ code: 0, out: expect.stringContaining(shown) });
    expect(out).not.toMatch(/[\u007f-\u009f\u061c\u202e]/);
  }
  expect(lines(all[2] as Ran).at(-1)).toMatchObject({ data: { body } });
});

test.each(['show', 'rebuild'])(
  '%s imports modules for what they define, and lets them open nothing',
  async (verb) => {
    const folder = temporaryFolder();
    const app = join(folder, 'app.mjs');
    const opened = join(folder, 'opened.db');
    writeFileSync(
      app,
      `import { SqliteEventStoreBackend } from ${JSON.stringify(import.meta.resolve('holdfast/store'))};
     await SqliteEventStoreBackend.open(${JSON.stringify(opened)});`,
    );
    const what = verb === 'show' ? ['document/plan'] : [];

    const ran = await runAlone(verb, database, ...what, '--modules', app);

    expect(ran).toMatchObject({ code: 1, err: expect.stringContaining('HOLDFAST_ERR_INSIDE_HOST') });
    expect(existsSync(opened)).toBe(false);
  },
);

test('says its version, and what each option of a verb does', async () => {
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')) as {
    version: string;
  };
  const verbs = (await run('--help')).out.match(/(?<=^ {2})[a-z-]+(?= )/gm) ?? [];
  const some = verbs.filter((_, index) => isThorough || index % 4 === 0);
  const helps = await Promise.all(some.map((verb) => run(verb, '--help')));

  expect(await runAlone('--version')).toEqual({ code: 0, out: `${version}\n`, err: '' });
  expect(await run('help', 'events')).toEqual(await run('events', '--help'));
  expect(await run('-v')).toEqual({ code: 0, out: `${version}\n`, err: '' });
  expect(verbs).toContain('events');
  for (const { out } of helps) {
    const [usage = '', ...rest] = out.split('\n');
    for (const [option] of usage.matchAll(/--[a-z]+/g))
      expect(rest).toContainEqual(expect.stringMatching(new RegExp(`^  ${option}( [A-Z]+)?  +[a-z]`)));
  }
});

test('finds a sound file sound, and rehearses, rebuilds and backs it up', async () => {
  const copy = join(folder, 'copy.db');
  const [verify, doctor, rehearse, backup] = await Promise.all([
    run('verify', database, '--json'),
    run('doctor', database, '--json'),
    runAlone('rehearse', database, '--modules', library, '--json'),
    runAlone('backup', database, copy),
  ]);
  const rebuild = await runAlone('rebuild', database, 'titles', '--modules', library, '--json');

  expect(lines(verify)).toEqual([{ ok: true, events: 3, problems: [] }]);
  expect(lines(doctor).map((finding) => (finding as { level: string }).level)).toEqual(Array(8).fill('ok'));
  expect(lines(rehearse)).toMatchObject([{ ok: true, streams: 2, events: 3 }]);
  expect(lines(rebuild)).toEqual([{ rebuilt: 'titles', version: 1, events: 3 }]);
  expect([verify, doctor, rehearse, backup, rebuild].map(({ code }) => code)).toEqual(Array(5).fill(0));
  expect(lines(await run('stats', copy, '--json'))).toMatchObject([{ events: 3 }]);
});

test('a doctor tells of operations that are dead or parked, by queue', async () => {
  const dead = async (queue: string, count: number): Promise<void> => {
    await using runtime = await createRuntime({ database, modules: [], hosts: 1 });
    const refuse = (): never => {
      throw Object.assign(new Error('gone'), { status: 410 });
    };
    const outbox = runtime.storeAndForward(queue, { deliver: refuse });
    for (let number = 0; number < count; number++) await outbox.enqueue({ number });
    await expect.poll(() => outbox.list({ states: ['dead'] })).toHaveLength(count);
  };
  await dead('mails', 2);
  await dead('webhooks', 1);

  const ran = await run('doctor', database, '--json');

  expect(ran.code).toBe(0);
  expect(lines(ran)).toMatchObject([
    { level: 'ok' },
    { level: 'ok' },
    { level: 'look', what: '2 dead operations in the queue mails' },
    { level: 'look', what: '1 dead operations in the queue webhooks' },
    ...Array<unknown>(5).fill({ level: 'ok' }),
  ]);
});

test('a projection that cannot be built anew keeps no other from it', async () => {
  await using store = EventStore.withBackend(await SqliteEventStoreBackend.open(database));
  await store.append('document/plan', [{ type: 'revised', data: { body: 'bad' } }]);
  const faulty = new URL('../support/fixtures/faulty-projections.ts', import.meta.url).pathname;

  const ran = await run('rebuild', database, 'picky', 'lenient', '--modules', faulty, '--json');

  expect(lines(ran)).toEqual([{ rebuilt: 'lenient', version: 1, events: 4 }]);
  expect(ran.code).toBe(1);
  expect(ran.err).toMatch(/^holdfast: picky: .*\[HOLDFAST_ERR_PROJECTION_FAILED\]\n$/);
});

test('an id of a dead letter that is none is named as it was given', async () => {
  const { code, err } = await run('dead-letters', database, 'requeue', 'abc', '--modules', library);

  expect({ code, err }).toEqual({
    code: 2,
    err: 'holdfast: dead-letters requeue takes a whole number, got "abc".\n',
  });
});

test('exports and imports the same events, once', async () => {
  const [path, target] = [join(folder, 'all.ndjson'), join(folder, 'other.db')];

  expect(await runAlone('export', database, path)).toMatchObject({ code: 0, err: '' });
  expect(await run('export', database, path)).toMatchObject({ code: 1 });
  expect(lines(await run('import', target, path, '--json'))).toEqual([
    { import: path, events: 3, written: 3 },
  ]);
  expect(lines(await run('import', target, path, '--json'))).toEqual([
    { import: path, events: 3, written: 0 },
  ]);

  const [there, here] = await Promise.all([
    run('events', target, '--json'),
    run('events', database, '--json'),
  ]);
  expect(there.out).toBe(here.out);
  expect(await run('verify', target)).toMatchObject({ code: 0 });
});

test('an export replaces nothing: neither a link that leads nowhere, nor a file that has come to be meanwhile', async () => {
  const [link, path] = [join(folder, 'link.ndjson'), join(folder, 'all.ndjson')];
  symlinkSync(join(folder, 'nowhere'), link);
  await using backend = await ReadOnlySqliteBackend.open(database);

  await expect(exportEvents(backend, link)).rejects.toThrow(codedError('HOLDFAST_ERR_ARGUMENT_INVALID'));
  const overtaken = exportEvents(backend, path, { onProgress: () => writeFileSync(path, 'mine') });
  await expect(overtaken).rejects.toThrow(codedError('HOLDFAST_ERR_ARGUMENT_INVALID'));

  expect(readlinkSync(link)).toBe(join(folder, 'nowhere'));
  expect(readFileSync(path, 'utf8')).toBe('mine');
  expect(readdirSync(folder).filter((name) => name.endsWith('.partial'))).toEqual([]);
});

test('an export that was killed leaves no file of its name, and nothing once it was made again', async () => {
  const path = join(folder, 'all.ndjson');
  const killed = spawnSync(process.execPath, [
    '--input-type=module',
    '--eval',
    `import { exportEvents, ReadOnlySqliteBackend } from 'holdfast/store';
     const backend = await ReadOnlySqliteBackend.open(${JSON.stringify(database)});
     await exportEvents(backend, ${JSON.stringify(path)}, { onProgress: () => process.kill(process.pid, 'SIGKILL') });`,
  ]);
  const left = readdirSync(folder).filter((name) => name.startsWith('all'));

  expect(await run('export', database, path)).toMatchObject({ code: 0, err: '' });

  expect(killed.signal).toBe('SIGKILL');
  expect(left).toEqual([expect.stringMatching(/^all\.ndjson\..+\.partial$/)]);
  expect(readdirSync(folder).filter((name) => name.startsWith('all'))).toEqual(['all.ndjson']);
});

test('an import that was interrupted is repeated, and nothing is twice', async () => {
  const [path, target] = [join(folder, 'all.ndjson'), join(folder, 'other.db')];
  const source = new InMemoryEventStoreBackend();
  const store = EventStore.withBackend(source);
  // Each is two batches of the import, and more batches than it has in hand are needed for it to be half way.
  const some = Array.from({ length: 260 }, (_, number) => ({
    type: 'noted',
    data: { number, at: new Date(number), text: 'line\u2028para\u2029\r\n\u0085' },
  }));
  const streams = Array.from({ length: 42 }, (_, index) => ['a', 'b/1', 'c'][index % 3] as string);
  for (const stream of streams) await store.append(stream, some);
  await exportEvents(source, path);
  await using into = await SqliteEventStoreBackend.open(target);
  const stop = new AbortController();

  const interrupted = importEvents(into, path, {
    signal: stop.signal,
    onProgress: ({ done }) => done > 1_000 && stop.abort(new Error('stop')),
  });
  await expect(interrupted).rejects.toThrow('stop');
  const { events, written } = await importEvents(into, path);

  expect(events).toBe(42 * 260);
  expect(written).toBeLessThan(42 * 260);
  const found = [];
  for await (const event of EventStore.withBackend(into).readAll()) found.push(event);
  const expected = [];
  for await (const event of store.readAll()) expected.push(event);
  expect(found).toEqual(expected);
});

test('an import is given up at once while another process holds the lock, and can be repeated', async () => {
  const [path, target] = [join(folder, 'events.ndjson'), join(folder, 'into.db')];
  await run('export', database, path);
  await using into = await SqliteEventStoreBackend.open(target, { lockTimeoutMs: 600_000 });
  const other = new ChildProgram('hold-lock.ts', [target]);
  await other.printed(1);
  const stop = new AbortController();
  const { append } = into;
  vi.spyOn(into, 'append').mockImplementation((request) => {
    setImmediate(() => stop.abort(new Error('enough')));
    return append.call(into, request);
  });

  const importing = importEvents(into, path, { signal: stop.signal });

  await expect(importing).rejects.toThrow('enough');
  other.write('enough');
  await other.ended;
  expect(await importEvents(into, path)).toMatchObject({ events: (await into.stats()).events });
});

test('an export leaves alone what others have put where it would write', async () => {
  const path = join(folder, 'events.ndjson');
  writeFileSync(`${path}.partial`, 'mine');
  writeFileSync(path, 'mine, too');

  expect(await run('export', database, path)).toMatchObject({
    code: 1,
    err: expect.stringContaining('exists already'),
  });

  expect([path, `${path}.partial`].map((each) => readFileSync(each, 'utf8'))).toEqual(['mine, too', 'mine']);
});

test('an import that is refused creates no database', async () => {
  const [path, fresh] = [join(folder, 'events.ndjson'), join(folder, 'fresh.db')];
  writeFileSync(path, '{}\n');

  expect(await run('import', fresh, path)).toMatchObject({ code: 1 });
  expect(existsSync(fresh)).toBe(false);
});

test.each([
  ['stats', ['words']],
  ['export', ['a.ndjson', 'b.ndjson']],
  ['show', ['document/plan', 'document/other']],
])('refuses an argument of %s that it would ignore', async (verb, args) => {
  expect(await run(verb, database, ...args)).toMatchObject({
    code: 2,
    err: expect.stringContaining(`"${args.at(-1)}" is one argument too many`),
  });
});

test('follows no further than to its limit', async () => {
  const ran = await run('events', database, '--follow', '--limit', '3', '--json');

  expect(ran).toMatchObject({ code: 0 });
  expect(lines(ran)).toHaveLength(3);
});

test('an import refuses what is no whole export, before it writes anything', async () => {
  const path = join(folder, 'all.ndjson');
  await run('export', database, path);
  const whole = readFileSync(path, 'utf8');
  await using into = await SqliteEventStoreBackend.open(join(folder, 'other.db'));
  for (const [text, why] of [
    [whole.slice(0, -20), 'no JSON object'],
    [`${whole.trimEnd().split('\n').slice(0, -1).join('\n')}\n`, 'cut off'],
    [whole.replace('Plan', 'Plot'), 'hash does not match'],
    [whole.replace('"format":1', '"format":2'), 'format 2'],
    ['{}\n', 'no export of Holdfast'],
    ['', 'cut off'],
  ] as const) {
    writeFileSync(path, text);
    await expect(importEvents(into, path)).rejects.toThrow(
      codedError('HOLDFAST_ERR_ARGUMENT_INVALID', { message: expect.stringContaining(why) }),
    );
  }
  expect((await into.stats()).events).toBe(0);

  await EventStore.withBackend(into).append('document/plan', [{ type: 'other' }]);
  writeFileSync(path, whole);
  await expect(importEvents(into, path)).rejects.toThrow(codedError('HOLDFAST_ERR_VERSION_CONFLICT'));
});

/** Files that are not what they should be, with what is said of them. */
const wrongFiles: readonly (readonly [name: string, make: (path: string) => void, error: RegExp])[] = [
  ['missing', () => undefined, /no file|no database/i],
  ['empty', (path) => writeFileSync(path, ''), /no SQLite database|no database/],
  ['text', (path) => writeFileSync(path, 'hello '.repeat(100)), /no SQLite database/],
  [
    'truncated',
    (path) => {
      copyFileSync(database, path);
      truncateSync(path, 20_000);
    },
    /damaged/,
  ],
  [
    'newer',
    (path) => {
      const bytes = readFileSync(database);
      bytes.writeUInt32BE(99, 60);
      writeFileSync(path, bytes);
    },
    /schema version 99/,
  ],
  [
    'foreign',
    (path) => {
      const bytes = readFileSync(database);
      bytes.writeUInt32BE(1, 68);
      writeFileSync(path, bytes);
    },
    /another application/,
  ],
];

// Usually each verb meets some of the files, and each file some of the verbs.
test.each(wrongFiles)(
  'every verb refuses a file that is %s, and leaves it as it was',
  async (name, make, error) => {
    const path = join(folder, `${name}.db`);
    make(path);
    const before = existsSync(path) ? readFileSync(path) : undefined;
    const verbs = [
      ['stats'],
      ['streams'],
      ['events'],
      ['show', 'document/plan', '--modules', library],
      ['verify'],
      ['doctor'],
      ['dead-letters'],
      ['dead-letters', 'discard', '1'],
      ['rehearse', '--modules', library],
      ['rebuild', '--modules', library],
      ['export', join(folder, `${name}.ndjson`)],
      ['backup', join(folder, `${name}-copy.db`)],
    ].filter((_, index) => isThorough || (index + wrongFiles.findIndex(([each]) => each === name)) % 4 === 0);

    const ends = await Promise.all(verbs.map(([verb = '', ...rest]) => run(verb, path, ...rest)));

    for (const [index, { code, err, out }] of ends.entries()) {
      expect({ verb: verbs[index]?.[0], code, out }).toEqual({ verb: verbs[index]?.[0], code: 1, out: '' });
      expect(err).toMatch(error);
      expect(err).not.toContain('    at ');
    }
    expect(existsSync(path) ? readFileSync(path) : undefined).toEqual(before);
    const left = readdirSync(folder).filter((file) => file.startsWith(name) && file !== basename(path));
    expect(left).toEqual([]);
  },
);

test('a file of an older version is not read as it is, and is left so', async () => {
  const bytes = readFileSync(database);
  bytes.writeUInt32BE(1, 60);
  const path = join(folder, 'older.db');
  writeFileSync(path, bytes);

  await expect(ReadOnlySqliteBackend.open(path)).rejects.toThrow(
    codedError('HOLDFAST_ERR_SCHEMA_OLDER', { found: 1 }),
  );

  expect(readFileSync(path).equals(bytes)).toBe(true);
});

test('a file with flipped bits has problems, or cannot be read, and says so', async () => {
  const bytes = readFileSync(database);
  const at = bytes.indexOf('"title":"Plan"');
  bytes[at + 10] = 'X'.charCodeAt(0);
  const path = join(folder, 'flipped.db');
  writeFileSync(path, bytes);

  const [verify, doctor] = await Promise.all([run('verify', path, '--json'), run('doctor', path)]);

  expect(verify.code).toBe(3);
  expect(lines(verify)).toMatchObject([{ ok: false, problems: [{ kind: 'hash' }] }]);
  expect(doctor).toMatchObject({ code: 3, out: expect.stringContaining('restore a backup') });
});

test('a database that does not come first is told apart from one that is not there', async () => {
  const [swapped, missing] = await Promise.all([
    run('show', 'document/plan', database, '--modules', library),
    run('backup', join(folder, 'misspelt.db'), database),
  ]);

  expect(swapped).toMatchObject({ code: 2, err: expect.stringContaining(`holdfast show ${database}`) });
  expect(missing).toMatchObject({ code: 1, err: expect.stringContaining('misspelt.db is no file') });
});

test.each([
  [[], 2, /^$/],
  [['nope', 'x.db'], 2, /There is no verb "nope"/],
  [['stat', 'x.db'], 2, /Did you mean "stats"/],
  [['stats'], 2, /path of the database is missing/],
  [
    ['stats', 'x.db', '--nope'],
    2,
    /"stats" has no option --nope; holdfast stats --help says which there are\./,
  ],
  [['events', 'x.db', '--typ', 'a'], 2, /"events" has no option --typ; did you mean --type\?/],
  [['events', 'x.db', '-z'], 2, /"events" has no option -z/],
  [['events', 'x.db', '--limit'], 2, /--limit needs a value/],
  [['events', 'x.db', '--limit='], 2, /--limit needs a value/],
  [['events', 'x.db', '--type', '--json'], 2, /--type needs a value/],
  [['stats', 'x.db', '--json=1'], 2, /--json takes no value/],
  [['help', 'nope'], 2, /There is no verb "nope"/],
  [
    ['import', 'x.db', 'none.ndjson'],
    1,
    /none\.ndjson cannot be imported: it cannot be read.*ARGUMENT_INVALID/,
  ],
  [['events', 'x.db', '--limit', 'many'], 1, /no file/],
  [['show', 'x.db', 'a/1'], 1, /no file/],
  [['rehearse', 'x.db'], 2, /--modules PATH is missing/],
  [['rebuild', 'x.db', '--modules', 'nowhere.ts'], 2, /no module nowhere\.ts/],
  [['dead-letters', 'x.db', 'eat', '1'], 2, /requeue or discard/],
])('what is not understood is said so: %j', async (args, code, err) => {
  const runSo = args.length === 0 ? runAlone : run;
  const ran = await runSo(...args.map((arg) => (arg === 'x.db' ? join(folder, arg) : arg)));

  expect({ ...ran, err: ran.err.trim() }).toMatchObject({ code, err: expect.stringMatching(err) });
});
