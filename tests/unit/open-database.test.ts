import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openForReading, openForWriting } from '../../runtime/sqlite/connection/open-database.ts';
import { applicationId, refuseUnreadable } from '../../runtime/sqlite/connection/schema-version.ts';
import { openSqlite } from '../../runtime/sqlite/driver.ts';
import { LogWriter } from '../../runtime/sqlite/log/log-writer.ts';
import { migrations } from '../../runtime/sqlite/migrations/index.ts';
import { foreignAppend } from '../support/hosted-actor.ts';
import { createOldestLog } from '../support/oldest-log.ts';

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-open-'));
  path = join(folder, 'events.db');
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

const open = () => openForWriting({ path, lockTimeoutMs: 0 });
const withCode = (code: string) => expect.objectContaining({ code });

/** Every file of the folder with its content and its time, so that nothing can change unseen. */
function everything(): Record<string, string> {
  return Object.fromEntries(
    readdirSync(folder).map((name) => {
      const file = join(folder, name);
      return [name, `${statSync(file).mtimeMs} ${readFileSync(file).toString('base64')}`];
    }),
  );
}

function expectRefused(code: string): void {
  const before = everything();

  expect(open).toThrow(withCode(code));

  expect(everything()).toEqual(before);
}

/** A database of Holdfast with some events, closed properly. */
function makeDatabase(events = 3): void {
  const database = open();
  const writer = new LogWriter(database, { path, lockTimeoutMs: 0, clock: { now: () => 1 }, run: '' });
  writer.appendGroup(
    Array.from({ length: events }, (_, n) => foreignAppend(`s-${n}`, 'noted', 'x'.repeat(2_000))),
  );
  database.close();
}

/** A database with what another application might have in it. */
function makeForeign(setUp: string): void {
  const database = openSqlite(path, { readonly: false, busyTimeoutMs: 0 });
  database.exec(setUp);
  database.close();
}

test('a new database has our application id and schema, WAL, and syncs every commit', () => {
  const database = open();
  const pragma = (name: string) => database.pragma(name, { simple: true });

  expect(pragma('application_id')).toBe(applicationId);
  expect(pragma('user_version')).toBe(migrations.length);
  expect(pragma('journal_mode')).toBe('wal');
  expect(pragma('synchronous')).toBe(2);
  // Means something on macOS alone, where a sync without it stops short of the disk.
  expect(pragma('fullfsync')).toBe(1);
  database.close();
});

test('an empty file becomes a database', () => {
  writeFileSync(path, '');

  open().close();

  expect(statSync(path).size).toBeGreaterThan(0);
});

test('a database that is opened again keeps its identity', () => {
  const originOf = () => {
    const database = open();
    const row = database.prepare<{ origin: string }>('select origin from replica').get();
    database.close();
    return row?.origin;
  };

  const origin = originOf();

  expect(origin).toMatch(/^[0-9a-f]{16}$/);
  expect(originOf()).toBe(origin);
});

test('a text file is refused and left as it is', () => {
  writeFileSync(path, 'Dear diary, '.repeat(100));

  expectRefused('HOLDFAST_ERR_STORAGE_NOT_A_DATABASE');
});

test('a file that is shorter than a header is refused and left as it is', () => {
  writeFileSync(path, 'SQLite format 3');

  expectRefused('HOLDFAST_ERR_STORAGE_NOT_A_DATABASE');
});

test('a header with garbage behind it is refused and left as it is', () => {
  makeDatabase();
  const bytes = readFileSync(path);
  bytes.fill(0xaa, 100);
  writeFileSync(path, bytes);

  expectRefused('HOLDFAST_ERR_STORAGE_CORRUPT');
});

/** What lies beside a file while SQLite writes to it (sqlite.org/fileformat2.html, section 3). */
function writeJournal(pagesBefore: number): void {
  const header = Buffer.alloc(512);
  header.write('d9d505f920a163d7', 'hex');
  header.writeUInt32BE(pagesBefore, 16);
  header.writeUInt32BE(512, 20);
  header.writeUInt32BE(4_096, 24);
  writeFileSync(`${path}-journal`, header);
}

