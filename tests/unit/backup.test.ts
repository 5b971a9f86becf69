import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MessagePort } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { openForReading, openForWriting } from '../../runtime/sqlite/connection/open-database.ts';
import { backupDatabase } from '../../runtime/sqlite/copies/backup.ts';
import { partialName, removeLeftovers } from '../../runtime/sqlite/copies/partial-file.ts';
import { codedError } from '../support/coded-error.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** A new database, and what it is to be copied to. */
function newDatabase(): { folder: string; path: string; target: string } {
  const folder = temporaryFolder();
  const path = join(folder, 'app.db');
  openForWriting({ path, lockTimeoutMs: 1_000 }).close();
  return { folder, path, target: join(folder, 'copy.db') };
}

/** Who is told of the progress of a backup, in the middle of it. */
function toldOf(onProgress: () => void = () => undefined): MessagePort {
  const port: Partial<MessagePort> = {
    on: () => port as MessagePort,
    postMessage: onProgress,
    close: () => undefined,
  };
  return port as MessagePort;
}

const copiesIn = (folder: string): string[] => readdirSync(folder).filter((name) => name.startsWith('copy'));

/** The number of a process that there is no more. */
const endedProcess = (): number => spawnSync(process.execPath, ['--version']).pid;

test('two backups to one file take nothing from each other: the first to be complete has the name', async () => {
  const { folder, path, target } = newDatabase();
  // Several steps, which take turns.
  const database = openForWriting({ path, lockTimeoutMs: 1_000 });
  database.exec('create table ballast as select zeroblob(8000000)');
  database.close();
  let partialsAtOnce = 0;
  const look = () => {
    const partials = copiesIn(folder).filter((name) => name.endsWith('.partial'));
    partialsAtOnce = Math.max(partialsAtOnce, partials.length);
  };

  const backups = await Promise.allSettled([
    backupDatabase(path, target, toldOf(look)),
    backupDatabase(path, target, toldOf(look)),
  ]);

  expect(partialsAtOnce).toBe(2);
  const failures = backups.flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : []));
  expect(failures).toEqual([codedError('HOLDFAST_ERR_ARGUMENT_INVALID')]);
  expect(copiesIn(folder)).toEqual(['copy.db']);
  const copy = openForReading(target);
  expect(copy.pragma('integrity_check', { simple: true })).toBe('ok');
  copy.close();
});

test.each([180, 181, 239])('a backup can have a name of %i characters', async (length) => {
  const { folder, path } = newDatabase();
  const target = join(folder, `copy${'n'.repeat(length - 4)}`);

  await backupDatabase(path, target, toldOf());

  expect(copiesIn(folder)).toHaveLength(1);
  openForReading(target).close();
});

// The longest held the reader thread for hours, with all that waited for it.
test.each([300, 1_000_000])('a name of %i characters is refused with a code', async (length) => {
  const { folder, path } = newDatabase();

  await expect(backupDatabase(path, join(folder, 'n'.repeat(length)), toldOf())).rejects.toEqual(
    codedError('HOLDFAST_ERR_STORAGE_PATH'),
  );
});

test('a backup replaces no file that has come to be meanwhile', async () => {
  const { folder, path, target } = newDatabase();

  const backup = backupDatabase(
    path,
    target,
    toldOf(() => writeFileSync(target, 'mine')),
  );

  await expect(backup).rejects.toEqual(codedError('HOLDFAST_ERR_ARGUMENT_INVALID'));
  expect(readFileSync(target, 'utf8')).toBe('mine');
  expect(copiesIn(folder)).toEqual(['copy.db']);
});

test('a backup removes what killed ones have left, and neither what others write nor what is not its own', async () => {
  const { folder, path, target } = newDatabase();
  const ended = endedProcess();
  const leftovers = [`${target}.${ended}-1-0-1.partial`, `${target}.${ended}-1-0-2.partial`];
  writeFileSync(leftovers[0] as string, readFileSync(path));
  for (const each of [leftovers[1] as string, `${leftovers[1]}-journal`]) writeFileSync(each, '');
  const others = [`${target}.partial`, `${target}.${ended}-1-0-3.partial`, `${target}.${ended}.partial`];
  for (const each of others) writeFileSync(each, 'my own file');
  // As an older Holdfast names it, which does not say where its process has its number.
  const older = partialName(target).replace(/_\d+(?=-\d+-\d+\.partial$)/, '');
  const written = [partialName(target), partialName(join(folder, 'other.db')), older];
  for (const each of written) writeFileSync(each, '');

  removeLeftovers(target);

  expect([...leftovers, `${leftovers[1]}-journal`].filter((each) => existsSync(each))).toEqual([]);
  expect([...others, ...written].filter((each) => !existsSync(each))).toEqual([]);
});

test('what a process has left whose number this one has now is removed', ({ skip }) => {
  skip(!existsSync('/proc/self/stat'), 'the system does not say when a process began');
  const { target } = newDatabase();
  const leftover = `${target}.${process.pid}-1-0-1.partial`;
  writeFileSync(leftover, '');

  removeLeftovers(target);

  expect(existsSync(leftover)).toBe(false);
});

test('what processes write that cannot be seen from here is left to them as long as it grows', () => {
  const { target } = newDatabase();
  const [written, left] = [1, 2].map((number) => `${target}.1-7_4026-0-${number}.partial`) as [
    string,
    string,
  ];
  for (const each of [written, left]) writeFileSync(each, '');
  const yesterday = Date.now() / 1_000 - 24 * 3_600;
  utimesSync(left, yesterday, yesterday);

  removeLeftovers(target);

  expect([written, left].map((each) => existsSync(each))).toEqual([true, false]);
});
