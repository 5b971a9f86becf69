import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as fc from 'fast-check';
import { createRuntime } from 'holdfast';
import { EventStore, SqliteEventStoreBackend } from 'holdfast/store';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { bringUpToDate, Outcome } from '../../docs/examples/desk/bring-up-to-date.ts';
import { Catalogue, type KnownDocument } from '../../docs/examples/desk/catalogue.ts';
import { type Reading, readDocument } from '../../docs/examples/desk/read-document.ts';
import { type Change, create, reconcile } from '../../docs/examples/desk/reconcile.ts';
import { report } from '../../docs/examples/desk/report.ts';
import { search } from '../../docs/examples/desk/search.ts';
import { walkFolder } from '../../docs/examples/desk/walk-folder.ts';
import { programAgain } from '../support/program-again.ts';

const desk = join(import.meta.dirname, '../../docs/examples/desk/desk.ts');
const stateHome = join(realpathSync(tmpdir()), `holdfast-desk-state-${process.pid}`);
const { npm_lifecycle_event: _, ...inherited } = process.env;
const env = { ...inherited, XDG_STATE_HOME: stateHome };

beforeAll(() => void mkdirSync(stateHome));
afterAll(() => rmSync(stateHome, { recursive: true }));

let place: string;
let folder: string;
let database: string;

beforeEach(() => {
  place = realpathSync(mkdtempSync(join(tmpdir(), 'holdfast-desk-')));
  folder = join(place, 'watched');
  database = join(place, 'desk.db');
  mkdirSync(folder);
});

// `rm` also removes paths that are too long to name.
afterEach(() => void spawnSync('rm', ['-rf', place]));

interface Run {
  readonly exitCode: number | null;
  readonly out: string;
  readonly err: string;
}

interface Desk {
  readonly child: ChildProcess;
  readonly end: Promise<Run>;
}

function start(args: readonly string[] = [folder, '--database', database]): Desk {
  const child = spawn(process.execPath, [desk, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const texts = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    texts.out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    texts.err += text;
  });
  const end = once(child, 'close').then(([exitCode]) => ({
    exitCode: exitCode as number | null,
    out: texts.out,
    err: withoutProgress(texts.err),
  }));
  return { child, end };
}

/** How far it is, said now and then, is not what these tests are about. */
const withoutProgress = (err: string): string => err.replace(/^[\d,]+ of [\d,]+ files\n/gm, '');

/** In a process of its own. */
const runAlone = (): Promise<Run> => start().end;

const again = programAgain(desk, env);

/** In the process that ran it last. */
async function run(...args: string[]): Promise<Run> {
  const { code, out, err } = await again(...(args.length === 0 ? [folder, '--database', database] : args));
  return { exitCode: code, out, err: withoutProgress(err) };
}

const write = (name: string, text: string | Buffer = name): void => writeFileSync(join(folder, name), text);

function writeMany(count: number): void {
  for (let index = 0; index < count; index++) write(`file-${index}.txt`);
}

async function openStore(): Promise<EventStore> {
  return EventStore.withBackend(await SqliteEventStoreBackend.open(database));
}

/** Every event as `type path`, and by id what happened to it. */
async function history(): Promise<{ all: string[]; byId: Map<string, string[]>; isSound: boolean }> {
  await using store = await openStore();
  const all: string[] = [];
  const byId = new Map<string, string[]>();
  for await (const { stream, type, data } of store.readAll()) {
    const { path } = data as { path?: string };
    const text = path === undefined ? type : `${type} ${path}`;
    all.push(text);
    byId.set(stream, [...(byId.get(stream) ?? []), text]);
  }
  return { all, byId, isSound: (await store.verify()).ok };
}

test('finds the documents that have some words, as they are now', async () => {
  write('tide.md', 'The tide table of spring: high water at noon.');
  write('kelp.md', 'A holdfast anchors the kelp.');
  write('plan.md', 'Nothing of it.');
  write('words.md', 'Wörter mit Umlaut.');
  const found = async (words: string): Promise<string[]> => {
    const { out, exitCode } = await run(folder, '--database', database, '--search', words);
    expect(exitCode).toBe(0);
    const [, after = ''] = out.split(`database: ${database}\n`);
    return after.trim().split('\n');
  };

  expect(await found('tide wat')).toEqual(['tide.md: The [tide] table of spring: high [water] at noon.']);

  write('plan.md', 'Now about the tide.');
  renameSync(join(folder, 'tide.md'), join(folder, 'moon.md'));
  rmSync(join(folder, 'kelp.md'));
  expect((await found('tide')).sort()).toEqual([
    'moon.md: The [tide] table of spring: high water at noon.',
    'plan.md: Now about the [tide].',
  ]);
  expect(await found('kelp')).toEqual(['nothing found for kelp']);
  expect(await run(folder, '--database', database, '--search', ' ')).toMatchObject({ exitCode: 2 });

  const modules = ['document', 'search'].map((name) => new URL(`${name}.ts`, pathToFileURL(desk)));
  await using runtime = await createRuntime({ database, modules });
  const { signal } = new AbortController();
  expect(await search(runtime, 'worter', signal)).toEqual([
    { path: 'words.md', place: '[Wörter] mit Umlaut.' },
  ]);
  expect(await search(runtime, '"quoted OR (strange*', signal)).toEqual([]);
});