test.each([
  ['nothing', Buffer.alloc(4_096)],
  ['not its beginning', Buffer.alloc(4_096).fill('x', 512)],
  ['a part', Buffer.alloc(1_024)],
  ['less than a header', Buffer.from('SQLite')],
])(
  'a file is begun anew whose first page was being written when the power failed: %s of it is there',
  (_, left) => {
    writeFileSync(path, left);
    writeJournal(0);
    expect(() => refuseUnreadable(path)).toThrow(withCode('HOLDFAST_ERR_STORAGE_NOT_A_DATABASE'));

    makeDatabase();

    const database = openForReading(path);
    expect(database.pragma('integrity_check', { simple: true })).toBe('ok');
    database.close();
    expect(readdirSync(folder)).not.toContain('events.db-journal');
  },
);

test('a file that is no database is left as it is, also beside a journal that cannot be of it', () => {
  writeFileSync(path, 'a shopping list'.repeat(100));
  writeJournal(1);
  expectRefused('HOLDFAST_ERR_STORAGE_NOT_A_DATABASE');

  writeFileSync(path, 'a shopping list'.repeat(1_000));
  writeJournal(0);
  expectRefused('HOLDFAST_ERR_STORAGE_NOT_A_DATABASE');

  writeFileSync(path, 'a shopping list');
  writeFileSync(`${path}-journal`, Buffer.alloc(512));
  expectRefused('HOLDFAST_ERR_STORAGE_NOT_A_DATABASE');
});

test('a truncated database is refused and left as it is', () => {
  makeDatabase(20);
  truncateSync(path, statSync(path).size - 4_096);

  expectRefused('HOLDFAST_ERR_STORAGE_CORRUPT');
});

test('a database of another application is refused and left as it is', () => {
  makeForeign('pragma application_id = 99; create table t (a); insert into t values (1)');

  expectRefused('HOLDFAST_ERR_STORAGE_FOREIGN');
});

test('a database of an application that gives no id is refused and left as it is', () => {
  makeForeign('create table t (a); insert into t values (1)');

  expectRefused('HOLDFAST_ERR_STORAGE_FOREIGN');
});

test('a database of another application in WAL mode keeps its log beside it', () => {
  const other = openSqlite(path, { readonly: false, busyTimeoutMs: 0 });
  other.exec('pragma journal_mode = wal; create table t (a); insert into t values (1)');
  const before = everything();

  expect(open).toThrow(withCode('HOLDFAST_ERR_STORAGE_FOREIGN'));

  expect(everything()['events.db']).toBe(before['events.db']);
  expect(everything()['events.db-wal']).toBe(before['events.db-wal']);
  expect(other.prepare('select a from t').all()).toEqual([{ a: 1 }]);
  other.close();
});

test('a database with a newer schema is refused with both versions and left as it is', () => {
  makeDatabase();
  makeForeign(`pragma user_version = ${migrations.length + 3}`);

  expectRefused('HOLDFAST_ERR_SCHEMA_NEWER');

  expect(open).toThrow(
    expect.objectContaining({ found: migrations.length + 3, supported: migrations.length }),
  );
});

test('a newer schema that is still in the log beside the file is refused too', () => {
  makeDatabase();
  const newer = openSqlite(path, { readonly: false, busyTimeoutMs: 0 });
  newer.exec(`pragma wal_autocheckpoint = 0; pragma user_version = ${migrations.length + 1}`);
  const before = everything();

  expect(open).toThrow(withCode('HOLDFAST_ERR_SCHEMA_NEWER'));

  expect(everything()['events.db']).toBe(before['events.db']);
  expect(everything()['events.db-wal']).toBe(before['events.db-wal']);
  newer.close();
});

test('a file that was just brought up to date is read, though its new schema is still in the log', () => {
  createOldestLog(path);
  const migrated = open();
  expect(readFileSync(path).readUInt32BE(60)).toBe(1);

  expect(() => refuseUnreadable(path)).not.toThrow();
  openForReading(path).close();
  migrated.close();
});

