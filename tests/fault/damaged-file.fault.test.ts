import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventStore, ReadOnlySqliteBackend, SqliteEventStoreBackend } from 'holdfast/store';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ChildProgram } from '../support/child-program.ts';
import { programAgain } from '../support/program-again.ts';
import { times } from '../support/thorough.ts';

interface Outcome {
  readonly opening?: string;
  readonly reading?: string;
  readonly ok?: boolean;
  readonly problems?: number;
  readonly events?: readonly unknown[];
  readonly appending?: string;
}

const notes = times(200, 600);

let folder = '';
/** A database with its log beside it, as a killed process leaves it, and the events in it. */
let withLog = '';
/** The same after its log was copied back into it. */
let withoutLog = '';
let events: readonly unknown[] = [];
/** Those in the one without a log: examining it appended another. */
let eventsWithoutLog: readonly unknown[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-test-'));
  withLog = join(folder, 'app.db');
  const child = new ChildProgram('append-notes.ts', [withLog, 'store']);
  await child.printed(notes);
  child.kill();
  await child.ended;
  withoutLog = copyOf(withLog, join(folder, 'whole.db'));
  const [whole] = await examine([withoutLog]);
  expect(whole).toMatchObject({ ok: true, appending: 'appended' });
  events = whole?.events ?? [];
  const [again] = await examine([copyOf(withoutLog, join(folder, 'again.db'))]);
  eventsWithoutLog = again?.events ?? [];
  expect(eventsWithoutLog).toHaveLength(events.length + 1);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function copyOf(path: string, target: string): string {
  copyFileSync(path, target);
  if (existsSync(`${path}-wal`)) copyFileSync(`${path}-wal`, `${target}-wal`);
  return target;
}

/** In a process of its own: a file that crashes it is named by the error. */
const readDamaged = programAgain(join(import.meta.dirname, '../support/children/read-damaged.ts'));

async function examine(paths: readonly string[]): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const path of paths) {
    const { code, out, err } = await readDamaged(path);
    expect({ code, err }, path).toEqual({ code: 0, err: '' });
    outcomes.push(JSON.parse(out) as Outcome);
  }
  return outcomes;
}

/** The page of a database that is the first of a table. */
async function rootPageOf(path: string, table: string): Promise<number> {
  const { DatabaseSync } = await import('node:sqlite');
  const database = new DatabaseSync(path, { readOnly: true });
  const row = database.prepare('select rootpage from sqlite_schema where name = ?').get(table) as {
    rootpage: number;
  };
  database.close();
  return row.rootpage;
}

function flipBits(path: string, random: () => number, count: number): void {
  const content = readFileSync(path);
  for (let flip = 0; flip < count; flip++) {
    const at = Math.floor(random() * content.length);
    content[at] = (content[at] as number) ^ (1 << Math.floor(random() * 8));
  }
  writeFileSync(path, content);
}

/** Mulberry32: numbers from 0 to 1, the same for the same seed. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Damage is either reported by a coded error or by verify, or what is read is what was written, from the start. */
function expectNoSilentDamage(outcome: Outcome | undefined, events: readonly unknown[]): void {
  const error = outcome?.opening ?? outcome?.reading;
  if (error !== undefined)
    expect(error).toMatch(/^HOLDFAST_ERR_STORAGE_(CORRUPT|NOT_A_DATABASE|FOREIGN|IO)$|SCHEMA_NEWER$/);
  else if (outcome?.ok) expect(outcome.events).toEqual(events.slice(0, outcome.events?.length));
  else expect(outcome?.problems).toBeGreaterThan(0);
  expect(outcome?.appending ?? 'HOLDFAST_ERR_').toMatch(/^appended$|^HOLDFAST_ERR_/);
}

test('one that was killed while its log was copied back is whole, also when it is opened by a link', async () => {
  mkdirSync(join(folder, 'real'));
  const killed = copyOf(withLog, join(folder, 'real/app.db'));
  // The first page has been copied back, and says how many there will be.
  const content = readFileSync(killed);
  content.writeUInt32BE(content.length / content.readUInt16BE(16) + 100, 28);
  content.copy(content, 92, 24, 28);
  writeFileSync(killed, content);
  const link = join(folder, 'link.db');
  symlinkSync(killed, link);

  const [outcome] = await examine([link]);

  expect(outcome).toMatchObject({ ok: true, appending: 'appended' });
  expect(outcome?.events).toEqual(events);
});

test('a log that was cut anywhere is read up to the cut', async () => {
  const size = readFileSync(`${withLog}-wal`).length;
  const sizes = [0, 16, 32, 4_000, 0.5 * size, size - 1].map(Math.floor);
  const copies = sizes.map((bytes) => {
    const copy = copyOf(withLog, join(folder, `cut-${bytes}.db`));
    truncateSync(`${copy}-wal`, bytes);
    return copy;
  });

  const outcomes = await examine(copies);

  expect(events.length).toBeGreaterThanOrEqual(notes);
  for (const outcome of outcomes) expectNoSilentDamage(outcome, events);
  const counts = outcomes.map((outcome) => outcome.events?.length ?? 0);
  expect(counts).toEqual([...counts].sort((a, b) => a - b));
  expect(counts.at(-1)).toBeGreaterThan(0);
});

