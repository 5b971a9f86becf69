import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  EventStore,
  InMemoryEventStoreBackend,
  SqliteEventStoreBackend,
  type StoredEvent,
} from 'holdfast/store';
import { expect, onTestFinished, test } from 'vitest';
import { handOver } from '../../docs/examples/desk/hand-over.ts';
import type { News } from '../../docs/examples/desk/news.ts';
import { ChildProgram, runChild } from '../support/child-program.ts';
import { programAgain, type Ran } from '../support/program-again.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { testThoroughly } from '../support/thorough.ts';
import { WebhookReceiver } from '../support/webhook-receiver.ts';

const desk = join(import.meta.dirname, '../../docs/examples/desk/desk.ts');

/** In a process that runs it again and again; the tests of signals and deaths have others. */
const runDesk = programAgain(desk);

interface Given {
  readonly folder: string;
  readonly database: string;
  readonly server: WebhookReceiver;
  readonly url: string;
  readonly write: (name: string, text?: string) => void;
  /** What a run with `--notify` is given on the command line. */
  readonly args: readonly string[];
  /** Such a run, and the last line or lines that it said. */
  readonly run: () => Promise<string>;
  /** The same in a process of its own. */
  readonly runAlone: () => Promise<string>;
}

async function given(): Promise<Given> {
  const place = temporaryFolder();
  const [folder, database] = [join(place, 'watched'), join(place, 'desk.db')];
  mkdirSync(folder);
  const server = new WebhookReceiver();
  await server.comeBack();
  onTestFinished(() => server.goAway());
  const url = `http://127.0.0.1:${server.port}/hook`;
  const args = [folder, '--database', database, '--notify', url];
  const write = (name: string, text = name) => writeFileSync(join(folder, name), text);
  const run = async () => toldBy(await runDesk(...args));
  const runAlone = async () => {
    const { code, lines, stderr } = await runChild(desk, args);
    return toldBy({ code, out: lines.join('\n'), err: stderr });
  };
  return { folder, database, server, url, args, write, run, runAlone };
}

/** What a run said of its deliveries. */
function toldBy({ code, out, err }: Ran): string {
  // How far it is, which a slow computer says now and then, is not what these tests are about.
  const said = err.replace(/^[\d,]+ of [\d,]+ files\n/gm, '');
  expect({ code, err: said }).toEqual({ code: 0, err: '' });
  const lines = out.trimEnd().split('\n');
  return lines.slice(lines.findIndex((line) => line.startsWith('database: ')) + 1).join('\n');
}

/** `change path version` of everything that a server got. */
const heard = ({ received }: WebhookReceiver): string[] =>
  received.map(({ body: { change, path, version } }) => `${change} ${path} ${version}`);

async function eventsOf(database: string): Promise<StoredEvent[]> {
  await using store = EventStore.withBackend(await SqliteEventStoreBackend.open(database));
  const events: StoredEvent[] = [];
  for await (const event of store.readAll()) if (event.stream.startsWith('document/')) events.push(event);
  return events;
}

test('tells a server once of every change, and what changed it was', async () => {
  const { folder, database, server, args, url, write, run, runAlone } = await given();
  write('plan.md', 'Intro\n\n## The plan \n# Not this');
  write('notes.txt');

  expect(await runAlone()).toBe(`2 delivered to ${url}`);
  expect(heard(server).sort()).toEqual(['created notes.txt 1', 'created plan.md 1']);
  expect(server.received.map(({ body }) => body['title']).sort()).toEqual(['The plan', 'notes.txt']);
  const [event] = await eventsOf(database);
  const first = server.received.find(({ key }) => key === event?.id);
  expect(first).toMatchObject({ method: 'POST', headers: { 'content-type': 'application/json' } });
  expect(first?.body).toEqual({
    id: event?.id,
    change: 'created',
    document: event?.stream.slice('document/'.length),
    path: expect.any(String),
    title: expect.any(String),
    version: 1,
    position: 1,
  });

  expect(await run()).toBe(`nothing to deliver to ${url}`);
  expect(server.received).toHaveLength(2);

  write('plan.md', '# Another plan');
  renameSync(join(folder, 'notes.txt'), join(folder, 'note.txt'));
  const withSecrets = url.replace('//', '//ann:p%20w@').concat('?token=abc');
  const third = toldBy(await runDesk(...args.slice(0, 4), withSecrets, '--search', 'another'));
  expect(third).toBe(`plan.md: # [Another] plan\n2 delivered to ${url.replace('//', '//***@')}?token=***`);
  expect(heard(server).slice(2).sort()).toEqual(['renamed note.txt 2', 'revised plan.md 2']);
  expect(server.received.at(-1)?.headers.authorization).toBe(`Basic ${btoa('ann:p w')}`);
});

test('keeps what a server that is away could not be told, and tells it in order when it is back', async () => {
  const { folder, server, args, url, write, run, runAlone } = await given();
  await server.goAway();
  const waiting = (count: number) =>
    `0 delivered to ${url}, ${count} waiting (127.0.0.1:${server.port} refuses connections): sent by the next run with --notify`;
  write('a.md', 'one');
  write('b.md', 'two');
  expect(await run()).toBe(waiting(2));
  write('a.md', 'one more');
  expect(await run()).toBe(waiting(3));

  await server.comeBack();
  renameSync(join(folder, 'a.md'), join(folder, 'c.md'));
  expect(toldBy(await runDesk(...args.slice(0, 3)))).toBe('');
  expect(server.received).toEqual([]);

  rmSync(join(folder, 'c.md'));
  // One that has to be tried again is not overtaken.
  server.answers.set('a.md', [503]);
  expect(await runAlone()).toBe(`5 delivered to ${url}`);
  expect(heard(server).filter((each) => !each.includes('b.md'))).toEqual([
    'created a.md 1',
    'created a.md 1',
    'revised a.md 2',
    'renamed c.md 3',
    'removed c.md 4',
  ]);
  expect(new Set(server.acknowledged).size).toBe(5);
});