test('a file of an older version with a log is refused for reading, and says so', () => {
  createOldestLog(path);
  const older = openSqlite(path, { readonly: false, busyTimeoutMs: 0 });
  older.exec("insert into streams (name) values ('a')");

  expect(() => {
    refuseUnreadable(path);
    openForReading(path);
  }).toThrow(withCode('HOLDFAST_ERR_SCHEMA_OLDER'));
  older.close();
});

test('a writer writes nothing more to a file that a newer version has brought up to date meanwhile', () => {
  makeDatabase();
  const database = open();
  const log = new LogWriter(database, { path, lockTimeoutMs: 0, clock: { now: () => 1 }, run: '' });
  const append = () => log.appendGroup([foreignAppend('s', 'noted', 1), foreignAppend('t', 'noted', 1)]);
  expect(append()).toMatchObject([{ position: 4 }, { position: 5 }]);
  const newer = openSqlite(path, { readonly: false, busyTimeoutMs: 0 });
  // As a migration might, so that what is written to it now means something else, or cannot be written at all.
  newer.exec(
    `begin; alter table events add column x text; pragma user_version = ${migrations.length + 1}; commit`,
  );
  const refused = withCode('HOLDFAST_ERR_SCHEMA_NEWER');
  // Who looks for news of others first has not seen to it.
  expect(log.noticeForeignCommits()).toBe(true);

  for (let n = 0; n < 2; n++) {
    expect(append()).toEqual([refused, refused]);
    expect(() => log.write((given) => given.exec('delete from snapshots'))).toThrow(refused);
  }

  expect(log.failure).toBe('HOLDFAST_ERR_SCHEMA_NEWER');
  expect(newer.prepare('select count(*) as n from events').get()).toEqual({ n: 5 });
  newer.close();
  database.close();
});

test('who opens a file of an older version is told when it begins to be brought up to date, and when that is over', () => {
  createOldestLog(path, 1);
  const told: number[] = [];
  const open = () =>
    openForWriting({ path, lockTimeoutMs: 0, onMigration: (isUnderWay) => told.push(isUnderWay) }).close();

  open();
  open();

  expect(told).toEqual([1, 0]);
});

test('a folder that is not there and a path that is a folder are refused', () => {
  const inNowhere = () => openForWriting({ path: join(folder, 'no', 'events.db'), lockTimeoutMs: 0 });
  mkdirSync(path);

  expect(inNowhere).toThrow(withCode('HOLDFAST_ERR_STORAGE_PATH'));
  expectEmptyFolderRefused();
});

function expectEmptyFolderRefused(): void {
  expect(open).toThrow(withCode('HOLDFAST_ERR_STORAGE_PATH'));
  expect(readdirSync(path)).toEqual([]);
}

test('a folder and a file that cannot be written are refused', ({ skip }) => {
  skip(process.getuid?.() === 0, 'root may write whatever the permissions say');
  makeDatabase();
  chmodSync(path, 0o444);
  expectRefused('HOLDFAST_ERR_STORAGE_READONLY');
  chmodSync(path, 0o644);
  chmodSync(folder, 0o555);
  expect(open).toThrow(withCode('HOLDFAST_ERR_STORAGE_READONLY'));
  chmodSync(folder, 0o755);
});

test('a database is opened through a symbolic link', () => {
  makeDatabase();
  const link = join(folder, 'link.db');
  symlinkSync(path, link);

  const database = openForWriting({ path: link, lockTimeoutMs: 0 });

  expect(database.prepare('select count(*) as n from events').get()).toEqual({ n: 3 });
  database.close();
});

test.each(['missing', 'empty'])(
  'a database that is %s is refused if its log holds what was written to it',
  (what) => {
    makeDatabase();
    const database = openForWriting({ path, lockTimeoutMs: 0 });
    database.exec("update replica set origin = 'x'");
    const log = readFileSync(`${path}-wal`);
    database.close();
    writeFileSync(`${path}-wal`, log);
    if (what === 'missing') rmSync(path);
    else writeFileSync(path, '');

    expectRefused('HOLDFAST_ERR_STORAGE_CORRUPT');

    rmSync(`${path}-wal`);
    open().close();
  },
);

