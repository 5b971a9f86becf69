import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { createRuntime } from 'holdfast';
import { expect, onTestFinished, test } from 'vitest';
import { runChild } from '../support/child-program.ts';
import { codedError } from '../support/coded-error.ts';
import { notebook } from '../support/fixtures/notebook.ts';
import { fixture } from '../support/open-runtime.ts';
import { expectWholeLog } from '../support/stored-log.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = join(import.meta.dirname, '../..');

test('a worker file that was moved is found by its URL', async () => {
  const folder = temporaryFolder();
  await build({
    entryPoints: [join(root, 'dist/runtime/threads/worker.js')],
    outfile: join(folder, 'moved-worker.mjs'),
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['better-sqlite3', 'piscina'],
    banner: {
      js: `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);`,
    },
    logLevel: 'error',
  });
  linkPackages(folder);
  const runtime = await createRuntime({
    database: join(folder, 'app.db'),
    modules: [fixture('notebook')],
    workerUrl: pathToFileURL(join(folder, 'moved-worker.mjs')),
    hosts: 1,
  });
  onTestFinished(() => runtime.close());

  await expect(runtime.actor(notebook, 'n').send({ type: 'noted', id: 'a' })).resolves.toMatchObject({
    version: 1,
  });
});

test('a worker file that is not there is reported, not waited for', async () => {
  const folder = temporaryFolder();

  const started = createRuntime({
    database: join(folder, 'app.db'),
    modules: [],
    workerUrl: pathToFileURL(join(folder, 'missing.mjs')),
  });

  await expect(started).rejects.toEqual(
    codedError('HOLDFAST_ERR_THREAD_START', {
      message: expect.stringMatching(
        /_NOT_FOUND\). Look at its cause\. .* better-sqlite3 .*external.* `workerUrl`/,
      ),
    }),
  );
});

test('an application in a single file starts its threads from itself', async () => {
  const folder = temporaryFolder();
  const outfile = join(folder, 'app.mjs');
  await build({
    entryPoints: [join(import.meta.dirname, '../support/children/single-file-app.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    // The addon cannot be bundled; everything else is.
    external: ['better-sqlite3'],
    banner: {
      js: `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);`,
    },
    logLevel: 'error',
  });
  linkPackages(folder);
  const database = join(folder, 'app.db');

  const { code, lines, stderr } = await runChild(outfile, [database]);

  expect({ code, stderr, lines }).toEqual({
    code: 0,
    stderr: '',
    lines: ['sent 1', 'read a', 'verified true', 'rehearsed true 1', 'exported 1'],
  });
  await expectWholeLog(database, ['a']);
});

test('an application in a single file of CommonJS does without the files that it cannot find', async () => {
  const folder = temporaryFolder();
  const outfile = join(folder, 'app.cjs');
  await build({
    entryPoints: [join(import.meta.dirname, '../support/children/commonjs-app.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    external: ['better-sqlite3', 'fast-check'],
    logLevel: 'error',
    logOverride: { 'empty-import-meta': 'silent' },
  });
  linkPackages(folder);
  symlinkSync(join(root, 'node_modules/fast-check'), join(folder, 'node_modules/fast-check'));

  const { code, lines, stderr } = await runChild(outfile, [join(folder, 'app.db')]);

  expect({ code, stderr, lines }).toEqual({
    code: 0,
    stderr: '',
    lines: ['sent 1', 'rehearsed true ', 'HOLDFAST_ERR_THREAD_START'],
  });
});

/** Nothing of holdfast, and no more of its packages than the addon. */
function linkPackages(folder: string): void {
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(join(root, 'node_modules/better-sqlite3'), join(folder, 'node_modules/better-sqlite3'));
}
