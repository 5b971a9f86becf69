import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ChildProgram } from '../support/child-program.ts';
import { SmallDisk, whyNoMount } from '../support/small-disk.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const why = whyNoMount();

/** Has all be read-only but one folder, as for a service that may write its data only. */
const onlyOneWritable = `mount --bind "$0" "$0"
for place in / /tmp /var/tmp /usr/tmp; do mount -o remount,bind,ro "$place" 2>/dev/null; done
cd / && exec "$@"`;

/** What a program says of a large query, and then of a small one, where a folder is the only one that may be written. */
async function sortWhereOnly(folder: string, variables: readonly string[]): Promise<readonly string[]> {
  const prefix = [
    'env',
    '-u',
    'TMPDIR',
    ...variables,
    'unshare',
    '--mount',
    'sh',
    '-c',
    onlyOneWritable,
    folder,
  ];
  const child = new ChildProgram('sort-much.ts', [join(folder, 'app.db')], { prefix, limitMs: 90_000 });
  const { code, lines, stderr } = await child.ended;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return lines;
}

test('a query that finds no folder for temporary files says so, and not that the database is damaged', async ({
  skip,
}) => {
  skip(why !== undefined, why);

  const lines = await sortWhereOnly(temporaryFolder(), []);

  expect(lines).toEqual([expect.stringMatching(/^HOLDFAST_ERR_STORAGE_IO .*SQLITE_TMPDIR/), '1']);
});

test('a query keeps its temporary files where SQLITE_TMPDIR says', async ({ skip }) => {
  skip(why !== undefined, why);
  const folder = temporaryFolder();

  const lines = await sortWhereOnly(folder, [`SQLITE_TMPDIR=${folder}`]);

  expect(lines).toEqual(['300000', '1']);
});

test('a query whose temporary files have no space says that a disk is full', async ({ skip }) => {
  skip(why !== undefined, why);
  const database = join(temporaryFolder(), 'app.db');
  const prefix = ['env', `SQLITE_TMPDIR=${new SmallDisk(1_024).folder}`];

  const { lines } = await new ChildProgram('sort-much.ts', [database], { prefix, limitMs: 90_000 }).ended;

  expect(lines).toEqual([expect.stringMatching(/^HOLDFAST_ERR_STORAGE_FULL .*temporary files/), '1']);
});