test('tells what was created, then that nothing changed, then what was revised, renamed, removed and created', async () => {
  for (const name of ['edited.md', 'moved.md', 'dropped.md', 'kept.md']) write(name);
  utimesSync(join(folder, 'kept.md'), 1, 1);

  const first = await runAlone();
  expect(first).toMatchObject({ exitCode: 0, err: '' });
  expect(first.out).toContain('+ created kept.md\n');
  expect(first.out).toContain('4 created\n');
  expect(first.out).toMatch(/durable commands per second \(4 in /);
  expect(first.out).toContain(`database: ${database}\n`);

  const second = await run();
  expect(second).toMatchObject({ exitCode: 0, err: '' });
  expect(second.out).toContain('nothing changed: 4 documents');

  write('edited.md', 'of the same l');
  renameSync(join(folder, 'moved.md'), join(folder, 'moved-there.md'));
  rmSync(join(folder, 'dropped.md'));
  write('added.md');
  const third = await runAlone();
  expect(third.out.split('\n').slice(1, 6)).toEqual([
    '+ created added.md',
    '- removed dropped.md',
    '~ revised edited.md',
    '> renamed moved.md -> moved-there.md',
    '1 created, 1 removed, 1 revised, 1 renamed',
  ]);

  write('dropped.md', 'it is back');
  await run();
  const { byId, isSound } = await history();
  expect([...byId.values()].map((events) => events.join(', ')).sort()).toEqual([
    'created added.md',
    'created dropped.md, removed, created dropped.md',
    'created edited.md, revised',
    'created kept.md',
    'created moved.md, renamed moved-there.md',
  ]);
  expect(isSound).toBe(true);
});

test('goes on after SIGKILL half way and after Ctrl-C, which is exit code 130, with nothing twice and nothing lost', async () => {
  const count = 2_000;
  writeMany(count);

  const killed = start();
  await onceItWrites(() => killed.child.kill('SIGKILL'));
  expect(await killed.end).toMatchObject({ exitCode: null });
  const kept = (await history()).all.length;
  expect(kept).toBeLessThan(count);

  const stopped = start();
  await onceItWrites(() => stopped.child.kill('SIGINT'), kept);
  expect(await stopped.end).toMatchObject({ exitCode: 130, err: 'desk: Stopped. Run it again to go on.\n' });
  expect(readdirSync(place).filter((name) => name.startsWith('desk.db'))).toEqual(['desk.db']);
  expect((await history()).all.length).toBeLessThan(count);

  const last = await run();
  expect(last).toMatchObject({ exitCode: 0, err: '' });
  expect(last.out).toContain(`${count.toLocaleString('en')} documents`);
  const { all, byId, isSound } = await history();
  expect(new Set(all).size).toBe(count);
  expect(all.length).toBe(count);
  expect(byId.size).toBe(count);
  expect(isSound).toBe(true);
});

/** Waits until one more event is durable, as another process sees it. */
async function onceItWrites(act: () => void, after = 0): Promise<void> {
  await using store = await openStore();
  for await (const _ of store.subscribe({ after })) return act();
}

test('two desks on one folder at once make one document of each file', async () => {
  const count = 500;
  writeMany(count);

  const [one, other] = await Promise.all([runAlone(), runAlone()]);

  expect([one.exitCode, other.exitCode]).toEqual([0, 0]);
  const { all, byId } = await history();
  expect(new Set(all).size).toBe(count);
  expect(all.length).toBe(count);
  expect(byId.size).toBe(count);
});

test('tells files that change while it runs from what another desk was faster with', async () => {
  for (const name of ['changed.txt', 'gone.txt', 'known.txt']) write(name);
  const modules = ['document', 'search'].map((name) => new URL(`${name}.ts`, pathToFileURL(desk)));
  await using runtime = await createRuntime({ database, modules });
  const outcome = new Outcome();
  const { signal } = new AbortController();
  const task = { runtime, folder, signal, isIgnored: () => false, onProgress: () => undefined };
  const catalogue = await Catalogue.read(runtime.store);
  const { files } = await walkFolder(folder, task.isIgnored, signal);
  const changes = files.map((file) => create(catalogue, readDocument(folder, file) as Reading));
  await bringUpToDate({ ...task, isIgnored: (path) => !path.endsWith('known.txt') && path !== folder });
  write('changed.txt', 'something else');
  rmSync(join(folder, 'gone.txt'));

  for (const change of changes) await outcome.keep(task, change);

  expect(report(outcome, 0)).toEqual([
    '1 change left to another desk on this folder',
    '2 changes left to the next run: the file has changed again, or is gone',
    'nothing changed: 0 documents, 0.00 s',
  ]);
});

test('skips what is no readable text file and says why', async () => {
  write('plain.txt', 'text');
  write('marked.txt', '\ufefftext with a byte order mark');
  write('empty.txt', '');
  write('line\nbreak\u001b[31m.txt');
  write('utf-16.txt', Buffer.from('\ufefftext', 'utf16le'));
  write('latin-1.txt', Buffer.from('Gr\u00fc\u00dfe', 'latin1'));
  write('broken.txt', Buffer.from([0x61, 0xc3]));
  write('image.png', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 0]));
  write('huge.txt', '');
  truncateSync(join(folder, 'huge.txt'), 5 * 1024 * 1024);
  symlinkSync('.', join(folder, 'loop'));
  symlinkSync('nowhere', join(folder, 'dangling'));
  writeFileSync(Buffer.from(`${folder}/bytes-\xff.txt`, 'latin1'), 'text');
  spawnSync('mkfifo', [join(folder, 'pipe')]);
  makeDeepFolder();
  const server = createServer().listen(join(folder, 'socket'));
  await once(server, 'listening');

  const { exitCode, out, err } = await run();
  server.close();

  expect({ exitCode, err }).toEqual({ exitCode: 0, err: '' });
  expect(out).toContain('+ created line\\u{a}break\\u{1b}[31m.txt\n');
  expect(out).toContain('\n4 documents, ');
  expect(
    out
      .split('\n')
      .filter((line) => line.startsWith('skipped'))
      .sort(),
  ).toEqual([
    'skipped 1 (UTF-16 instead of UTF-8): utf-16.txt',
    'skipped 1 (binary): image.png',
    'skipped 1 (larger than 4 MB): huge.txt',
    'skipped 1 (name is not UTF-8): bytes-\ufffd.txt',
    'skipped 1 (named pipe): pipe',
    expect.stringMatching(/^skipped 1 \(path too long\): d+…/),
    'skipped 1 (socket): socket',
    'skipped 2 (not UTF-8): broken.txt, latin-1.txt',
    'skipped 2 (symbolic link): dangling, loop',
  ]);
});

