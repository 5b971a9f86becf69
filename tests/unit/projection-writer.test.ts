import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serialize } from 'node:v8';
import { describe, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../runtime/ports/clock.ts';
import type { ProjectionApplied, ProjectionSummary } from '../../runtime/protocol/projection.ts';
import { openForWriting } from '../../runtime/sqlite/connection/open-database.ts';
import type { SqliteDatabase } from '../../runtime/sqlite/driver.ts';
import { LogWriter } from '../../runtime/sqlite/log/log-writer.ts';
import { ProjectionWriter } from '../../runtime/sqlite/projections/projection-writer.ts';
import { codedError } from '../support/coded-error.ts';

const notes = 'create table notes (id integer primary key, note text) strict';
const other = 'create table others (id integer primary key); create virtual table words using fts5 (word)';

const summary = (tables: string, more: Partial<ProjectionSummary> = {}): ProjectionSummary => ({
  name: 'notes',
  version: 1,
  tables,
  tableNames: [],
  onError: 'stop',
  ...more,
});

function open(): { writer: ProjectionWriter; database: SqliteDatabase } {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-projections-'));
  const options = { path: join(folder, 'events.db'), lockTimeoutMs: 0 };
  const database = openForWriting(options);
  onTestFinished(() => {
    database.close();
    rmSync(folder, { recursive: true });
  });
  const log = new LogWriter(database, { ...options, clock: systemClock, run: '' });
  return { database, writer: new ProjectionWriter(database, log, systemClock, () => undefined) };
}

/** Applies one statement to what is being built, and puts it to service. */
function apply(writer: ProjectionWriter, text: string, values: readonly unknown[] = []): ProjectionApplied {
  const { building, serving } = writer.open(summary(notes));
  const { generation, position } = building ?? serving ?? { generation: 0, position: 0 };
  const to = position + 1;
  const effects = serialize({ texts: [text], calls: [to, 1, 0, values.length, ...values] });
  const bytes = new Uint8Array(effects) as Uint8Array<ArrayBuffer>;
  const batch = { name: 'notes', generation, from: position, to, effects: bytes };
  return writer.apply({ ...batch, skipped: [], isLast: true, skipsRefused: false });
}

test.each([
  [' ; ', 'makes no table'],
  ['-- nothing', 'makes no table'],
  ['create index i on notes (id)', 'makes no table'],
  [`${notes}; create trigger t after insert on notes begin select 1; end`, 'begin with CREATE TABLE'],
  [`${notes}; create view v as select 1`, 'begin with CREATE TABLE'],
  [`${notes}; insert into notes values (1, 'a')`, 'begin with CREATE TABLE'],
  [`${notes}; drop table events`, 'begin with CREATE TABLE'],
  ['create temp table notes (id)', 'begin with CREATE TABLE'],
  ['create table main.notes (id)', 'has a schema'],
  ['create table notes as select * from events', 'copies what a query finds'],
  ['create virtual table notes using csv (filename)', 'of fts5 or rtree'],
  ["create virtual table notes using fts5 (note, content='streams')", 'cannot be that of another table'],
  [`${notes}; create table NOTES (id)`, 'made twice'],
  ['create table holdfast_notes (id)', 'are taken'],
  ['create table sqlite_notes (id)', 'are taken'],
  ['create table HoldFast_notes (id)', 'are taken'],
  ['create table "SQLITE_notes" (id)', 'are taken'],
  [`${notes}; create index Holdfast_notes_by_note on notes (note)`, 'are taken'],
  ['create table holdfast_1_notes (id)', 'are taken'],
  ['create table events (id)', 'something else of the name'],
  ['create table text (id)', 'a word of SQL'],
  ['create table Count (id)', 'a word of SQL'],
  ['create table Date (id)', 'a function of SQLite'],
  ['create table json (id)', 'a function of SQLite'],
  ['create table notes (id, at default (unixepoch()))', 'unixepoch() gives something else'],
  ["create table notes (id, at default (date('now')))", "'now' gives something else"],
  ["create virtual table notes using fts5 (note, conten='streams')", 'cannot be that of another table'],
  ['create table notes (id integer primary key on conflict rollback)', 'would undo'],
  ['create table notes (id', 'SQLite refuses'],
  ['create table notes (id integer primary key) bogus', 'SQLite refuses'],
])('refuses the tables of %j, and leaves nothing behind', (tables, why) => {
  const { writer, database } = open();
  const schema = () => database.prepare('select name, sql from sqlite_schema').all();
  const before = schema();

  expect(() => writer.open(summary(tables))).toThrow(
    codedError('HOLDFAST_ERR_PROJECTION_INVALID', { message: expect.stringContaining(why) }),
  );

  expect(schema()).toEqual(before);
  expect(database.prepare('select * from projections').all()).toEqual([]);
});

test.each([
  ['delete from events', 'not one of its own'],
  ['insert into notes select position, type from events', 'not one of its own'],
  ['insert into notes select id, null from others', 'not one of its own'],
  ["insert into notes select rowid, word from words where words match 'a'", 'not one of its own'],
  ['insert into words values (1)', 'not one of its own'],
  ['update projections set position = 0', 'not one of its own'],
  ['with x as (select 1 as y from streams) insert into notes select y, null from x', 'not one of its own'],
  ['insert into notes values (random(), null)', 'With random'],
  ["insert into notes values (1, datetime('now'))", "With 'now'"],
  ['insert into notes values (1, current_timestamp)', 'With current_timestamp'],
  ['insert into notes values (last_insert_rowid(), null)', 'With last_insert_rowid'],
  ['insert into notes values (1, datetime())', 'With datetime()'],
  ["insert into notes values (1, datetime(0, 'localtime'))", "With 'localtime'"],
  ["insert into notes values (1, strftime('%s'))", 'With strftime()'],
  ["insert into notes values (1, unixepoch('subsec'))", 'With unixepoch()'],
  ["insert into notes values (1, date('n' || 'ow'))", 'With date()'],
  ["insert into notes values (1, date(lower('NOW')))", "With 'NOW'"],
  ["insert into notes values (1, date(lower('NO' || 'W')))", 'With date()'],
  ['insert into notes values (1, date(char(110, 111, 119)))', 'With date()'],
  ["insert into notes values (1, date(datetime(0, '+1 day') || lower('x')))", 'With date()'],
  ["insert into notes values (1, date(strftime('n' || 'ow', 0)))", 'With date()'],
  ["insert into notes values (1, date(x'6e6f77'))", 'With date()'],
  ['insert into notes values (1, date("now"))', 'With date()'],
  ["insert into notes values (1, timediff('2020-01-01', 'n' || 'ow'))", 'With timediff()'],
  ["insert into notes values (1, datetime(0, 'local' || 'time'))", 'With datetime()'],
  ["insert or /* so */ rollback into notes values (1, 'a')", 'would undo'],
  ["update or rollback notes set note = 'a'", 'would undo'],
  ['update sqlite_sequence set seq = 0', 'not one of its own'],
  ['insert into notes select 1, name from pragma_table_list', 'not one of its own'],
  ['insert into notes select 1, name from sqlite_schema', 'not one of its own'],
  ['insert into notes values (1, null) returning id', 'returns rows'],
  ['select 1', 'insert, update and delete'],
  ['drop table notes', 'insert, update and delete'],
  ["attach 'x.db' as x", 'insert, update and delete'],
  ['pragma user_version = 1', 'insert, update and delete'],
  ['insert into notes values (1, 2); delete from notes', 'SQLite refuses'],
  ['insert into nowhere values (1)', 'no such table'],
  ['insert into notes', 'SQLite refuses'],
])('may not run %j, while it is built and when it is served', (text, why) => {
  const { writer, database } = open();
  writer.apply({
    name: 'others',
    generation: writer.open(summary(other, { name: 'others' })).building?.generation ?? 0,
    from: 0,
    to: 0,
    effects: null,
    skipped: [],
    isLast: true,
    skipsRefused: false,
  });
  const refused = {
    outcome: 'applied',
    failure: { error: { code: 'HOLDFAST_ERR_PROJECTION_INVALID', message: expect.stringContaining(why) } },
  };

  expect(apply(writer, text)).toMatchObject(refused);
  expect(apply(writer, "insert into notes values (7, 'kept')")).toMatchObject({
    failure: null,
    isServing: true,
  });
  expect(apply(writer, text)).toMatchObject(refused);
  expect(database.prepare('select * from notes').all()).toEqual([{ id: 7, note: 'kept' }]);
});

test('what is its own is asked of the file as it is now, after a VACUUM and when others have made tables', () => {
  const { writer, database } = open();
  const notesPage = () =>
    database.prepare<number>("select rootpage from sqlite_schema where name = 'notes'").pluck().get();
  database.exec('create table gap (id)');
  apply(writer, "insert into notes values (1, 'a')");
  apply(writer, "insert into notes values (2, 'b')");
  const before = notesPage();

  database.exec('drop table gap; vacuum');
  const { building } = writer.open(summary(other, { name: 'others' }));
  const others = { name: 'others', generation: building?.generation ?? 0, from: 0, to: 0, effects: null };
  writer.apply({ ...others, skipped: [], isLast: true, skipsRefused: false });

  expect(notesPage()).not.toBe(before);
  expect(apply(writer, "update notes set note = 'c' where id = 1")).toMatchObject({ failure: null });
  expect(
    apply(writer, "insert into notes select rowid, word from words where words match 'a'"),
  ).toMatchObject({
    failure: { error: { message: expect.stringContaining('not one of its own') } },
  });
});

test('what SQLite refuses is said by the names that the application gave', () => {
  const { writer } = open();
  const untyped = 'create table notes (id integer primary key, note) strict';

  expect(() => writer.open(summary(untyped))).toThrow(/: missing datatype for notes\.note\./);
  expect(apply(writer, "insert into notes values (1, 'a'), (1, 'b')")).toMatchObject({
    failure: { error: { message: expect.stringContaining(': UNIQUE constraint failed: notes.id.') } },
  });
  expect(apply(writer, 'insert into notes values (1)')).toMatchObject({
    failure: { error: { message: expect.stringContaining(': table notes has 2 columns') } },
  });
});

test('statements may do all that their own tables allow', () => {
  const { writer, database } = open();

  for (const [text, values] of [
    ['insert into notes values (?, ?), (2, ?)', [1, 'a', 'b']],
    [
      "insert into notes values (1, 'x') on conflict (id) do update set note = notes.note || excluded.note",
      [],
    ],
    ['update "notes" set note = note || (select max(n.note) from [notes] n) where id = 2', []],
    ['with n as (select max(id) as top from `notes`) insert into notes select top + 1, ? from n', ['notes']],
    ["insert into notes select value, 'notes' from json_each(?)", ['[10, 11]']],
    ['delete from notes where id = ?', [10]],
  ] as const) {
    expect(apply(writer, text, values)).toMatchObject({ failure: null });
  }

  expect(database.prepare('select * from notes order by id').all()).toEqual([
    { id: 1, note: 'ax' },
    { id: 2, note: 'bb' },
    { id: 3, note: 'notes' },
    { id: 11, note: 'notes' },
  ]);
});

test('a batch from anywhere but the checkpoint changes nothing', () => {
  const { writer, database } = open();
  apply(writer, "insert into notes values (1, 'a')");
  const generation = writer.open(summary(notes)).serving?.generation ?? 0;
  const batch = {
    name: 'notes',
    generation,
    to: 9,
    effects: null,
    skipped: [],
    isLast: false,
    skipsRefused: false,
  };

  expect(writer.apply({ ...batch, from: 0 })).toEqual({ outcome: 'moved' });
  expect(writer.apply({ ...batch, from: 1, generation: generation + 1 })).toEqual({ outcome: 'moved' });
  expect(database.prepare('select position from projections').all()).toEqual([{ position: 1 }]);
});

test('columns keep the names that tables have as well', () => {
  const { writer, database } = open();
  const tables = `create table notes (id integer primary key, note text, tags text);
    create table tags (tags text primary key, notes integer);
    create index note on notes (tags);`;

  const { building } = writer.open(summary(tables));
  writer.apply({
    name: 'notes',
    generation: building?.generation ?? 0,
    from: 0,
    to: 0,
    effects: null,
    skipped: [],
    isLast: true,
    skipsRefused: false,
  });

  expect(database.prepare('select n.note, n.tags, t.notes from notes n, tags t').all()).toEqual([]);
});

test('a value that means the time of now is refused where it would', () => {
  const { writer, database } = open();

  expect(apply(writer, 'insert into notes values (1, datetime(?))', ['now'])).toMatchObject({
    failure: { error: { message: expect.stringContaining("a value of 'now'") } },
  });
  for (const value of [' NOW', new Uint8Array(Buffer.from('now')), 'now\0x', 'subsec']) {
    expect(apply(writer, 'insert into notes values (1, date(?))', [value])).toMatchObject({
      failure: { error: { message: expect.stringContaining("a value of 'now'") } },
    });
  }
  expect(apply(writer, 'insert into notes values (1, ?)', ['now'])).toMatchObject({ failure: null });
  expect(database.prepare('select note from notes').all()).toEqual([{ note: 'now' }]);
});

test.each([
  ["date(? / 1000, 'unixepoch')", [86_400_000], '1970-01-02'],
  ["datetime(?, '+' || ? || ' days')", ['2020-01-01', 2], '2020-01-03 00:00:00'],
  ["strftime('%Y', date(?))", ['2020-01-01'], '2020'],
  ["strftime('%s', coalesce(?, 5), 'unixepoch', 'subsec')", [null], '5.000'],
  ["date('2020-01-01', ?)", ['+1 day'], '2020-01-02'],
  ["date(datetime(?, 'start of month'), '+1 day')", ['2020-01-05'], '2020-01-02'],
])('may run %s, which gives the same each time', (expression, values, found) => {
  const { writer, database } = open();

  expect(apply(writer, `insert into notes values (1, ${expression})`, values)).toMatchObject({
    failure: null,
  });
  expect(database.prepare('select note from notes').all()).toEqual([{ note: found }]);
});

test('an index may have the name of a column, and names need not be ASCII', () => {
  const { writer, database } = open();
  const tables = `create table Ärzte (owner text, note text); create index owner on Ärzte (owner);
    create unique index if not exists "note" on Ärzte (note)`;
  const { building } = writer.open(summary(tables));
  const generation = building?.generation ?? 0;
  const text = 'insert into ärzte (owner, note) values (?, ?)'.replace('ä', 'Ä');
  const effects = new Uint8Array(
    serialize({ texts: [text], calls: [1, 1, 0, 2, 'a', 'b'] }),
  ) as Uint8Array<ArrayBuffer>;

  const applied = writer.apply({
    name: 'notes',
    generation,
    from: 0,
    to: 1,
    effects,
    skipped: [],
    isLast: true,
    skipsRefused: false,
  });

  expect(applied).toMatchObject({ failure: null, isServing: true });
  expect(database.prepare('select owner, note from "Ärzte"').all()).toEqual([{ owner: 'a', note: 'b' }]);
});

test('data that a function of SQLite refuses is the fault of its event, and not of the file', () => {
  const { writer } = open();

  expect(apply(writer, 'insert into notes values (1, json_extract(?, ?))', ['{', '$.a'])).toMatchObject({
    failure: {
      error: { code: 'HOLDFAST_ERR_PROJECTION_FAILED', message: expect.stringContaining('malformed JSON') },
    },
  });
});

test('a command that a full-text index refuses is the fault of its event, and not of the file', () => {
  const { writer } = open();
  const tables = "create virtual table words using fts5 (word, content='')";
  const { building } = writer.open(summary(tables));
  const texts = ["insert into words (words, rowid, word) values ('delete', ?, ?)"];
  const calls = [1, 1, 0, 2, 5, 'zz'];

  const applied = writer.apply({
    name: 'notes',
    generation: building?.generation ?? 0,
    from: 0,
    to: 1,
    effects: new Uint8Array(serialize({ texts, calls })) as Uint8Array<ArrayBuffer>,
    skipped: [],
    isLast: false,
    skipsRefused: true,
  });

  expect(applied).toMatchObject({
    outcome: 'applied',
    position: 1,
    refused: [{ position: 1, error: { code: 'HOLDFAST_ERR_PROJECTION_FAILED' } }],
  });
});

test('what is refused takes nothing else with it, and a long range is done in turns', () => {
  const { writer, database } = open();
  const { building } = writer.open(summary(notes));
  const texts = ['insert into notes values (?, ?)'];
  const callsOf = (index: number): unknown[] => {
    const [first, second] = [index * 2, index % 3 === 0 ? 0 : index * 2 + 1];
    return [index + 1, 2, 0, 2, first, 'a', 0, 2, second, 'b'];
  };

  let position = 0;
  let passedOver = 0;
  while (position < 300) {
    const calls = Array.from({ length: 300 - position }, (_, index) => callsOf(position + index)).flat();
    const applied = writer.apply({
      name: 'notes',
      generation: building?.generation ?? 0,
      from: position,
      to: 300,
      effects: new Uint8Array(serialize({ texts, calls })) as Uint8Array<ArrayBuffer>,
      skipped: [],
      isLast: true,
      skipsRefused: true,
    });
    if (applied.outcome !== 'applied') throw new Error(applied.outcome);
    expect(applied.position).toBeGreaterThan(position);
    expect(applied.isServing).toBe(applied.position === 300);
    position = applied.position;
    passedOver += applied.refused.length;
  }

  // The very first event collides with itself, so the second of those is the one that the others collide with.
  expect(passedOver).toBe(99);
  expect(database.prepare('select count(*) as count from notes').get()).toEqual({ count: 402 });
  expect(database.prepare('select skipped from projections').get()).toEqual({ skipped: 99 });
});

test('a generation that is behind what is served does not take its place', () => {
  const { writer } = open();
  for (let count = 0; count < 3; count++) apply(writer, 'delete from notes');
  const { building } = writer.open(summary(notes), true);
  const batch = {
    name: 'notes',
    generation: building?.generation ?? 0,
    effects: null,
    skipped: [],
    skipsRefused: false,
  };

  expect(writer.apply({ ...batch, from: 0, to: 2, isLast: true })).toMatchObject({ isServing: false });
  expect(writer.apply({ ...batch, from: 2, to: 3, isLast: true })).toMatchObject({ isServing: true });
});

describe.each(['built', 'served'])(
  'a table behind a virtual one has its name to itself where the other is %s',
  (stage) => {
    const words = summary('create virtual table words using fts5 (word)', { name: 'words' });
    const plain = summary('create table Words_Content (id integer primary key) strict', { name: 'plain' });

    function begin(writer: ProjectionWriter, of: ProjectionSummary): void {
      const { building, serving } = writer.open(of);
      if (stage === 'built' || building === null) return expect(serving ?? building).not.toBeNull();
      const { generation, position } = building;
      const all = { name: of.name, generation, from: position, to: position + 1, effects: null, skipped: [] };
      const applied = writer.apply({ ...all, isLast: true, skipsRefused: false });
      expect(applied).toMatchObject({ isServing: true });
    }

    test.each([
      ['a virtual one', words, plain],
      ['a plain one', plain, words],
    ])('and is %s', (_, first, second) => {
      const { writer } = open();
      begin(writer, first);

      expect(() => writer.open(second)).toThrow(
        codedError('HOLDFAST_ERR_PROJECTION_INVALID', { message: expect.stringMatching(/words_content/i) }),
      );
    });

    test('and is its own', () => {
      const { writer } = open();
      begin(writer, words);

      expect(writer.open({ ...words, version: 2 })).toMatchObject({ building: { version: 2 } });
      begin(writer, { ...words, version: 2 });
      expect(writer.open({ ...words, version: 2 }, true)).toMatchObject({ building: { version: 2 } });
    });
  },
);

test('a rebuild that is asked for begins with the first event, whatever was under way', () => {
  const { writer } = open();
  const { building } = writer.open(summary(notes));
  const half = { name: 'notes', generation: building?.generation ?? 0, from: 0, to: 5, effects: null };
  writer.apply({ ...half, skipped: [], isLast: false, skipsRefused: false });
  expect(writer.open(summary(notes))).toMatchObject({ building: { position: 5 } });

  const begun = writer.open(summary(notes), true).building;

  expect(begun).toMatchObject({ position: 0 });
  expect(begun?.generation).toBeGreaterThan(half.generation);
  expect(writer.open(summary(notes))).toMatchObject({ building: begun });
});

test.each([
  ['a reactor', { startAt: 'now', tables: null }, 'with tables', { version: 2 }],
  ['a reactor', { startAt: 'now', tables: null }, 'that folds', { tables: null }],
  ['a projection', {}, 'reactor', { startAt: 'now', tables: null }],
] as const)('what is there of %s is not taken for something else: %# %s %s', (_was, was, _is, is) => {
  const { writer } = open();
  const before = writer.open(summary(notes, was));

  expect(() => writer.open(summary(notes, is))).toThrow(
    codedError('HOLDFAST_ERR_PROJECTION_INVALID', { message: expect.stringContaining('another name') }),
  );
  expect(writer.open(summary(notes, was))).toEqual(before);
});

test('a build that a newer application has begun stands in nobody’s way', () => {
  const { writer } = open();
  apply(writer, "insert into notes values (1, 'a')");
  writer.open(summary(notes, { version: 2 }));

  expect(writer.open(summary(notes))).toMatchObject({ serving: { version: 1, position: 1 }, building: null });
  expect(() => writer.open(summary(notes), true)).toThrow(codedError('HOLDFAST_ERR_PROJECTION_NEWER'));
  expect(writer.open(summary(notes, { version: 2 }))).toMatchObject({ building: { version: 2 } });
});

test('a build that a newer application has begun is left to it by one that is newer than what is served', () => {
  const { writer } = open();
  apply(writer, "insert into notes values (1, 'a')");
  const newest = writer.open(summary(notes, { version: 3 }));

  for (const again of [false, true])
    expect(() => writer.open(summary(notes, { version: 2 }), again)).toThrow(
      codedError('HOLDFAST_ERR_PROJECTION_NEWER', { projection: 'notes', found: 3, supported: 2 }),
    );

  expect(writer.open(summary(notes, { version: 3 }))).toEqual(newest);
});