testThoroughly('a desk that is killed loses nothing, and says nothing twice under another key', async () => {
  const count = 60;
  const moments: Record<string, (child: ChildProgram, given: Given) => Promise<void>> = {
    'at the first change': (child, { database }) => onceKept(database, 1, child),
    'at the last change': (child, { database }) => onceKept(database, count, child),
    'at the first delivery': (child, { server }) => onceReceived(server, 1, child),
    'half way': (child, { server }) => onceReceived(server, count / 2, child),
  };
  const killedAt = async (moment: string) => {
    const all = await given();
    const { database, server, args, write, run } = all;
    for (let index = 0; index < count; index++) write(`file-${index}.txt`);
    const child = new ChildProgram(desk, args);
    await moments[moment]?.(child, all);
    const { signal } = await child.ended;
    const heardBefore = new Set(server.acknowledged).size;

    await run();

    const ids = (await eventsOf(database)).map(({ id }) => id);
    expect({ moment, signal, isEarly: heardBefore < count }).toEqual({
      moment,
      signal: 'SIGKILL',
      isEarly: true,
    });
    expect(new Set(server.acknowledged), moment).toEqual(new Set(ids));
    expect(new Set(server.received.map(({ key }) => key)).size, moment).toBe(count);
    // Those under way when it died: the server has heard them, and the desk has not heard that.
    expect(server.acknowledged.length, moment).toBeLessThanOrEqual(count + 4);
  };

  await Promise.all(Object.keys(moments).map(killedAt));
});

async function onceKept(database: string, count: number, child: ChildProgram): Promise<void> {
  await using store = EventStore.withBackend(await SqliteEventStoreBackend.open(database));
  for await (const { position } of store.subscribe()) if (position === count) return child.kill();
}

function onceReceived(server: WebhookReceiver, count: number, child: ChildProgram): Promise<void> {
  return new Promise((resolve) => {
    server.onReceived = (received) => {
      if (received !== count) return;
      child.kill();
      resolve();
    };
  });
}

test('hands over again, in the same words, what a crash kept it from remembering', async () => {
  const store = EventStore.withBackend(new InMemoryEventStoreBackend());
  onTestFinished(() => store.close());
  const { signal } = new AbortController();
  const kept: News[] = [];
  const keep = async (news: News) => void kept.push(news);
  const append = (...data: { type: string; data: object }[]) => store.append('document/a', data as never);
  await append(
    { type: 'created', data: { path: 'x/a.md', text: '# One' } },
    { type: 'revised', data: { text: '' } },
  );
  const keepAndCrash = async (news: News) => {
    await keep(news);
    if (news.version === 2) throw new Error('killed');
  };
  await expect(handOver(store, signal, keepAndCrash)).rejects.toThrow('killed');
  const [first, second] = kept;

  await handOver(store, signal, keep);
  await append({ type: 'renamed', data: { path: 'x/b.md' } });
  await handOver(store, signal, keep);
  // A desk that knew less writes later.
  await store.append('webhooks', [{ type: 'handed-over', data: { position: 1 } }]);
  await handOver(store, signal, keep);

  expect(kept.slice(2)).toEqual([first, second, expect.objectContaining({ change: 'renamed', version: 3 })]);
  expect(kept.map(({ path, title }) => `${path}: ${title}`)).toEqual([
    'x/a.md: One',
    'x/a.md: a.md',
    'x/a.md: One',
    'x/a.md: a.md',
    'x/b.md: b.md',
  ]);
});

testThoroughly(
  'asks a server again that is not well for a moment, and says what it does not take',
  async () => {
    const { server, url, write, run } = await given();
    write('ill.md');
    write('wrong.md');
    // A redirect is no delivery, and is not followed.
    server.answers.set('ill.md', [503, 302]).set('wrong.md', [404]);

    expect((await run()).split('\n')).toEqual([
      `1 delivered to ${url}, 1 dead: sent by the next run with --notify`,
      'dead 1 (404 Not Found): wrong.md',
    ]);
    expect(server.received.map(({ method, body }) => `${method} ${body['path']}`).sort()).toEqual([
      'POST ill.md',
      'POST ill.md',
      'POST ill.md',
      'POST wrong.md',
    ]);

    expect(await run()).toBe(`1 delivered to ${url}`);
    expect(new Set(server.received.map(({ key }) => key)).size).toBe(2);
    expect(server.acknowledged).toHaveLength(2);
  },
);

test('stops on Ctrl-C while a server does not answer', async () => {
  const { server, args, write } = await given();
  write('a.md');
  server.answers.set('a.md', ['never']);
  const child = new ChildProgram(desk, args);
  server.onReceived = () => child.kill('SIGINT');

  expect(await child.ended).toMatchObject({ code: 130, stderr: 'desk: Stopped. Run it again to go on.\n' });
});

test.each([
  ['ftp://ann:secret@example.com/x', 'ftp://***@example.com/x'],
  ['example.com', 'example.com'],
])('--notify %j is not understood', async (url, shown) => {
  expect(await runDesk('--notify', url)).toEqual({
    code: 2,
    out: '',
    err: `desk: --notify takes a URL that begins with http: or https:, not "${shown}". Try --help.\n`,
  });
});