/** A folder deeper than any path may be long. */
function makeDeepFolder(): void {
  const script = 'for i in 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0; do mkdir "$1" && cd "$1" || exit; done';
  spawnSync('sh', ['-c', script, 'sh', 'd'.repeat(240)], { cwd: folder });
}

test('prints plain lines where there is no terminal, and not more than fit', async () => {
  writeMany(30);

  const { out, err } = await run();

  for (const control of ['\r', '\u001b']) expect(out + err).not.toContain(control);
  expect(out).toContain('\n  and 10 more\n');
});

test('fails where its output cannot be written', ({ skip }) => {
  skip(!existsSync('/dev/full'), 'there is no /dev/full');

  const { status, stderr } = spawnSync(process.execPath, [desk, folder, '--database', database], {
    env,
    stdio: ['ignore', openSync('/dev/full', 'w'), 'pipe'],
    encoding: 'utf8',
  });

  expect(status).toBe(1);
  expect(stderr).toMatch(/^desk: the output could not be written: ENOSPC/);
});

test('keeps its database out of the folder unless it is told to put it there', async () => {
  write('a.txt');

  const elsewhere = await run(folder);
  expect(elsewhere.out).toContain(`database: ${join(stateHome, 'holdfast-desk/watched-')}`);

  const inside = await run(folder, '--database', join(folder, 'inside.db'));
  expect(inside.out).toContain('1 created\n1 document, ');

  const refused = await run(stateHome);
  expect(refused.exitCode).toBe(1);
  expect(refused.err).toMatch(/^desk: The database would be in .*--database.*\n$/);
});