test('a path that leads nowhere is refused, whatever is wrong with it', () => {
  symlinkSync('loop.db', join(folder, 'loop.db'));
  const paths = ['loop.db', 'x'.repeat(300), join('x'.repeat(300), 'x.db'), 'loop.db/x.db'];

  for (const each of paths.map((name) => join(folder, name))) {
    const refused = withCode('HOLDFAST_ERR_STORAGE_PATH');
    expect(() => openForWriting({ path: each, lockTimeoutMs: 0 })).toThrow(refused);
    expect(() => refuseUnreadable(each)).toThrow(refused);
  }
});

test('a path that is too long for SQLite is refused, with its length and what it may have', () => {
  const long = join(folder, 'n'.repeat(200), 'n'.repeat(200));
  mkdirSync(long, { recursive: true });
  const pathOf = (bytes: number) => join(long, 'n'.repeat(bytes - long.length - 1));

  openForWriting({ path: pathOf(504), lockTimeoutMs: 0 }).close();

  expect(() => openForWriting({ path: pathOf(505), lockTimeoutMs: 0 })).toThrow(
    expect.objectContaining({
      code: 'HOLDFAST_ERR_STORAGE_PATH',
      message: expect.stringContaining('It has 505 bytes: SQLite takes 504'),
    }),
  );
});

test('a database that is being created has nothing to read yet', () => {
  const creating = openSqlite(path, { readonly: false, busyTimeoutMs: 0 });
  creating.pragma('journal_mode = wal');
  creating.exec('begin immediate; create table events (x); pragma application_id = 5;');

  expect(() => openForReading(path)).toThrow(withCode('HOLDFAST_ERR_STORAGE_NOT_A_DATABASE'));

  creating.close();
});

test('a connection for reading cannot write', () => {
  makeDatabase();
  const database = openForReading(path);

  expect(() => database.exec('delete from snapshots')).toThrow('readonly');

  database.close();
});

test('events cannot be changed or deleted, not even with SQL', () => {
  makeDatabase();
  const database = open();

  expect(() => database.exec(`update events set data = '{}'`)).toThrow('events are immutable');
  expect(() => database.exec('delete from events')).toThrow('events are immutable');
  database.close();
});

test('a lock that is not given up in time is reported as busy, and nothing is written', () => {
  makeDatabase();
  const writer = open();
  const log = new LogWriter(writer, { path, lockTimeoutMs: 0, clock: { now: () => 1 }, run: '' });
  const other = openSqlite(path, { readonly: false, busyTimeoutMs: 0 });
  other.exec('begin immediate');

  const [whileLocked] = log.appendGroup([foreignAppend('s', 'noted', 1)]);
  other.exec('rollback');
  const [after] = log.appendGroup([foreignAppend('s', 'noted', 1)]);

  expect(whileLocked).toMatchObject({ code: 'HOLDFAST_ERR_STORAGE_BUSY', retryable: true });
  expect(after).toMatchObject({ outcome: 'appended', version: 1, position: 4 });
  other.close();
  writer.close();
});

test('what the database refuses fails alone, and the position is what is in the log', () => {
  makeDatabase(2);
  const database = open();
  const log = new LogWriter(database, { path, lockTimeoutMs: 0, clock: { now: () => 1 }, run: '' });
  const twice = foreignAppend('s', 'noted', 1);

  const outcomes = log.appendGroup([foreignAppend('t', 'noted', 1), twice, twice]);

  expect(outcomes).toMatchObject([{ position: 3 }, { position: 4 }, { code: 'HOLDFAST_ERR_INVARIANT' }]);
  expect(log.position).toBe(4);
  const [next] = log.appendGroup([foreignAppend('u', 'noted', 1)]);
  expect(next).toMatchObject({ version: 1, position: 5 });
  database.close();
});
