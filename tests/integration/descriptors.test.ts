import { join } from 'node:path';
import { expect, type TestContext, test } from 'vitest';
import { runChild } from '../support/child-program.ts';
import { limited, whyNoLimit } from '../support/process-limits.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const limit = 'nofile=200';

/** Does something in a process that has no file descriptors for a while. */
async function withoutDescriptors(what: string, context: TestContext): Promise<readonly string[]> {
  const why = whyNoLimit(limit);
  if (why !== undefined) process.stderr.write(`file descriptors are not limited: ${why}\n`);
  context.skip(why !== undefined, why);
  const database = join(temporaryFolder(), 'app.db');

  const { code, stderr, lines } = await runChild('lack-descriptors.ts', [what, database], {
    prefix: limited(limit),
  });

  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return lines;
}

/** An import that has failed once fails for ever there: tried with 22.14. */
function skipWhereImportsStayFailed(context: TestContext): void {
  const isOld = Number.parseInt(process.versions.node, 10) < 24;
  context.skip(isOld, 'this Node.js keeps failed imports');
}

test('a store that lacks file descriptors says so, and is whole again when there are some', async (context) => {
  skipWhereImportsStayFailed(context);

  expect(await withoutDescriptors('store', context)).toEqual([
    'append: done',
    'flush: done',
    'verify: HOLDFAST_ERR_STORAGE_IO true',
    'backup: HOLDFAST_ERR_STORAGE_IO true',
    'open: HOLDFAST_ERR_STORAGE_IO true',
    'append: done',
    'flush: done',
    'verify: done',
    'backup: done',
    'open: done',
    'close: done',
  ]);
});

test('a store can be closed also without file descriptors', async (context) => {
  expect(await withoutDescriptors('close', context)).toEqual(['append: done', 'flush: done', 'close: done']);
});

test('a store thread that an application gives a file for outlives a lack of file descriptors', async (context) => {
  skipWhereImportsStayFailed(context);

  expect(await withoutDescriptors('worker-file', context)).toEqual([
    ...Array.from({ length: 3 }, () => 'append: done'),
    'flush: done',
    'close: done',
  ]);
});

test('a runtime that lacks file descriptors before its first command goes on when there are some', async (context) => {
  skipWhereImportsStayFailed(context);

  expect(await withoutDescriptors('runtime', context)).toEqual([
    'send: HOLDFAST_ERR_THREAD_START true',
    'rehearse: HOLDFAST_ERR_STORAGE_IO true',
    'stateAt: HOLDFAST_ERR_STORAGE_IO true',
    'query: HOLDFAST_ERR_STORAGE_IO true',
    'createRuntime: HOLDFAST_ERR_THREAD_START true',
    'send: done',
    'rehearse: done',
    'stateAt: done',
    'query: done',
    'createRuntime: done',
    'state: running',
    'close: done',
  ]);
});

test('work for the CPU pool says that there was no thread for it, and the process goes on', async (context) => {
  const all = (outcome: string) => ['verify', 'rehearse', 'stateAt'].map((name) => `${name}: ${outcome}`);

  expect(await withoutDescriptors('pool', context)).toEqual([
    ...all('done'),
    // It reads the log beside the file before it needs a thread.
    'verify: HOLDFAST_ERR_STORAGE_IO true',
    'rehearse: HOLDFAST_ERR_THREAD_START true',
    'stateAt: HOLDFAST_ERR_THREAD_START true',
    ...all('done'),
    'close: done',
  ]);
});

test('a host that runs does not die of a lack of file descriptors', async (context) => {
  expect(await withoutDescriptors('host', context)).toEqual(['commands: done', 'host: null', 'close: done']);
});