test('a log that is damaged before its end is refused, left as it was, and can be cut to what is sound', async () => {
  const open = EventStore.withBackend(await SqliteEventStoreBackend.open(join(folder, 'open.db')));
  for (let id = 0; id < 40; id++) await open.append('notebook/0', [{ type: 'noted', data: { id } }]);
  const path = copyOf(join(folder, 'open.db'), join(folder, 'damaged-log.db'));
  await open.close();
  const [whole] = await examine([copyOf(path, join(folder, 'whole-log.db'))]);
  const content = readFileSync(`${path}-wal`);
  const middle = Math.floor(0.6 * content.length);
  content[middle] = (content[middle] as number) ^ 1;
  writeFileSync(`${path}-wal`, content);
  const database = readFileSync(path);
  {
    await using backend = await ReadOnlySqliteBackend.open(copyOf(path, join(folder, 'looked-at.db')));
    const { ok, problems } = await EventStore.withBackend(backend).verify();
    expect(ok).toBe(false);
    expect(problems[0]).toMatchObject({
      kind: 'file',
      message: expect.stringContaining('-wal is damaged after'),
    });
  }

  const error = await SqliteEventStoreBackend.open(path).catch((error: unknown) => error);

  expect(error).toMatchObject({ code: 'HOLDFAST_ERR_STORAGE_CORRUPT' });
  expect(readFileSync(path).equals(database)).toBe(true);
  expect(readFileSync(`${path}-wal`).equals(content)).toBe(true);
  const [, bytes = ''] = /cut the log to (\d+) bytes/.exec((error as Error).message) ?? [];
  truncateSync(`${path}-wal`, Number(bytes));
  const [outcome] = await examine([path]);
  expect(outcome).toMatchObject({ ok: true, appending: 'appended' });
  const kept = outcome?.events?.length ?? 0;
  expect(kept).toBeGreaterThan(10);
  expect(kept).toBeLessThan(40);
  expect(outcome?.events).toEqual(whole?.events?.slice(0, kept));
});

test('the log of a database that others write to is no damaged one', async () => {
  const path = join(folder, 'busy.db');
  const child = new ChildProgram('append-notes.ts', [path, 'store']);
  await child.printed(2);
  await using backend = await ReadOnlySqliteBackend.open(path);
  const store = EventStore.withBackend(backend);
  const looks = times(3, 50);

  for (let look = 0; look < looks; look++) {
    expect(await store.verify()).toMatchObject({ ok: true, problems: [] });
    const other = await SqliteEventStoreBackend.open(path);
    await other.close();
  }

  child.kill();
  await child.ended;
});

const logs = times(4, 8);

test('a log with flipped bits never shows what was not written', async () => {
  const copies = Array.from({ length: logs }, (_, seed) => {
    const copy = copyOf(withLog, join(folder, `wal-seed-${seed}.db`));
    flipBits(`${copy}-wal`, randomFrom(seed), 1 + seed);
    return copy;
  });

  const outcomes = await examine(copies);

  expect(outcomes).toHaveLength(logs);
  for (const outcome of outcomes) expectNoSilentDamage(outcome, events);
});

const seeds = times(4, 16);

test('a database with flipped bits is reported, by an error or by verify, and crashes nothing', async () => {
  const copies = Array.from({ length: seeds }, (_, seed) => {
    const copy = copyOf(withoutLog, join(folder, `seed-${seed}.db`));
    flipBits(copy, randomFrom(seed), 1 + 4 * seed);
    return copy;
  });

  const outcomes = await examine(copies);

  expect(outcomes).toHaveLength(seeds);
  for (const outcome of outcomes) expectNoSilentDamage(outcome, eventsWithoutLog);
  expect(outcomes.filter(({ ok }) => ok !== true).length).toBeGreaterThan(seeds / 2);
});

test('a page that cannot be read is what verify reports, rather than what it fails of', async () => {
  const path = copyOf(withoutLog, join(folder, 'empty-page.db'));
  const content = readFileSync(path);
  const pageBytes = content.readUInt16BE(16);
  const page = await rootPageOf(path, 'events');
  writeFileSync(path, content.fill(0, (page - 1) * pageBytes, page * pageBytes));
  await using store = EventStore.withBackend(await SqliteEventStoreBackend.open(path));

  const { ok, problems } = await store.verify();

  expect(ok).toBe(false);
  expect(problems[0]?.kind).toBe('file');
  expect(problems[0]?.message).toContain(`page ${page}`);
});

test('a database that was cut is refused and left as it was', async () => {
  const content = readFileSync(withoutLog);
  const damages: readonly (readonly [name: string, content: Buffer, code: string])[] = [
    ['half.db', content.subarray(0, content.length / 2), 'HOLDFAST_ERR_STORAGE_CORRUPT'],
    ['header.db', content.subarray(0, 60), 'HOLDFAST_ERR_STORAGE_NOT_A_DATABASE'],
    ['text.db', Buffer.from('a shopping list'), 'HOLDFAST_ERR_STORAGE_NOT_A_DATABASE'],
  ];
  for (const [name, damaged] of damages) writeFileSync(join(folder, name), damaged);

  const outcomes = await examine(damages.map(([name]) => join(folder, name)));

  expect(outcomes).toEqual(damages.map(([, , code]) => ({ opening: code })));
  for (const [name, damaged] of damages) expect(readFileSync(join(folder, name)).equals(damaged)).toBe(true);
});

test('a database whose schema was damaged, so that a column has another name, is refused', async () => {
  const content = readFileSync(withoutLog);
  // Where the schema was moved to another page, the old one still holds its text.
  const column = 'id text not null unique';
  expect(content.includes(column)).toBe(true);
  for (let at = content.indexOf(column); at >= 0; at = content.indexOf(column, at)) {
    content[at] = (content[at] as number) ^ 1;
  }
  const path = join(folder, 'renamed-column.db');
  writeFileSync(path, content);

  expect(await examine([path])).toEqual([{ opening: 'HOLDFAST_ERR_STORAGE_CORRUPT' }]);
  expect(readFileSync(path).equals(content)).toBe(true);
});