test.for([
  ['is empty', { HOME: '' }, {}],
  ['is not set, and nobody knows the user', {}, { uid: 54_321 }],
] as const)('says where its database may be when HOME %s', ([, home, user], { skip }) => {
  skip(process.platform === 'win32', 'Windows has another place');
  skip('uid' in user && process.getuid?.() !== 0, 'only root may run a program as somebody else');
  const bare = { ...env, HOME: undefined, XDG_STATE_HOME: undefined };
  for (const each of [place, folder]) chmodSync(each, 0o755);

  const { status, stderr } = spawnSync(process.execPath, [desk, folder], {
    ...user,
    cwd: place,
    env: { ...bare, ...home },
    encoding: 'utf8',
  });

  expect({ status, stderr }).toEqual({
    status: 1,
    stderr: expect.stringMatching(
      /^desk: There is no home folder for the database\. Say with --database .*\n$/,
    ),
  });
});

test('does not look at its own database, also if it is told of it by a link', async () => {
  write('a.txt');
  await run(folder, '--database', join(folder, 'inside.db'));
  symlinkSync(join(folder, 'inside.db'), join(place, 'link.db'));

  const { out } = await run(folder, '--database', join(place, 'link.db'));

  expect(out).not.toContain('skipped');
  expect(out).toContain('nothing changed: 1 document, ');
});

test.each([
  [['--unknown'], 2, "desk: Unknown option '--unknown'. Try --help.\n"],
  [['one', 'two'], 2, 'desk: One folder at a time, got 2. Try --help.\n'],
  [['/no/such/folder'], 1, 'desk: There is no folder /no/such/folder.\n'],
  [[desk], 1, `desk: ${desk} is no folder.\n`],
])('%j fails with exit code %i and one clear line', async (args, exitCode, err) => {
  expect(await run(...args)).toEqual({ exitCode, out: '', err });
});

describe('reconciliation', () => {
  const known = (path: string, hash: string): KnownDocument => ({
    id: `id of ${path}`,
    path,
    hash,
    bytes: 1,
    version: 1,
    isPresent: true,
    stamp: undefined,
  });
  const file = (path: string, hash: string): Reading => ({ path, hash, bytes: 1, stamp: undefined });
  const found = (documents: KnownDocument[], files: Reading[], isUnknown = (_: string) => false): Change[] =>
    reconcile(new Catalogue(new Map(documents.map((each) => [each.id, each]))), files, isUnknown);
  const told = (changes: Change[]): string[] =>
    changes.map(({ event, path, pathBefore }) => `${event.type} ${pathBefore ?? ''}>${path}`).sort();

  test.each<[string, KnownDocument[], Reading[], string[]]>([
    [
      'swapped names',
      [known('a', '1'), known('b', '2')],
      [file('a', '2'), file('b', '1')],
      ['renamed a>b', 'renamed b>a'],
    ],
    [
      'a name that is taken over',
      [known('a', '1'), known('b', '2')],
      [file('b', '1'), file('c', '2')],
      ['renamed a>b', 'renamed b>c'],
    ],
    [
      'a copy of which the original was edited',
      [known('a', '1')],
      [file('a', '2'), file('b', '1')],
      ['created >b', 'revised >a'],
    ],
    ['a copy', [known('a', '1')], [file('a', '1'), file('b', '1')], ['created >b']],
    [
      'two alike that moved',
      [known('x/a', '1'), known('x/b', '1')],
      [file('y/a', '1'), file('y/b', '1')],
      ['renamed x/a>y/a', 'renamed x/b>y/b'],
    ],
    ['a rename with an edit', [known('a', '1')], [file('b', '2')], ['created >b', 'removed >a']],
    [
      'the second half of a swap',
      [known('b', '1'), { ...known('b', '2'), id: 'other' }],
      [file('a', '2'), file('b', '1')],
      ['renamed b>a'],
    ],
  ])('understands %s', (_, documents, files, expected) => {
    expect(told(found(documents, files))).toEqual(expected);
  });

  test('leaves alone what could not be looked at', () => {
    expect(found([known('a', '1')], [], (path) => path === 'a')).toEqual([]);
  });

  test('makes the documents equal to the files, with one command for each at the most', () => {
    const tree = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd', 'e'), fc.constantFrom('1', '2', '3'));
    fc.assert(
      fc.property(tree, tree, (before, after) => {
        const documents = Object.entries(before).map(([path, hash]) => known(path, hash));
        const changes = found(
          documents,
          Object.entries(after).map(([path, hash]) => file(path, hash)),
        );

        const state = new Map(documents.map(({ id, path, hash }) => [id, { path, hash }]));
        for (const { id, event } of changes) {
          const { type, ...facts } = event;
          if (type === 'removed') state.delete(id);
          else state.set(id, { ...(state.get(id) ?? { path: '', hash: '' }), ...facts });
        }
        expect(Object.fromEntries([...state.values()].map(({ path, hash }) => [path, hash]))).toEqual({
          ...after,
        });
        expect(state.size).toBe(Object.keys(after).length);
        expect(new Set(changes.map(({ id }) => id)).size).toBe(changes.length);
      }),
    );
  });
});
