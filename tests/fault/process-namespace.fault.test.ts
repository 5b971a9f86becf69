import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ChildProgram } from '../support/child-program.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { testThoroughly } from '../support/thorough.ts';

/** Process numbers of its own, as in a container, by root or in a user namespace. */
const unshare = [
  ...(process.getuid?.() === 0 ? ['unshare'] : ['unshare', '-r']),
  ...['--pid', '--fork', '--kill-child', '--mount-proc'],
];

/** Why no process numbers can be had that are not those of others, or `undefined` if they can. */
function whyNoProcessNamespace(): string | undefined {
  const [command = '', ...args] = unshare;
  const { error, status } = spawnSync(command, [...args, 'true'], { stdio: 'ignore' });
  if (error !== undefined) return 'unshare is not installed';
  return status === 0 ? undefined : 'no process namespace can be made here';
}

/** A process that believes to be the first of its computer, as all those do that live in a container. */
function inContainer(name: string, args: readonly string[]) {
  return new ChildProgram('keep-vigil.ts', args, {
    prefix: ['env', `VIGIL_NAME=${name}`, ...unshare],
    limitMs: 90_000,
  });
}

/** The lines of a book in which those write that begin to keep vigil. */
function linesOf(book: string): string[] {
  return existsSync(book) ? readFileSync(book, 'utf8').trim().split('\n') : [];
}

function newBook() {
  const why = whyNoProcessNamespace();
  const folder = temporaryFolder();
  return { why, database: join(folder, 'app.db'), book: join(folder, 'book') };
}

test('processes that cannot see each other leave one another the work that each of them does', async ({
  skip,
}) => {
  const { why, database, book } = newBook();
  skip(why !== undefined, why);
  const first = inContainer('first', [database, book, 'one']);
  await first.printed(1);
  await expect.poll(() => linesOf(book)).toEqual(['first one']);

  const second = inContainer('second', [database, book, 'two']);
  await second.printed(1);
  await expect.poll(() => linesOf(book)).toContain('second two');

  expect(linesOf(book)).toEqual(['first one', 'second two']);
});

testThoroughly(
  'work of a killed process that could not be seen is taken over by the next',
  async ({ skip }) => {
    const { why, database, book } = newBook();
    skip(why !== undefined, why);
    const first = inContainer('first', [database, book, 'one']);
    await first.printed(1);
    await expect.poll(() => linesOf(book)).toEqual(['first one']);
    first.kill();
    await first.ended;

    inContainer('second', [database, book]);

    await expect.poll(() => linesOf(book), { timeout: 60_000 }).toEqual(['first one', 'second one']);
  },
);
