import { copyFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findLogDamage, provenTransactions } from '../../runtime/sqlite/connection/log-damage.ts';
import { openSqlite, type SqliteDatabase } from '../../runtime/sqlite/driver.ts';

const transactions = 40;
const frameBytes = 24 + 4_096;

let folder: string;
let path: string;
let database: SqliteDatabase;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-log-'));
  path = join(folder, 'notes.db');
  database = openSqlite(path, { readonly: false, busyTimeoutMs: 0 });
  database.pragma('journal_mode = wal');
  database.exec('create table notes (note integer primary key, text text not null)');
  database.pragma('wal_checkpoint(truncate)');
});

afterEach(() => {
  database.close();
  rmSync(folder, { recursive: true });
});

/** Transactions of one to three frames each. */
function write(count: number, database_ = database): void {
  const insert = database_.prepare('insert into notes (text) values (?)');
  for (let at = 0; at < count; at++) insert.run('x'.repeat(100 + 3_000 * (at % 3)));
}

/** How many notes SQLite finds with a log, of the length given. */
function notesWith(log: Buffer, bytes = log.length): number {
  const copy = join(folder, 'copy.db');
  copyFileSync(path, copy);
  writeFileSync(`${copy}-wal`, log);
  truncateSync(`${copy}-wal`, bytes);
  const opened = openSqlite(copy, { readonly: false, busyTimeoutMs: 0 });
  try {
    return opened.prepare<number>('select count(*) from notes').pluck().get() ?? 0;
  } finally {
    opened.close();
    rmSync(`${copy}-shm`, { force: true });
  }
}

function damaged(log: Buffer, at: number): Buffer {
  const copy = Buffer.from(log);
  copy[at] = (copy[at] as number) ^ 4;
  writeFileSync(join(folder, 'damaged-wal'), copy);
  return copy;
}

const find = () => findLogDamage(join(folder, 'damaged-wal'));

test('a log that is whole, cut anywhere, empty or missing has no damage', () => {
  write(transactions);
  const log = readFileSync(`${path}-wal`);

  expect(findLogDamage(`${path}-wal`)).toBe(undefined);
  for (let bytes = 0; bytes < log.length; bytes += 1_999) {
    writeFileSync(join(folder, 'damaged-wal'), log.subarray(0, bytes));
    expect(find(), `${bytes} bytes`).toBe(undefined);
  }
  expect(findLogDamage(join(folder, 'none-wal'))).toBe(undefined);
});

test('a byte that changed is found wherever several transactions would be dropped, with what is sound before it', () => {
  write(transactions);
  const log = readFileSync(`${path}-wal`);
  let found = 0;

  for (let at = 32; at < log.length; at += 7_777) {
    const copy = damaged(log, at);
    const damage = find();
    const kept = notesWith(copy);
    const lost = transactions - kept;
    expect(lost).toBeGreaterThan(0);
    // A few may be what a power cut leaves. Of the damaged one the last frame may be whole, or not.
    if (lost < provenTransactions) expect(damage, `byte ${at}`).toBe(undefined);
    if (damage === undefined) {
      expect(lost, `byte ${at}`).toBeLessThanOrEqual(provenTransactions);
      continue;
    }
    found++;
    expect([lost - 1, lost], `byte ${at}`).toContain(damage.lostTransactions);
    expect(notesWith(copy, damage.soundBytes), `byte ${at}`).toBe(kept);
  }
  expect(found).toBeGreaterThan(10);
});

test.each([3, 9, 17, 22, 26, 31])(
  'a log whose header has changed at byte %i is damaged from its beginning',
  (at) => {
    write(transactions);
    const copy = damaged(readFileSync(`${path}-wal`), at);

    const damage = find();

    expect(notesWith(copy)).toBe(0);
    expect(damage?.soundBytes).toBe(0);
    expect(damage?.lostTransactions).toBeGreaterThanOrEqual(transactions - 1);
  },
);

test('so is one whose header is all zeros', () => {
  write(transactions);
  const log = readFileSync(`${path}-wal`);
  // Its first frame has nothing to follow upon.
  writeFileSync(join(folder, 'damaged-wal'), Buffer.from(log).fill(0, 0, 32));

  expect(notesWith(Buffer.from(log).fill(0, 0, 32))).toBe(0);
  expect(find()).toMatchObject({ soundBytes: 0, lostTransactions: transactions - 1 });
});

test.each([512, 65_536])('a log of pages of %i bytes is looked at as well', (pageBytes) => {
  database.pragma('journal_mode = delete');
  database.pragma(`page_size = ${pageBytes}`);
  database.exec('vacuum');
  database.pragma('journal_mode = wal');
  write(transactions);
  const log = readFileSync(`${path}-wal`);
  expect(findLogDamage(`${path}-wal`)).toBe(undefined);

  const copy = damaged(log, 32 + 2 * (24 + pageBytes) + 100);

  expect(find()?.lostTransactions).toBeGreaterThanOrEqual(transactions - notesWith(copy) - 1);
  damaged(log, 20);
  expect(find()?.soundBytes).toBe(0);
});

test('what an earlier log has left behind in the same file is no damage', () => {
  write(transactions);
  const size = readFileSync(`${path}-wal`).length;
  database.pragma('wal_checkpoint(restart)');
  write(3);

  expect(readFileSync(`${path}-wal`)).toHaveLength(size);
  expect(findLogDamage(`${path}-wal`)).toBe(undefined);
});

test('what a transaction has left that was too large for memory and was taken back is no damage', () => {
  write(3);
  database.pragma('cache_size = 10');
  database.exec('begin');
  write(200);
  database.exec('rollback');
  write(2);

  expect(readFileSync(`${path}-wal`).length).toBeGreaterThan(50 * frameBytes);
  expect(findLogDamage(`${path}-wal`)).toBe(undefined);
});

test('the log of a computer with the other order of bytes is read', () => {
  write(transactions);
  const log = otherOrder(readFileSync(`${path}-wal`));
  writeFileSync(join(folder, 'damaged-wal'), log);
  expect(find()).toBe(undefined);
  expect(notesWith(log)).toBe(transactions);

  damaged(log, 32 + 5 * frameBytes + 100);

  expect(find()?.lostTransactions).toBeGreaterThan(10);
});

/** The same log as the other kind of computer would have made it: checksums over words of the other order. */
function otherOrder(log: Buffer): Buffer {
  const made = Buffer.from(log);
  made.writeUInt32BE(made.readUInt32BE(0) ^ 1, 0);
  const isBig = (made.readUInt32BE(0) & 1) === 1;
  let sums: [number, number] = [0, 0];
  const add = (from: number, bytes: number) => {
    for (let at = from; at < from + bytes; at += 8) {
      const word = (offset: number) => (isBig ? made.readUInt32BE(offset) : made.readUInt32LE(offset));
      const first = (sums[0] + word(at) + sums[1]) >>> 0;
      sums = [first, (sums[1] + word(at + 4) + first) >>> 0];
    }
  };
  const put = (at: number) => {
    made.writeUInt32BE(sums[0], at);
    made.writeUInt32BE(sums[1], at + 4);
  };
  add(0, 24);
  put(24);
  for (let frame = 32; frame + frameBytes <= made.length; frame += frameBytes) {
    add(frame, 8);
    add(frame + 24, 4_096);
    put(frame + 16);
  }
  return made;
}
