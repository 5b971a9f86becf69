import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { logOf } from '../../runtime/sqlite/connection/preflight.ts';
import { copyOlder } from '../../runtime/sqlite/copies/copy-older.ts';
import { openSqlite } from '../../runtime/sqlite/driver.ts';
import { ChildProgram } from '../support/child-program.ts';
import { codedError } from '../support/coded-error.ts';
import { createOldestLog } from '../support/oldest-log.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const rows = 4_000;

/** A database of an older version, of a few megabytes. */
function olderDatabase(folder: string): string {
  const path = join(folder, 'older.db');
  createOldestLog(path);
  const database = openSqlite(path, { readonly: false, busyTimeoutMs: 0 });
  database.exec(`create table pages (id integer primary key, n integer not null, filler blob) strict;
    with recursive ids (id) as (select 1 union all select id + 1 from ids where id < ${rows})
    insert into pages select id, 0, zeroblob(3900) from ids`);
  database.close();
  return path;
}

test('a copy of a database of an older version is of one moment, while its process writes to it', async () => {
  const folder = temporaryFolder();
  const [path, copy] = [olderDatabase(folder), join(folder, 'copy.db')];
  const child = new ChildProgram('write-to-older.ts', [path, String(rows)]);
  await child.printed(1);

  await copyOlder(path, copy);
  child.kill();
  await child.ended;

  const database = openSqlite(copy, { readonly: false, busyTimeoutMs: 0 });
  expect(database.pragma('user_version', { simple: true })).toBe(1);
  expect(database.pragma('integrity_check(1)', { simple: true })).toBe('ok');
  // What one row has lost, another has got.
  expect(database.prepare('select sum(n) as n, max(n) > 0 as moved from pages').get()).toEqual({
    n: 0,
    moved: 1,
  });
  database.close();
});

test('a database of an older version whose log is damaged is not copied as if it were whole', async () => {
  const folder = temporaryFolder();
  const [open, path, copy] = ['open.db', 'damaged.db', 'copy.db'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  createOldestLog(open);
  const database = openSqlite(open, { readonly: false, busyTimeoutMs: 0 });
  const insert = database.prepare('insert into streams (name) values (?)');
  for (let n = 0; n < 40; n++) insert.run(`stream-${n}`);
  copyFileSync(open, path);
  const log = readFileSync(logOf(open));
  log[200] = (log[200] as number) ^ 1;
  writeFileSync(logOf(path), log);
  database.close();

  await expect(copyOlder(path, copy)).rejects.toEqual(codedError('HOLDFAST_ERR_STORAGE_CORRUPT'));

  expect(existsSync(copy)).toBe(false);
  expect(readFileSync(logOf(path)).equals(log)).toBe(true);
});

test.for(['with a log', 'without one'])(
  'a database of an older version, %s, is copied from a folder that nobody may write to',
  async (log, { skip }) => {
    skip(process.getuid?.() === 0, 'root may write whatever the permissions say');
    const folder = temporaryFolder();
    const [shut, copy] = [join(folder, 'shut'), join(folder, 'copy.db')];
    mkdirSync(shut);
    const [open, path] = [join(folder, 'open.db'), join(shut, 'older.db')];
    createOldestLog(open);
    const database = openSqlite(open, { readonly: false, busyTimeoutMs: 0 });
    database.exec("insert into streams (name) values ('a')");
    if (log === 'without one') database.close();
    copyFileSync(open, path);
    if (log === 'with a log') copyFileSync(logOf(open), logOf(path));
    if (log === 'with a log') database.close();
    chmodSync(shut, 0o555);
    onTestFinished(() => chmodSync(shut, 0o755));

    await copyOlder(path, copy);

    const copied = openSqlite(copy, { readonly: false, busyTimeoutMs: 0 });
    expect(copied.prepare('select name from streams').all()).toEqual([{ name: 'a' }]);
    copied.close();
  },
);
