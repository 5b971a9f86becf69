import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { createRuntime, type Runtime } from 'holdfast';
import { expect, onTestFinished, test } from 'vitest';
import { runChild } from '../support/child-program.ts';
import { codedError } from '../support/coded-error.ts';
import { counter } from '../support/fixtures/counter.ts';
import { endless } from '../support/fixtures/endless.ts';
import { timed } from '../support/fixtures/unsupported.ts';
import { fixture, openRuntime } from '../support/open-runtime.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const execute = promisify(execFile);

/** A runtime whose only module has this text. */
async function openWithModule(text: string): Promise<Runtime> {
  const folder = temporaryFolder();
  const path = join(folder, 'module.mjs');
  writeFileSync(path, text);
  const runtime = await createRuntime({
    database: join(folder, 'app.db'),
    modules: [pathToFileURL(path)],
    hosts: 1,
  });
  onTestFinished(() => runtime.close());
  return runtime;
}

test.each([
  ['throws', `throw new Error('not in the mood');`, /not in the mood/],
  ['is no JavaScript', 'this is no JavaScript', /could not be imported/],
  ['imports what is not there', `import 'no-such-package';`, /no-such-package/],
])('a module that %s fails every call with its reason', async (_, text, reason) => {
  const runtime = await openWithModule(text);
  const actor = runtime.actor(counter, 'a');

  const moduleLoad = codedError('HOLDFAST_ERR_MODULE_LOAD', { message: expect.stringMatching(reason) });
  await expect(actor.send({ type: 'locked' })).rejects.toEqual(moduleLoad);
  await expect(actor.snapshot()).rejects.toEqual(moduleLoad);
  await expect(actor.changes().next()).rejects.toEqual(moduleLoad);
  await expect(runtime.store.append('still', [{ type: 'works' }])).resolves.toMatchObject({ version: 1 });
});

test.each([
  ['an enum', 'export enum Colour { Red }', /strips types.*`erasableSyntaxOnly`/],
  ['a parameter property', 'export class A { constructor(readonly x: number) {} }', /strips types/],
  ['a path alias', `export * from '@/domain.ts';`, /path aliases/],
  ['a file without its extension', `export * from './domain';`, /whole name/],
  ['a type that is imported as a value', `import { Runtime } from 'node:os';`, /`import type`/],
])('the error of a module with %s says what to do', async (_, text, advice) => {
  const folder = temporaryFolder();
  const path = join(folder, 'module.ts');
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  writeFileSync(path, text);
  const runtime = await openRuntime([], { modules: [pathToFileURL(path)] });

  await expect(runtime.actor(counter, 'a').send({ type: 'locked' })).rejects.toEqual(
    codedError('HOLDFAST_ERR_MODULE_LOAD', { message: expect.stringMatching(advice) }),
  );
});

test('what a module says to whoever has started its thread is not taken for the start of a host', async () => {
  const folder = temporaryFolder();
  const path = join(folder, 'module.mjs');
  const says = "parentPort?.postMessage({ ready: true }); throw new Error('no configuration');";
  writeFileSync(path, `import { parentPort } from 'node:worker_threads'; ${says}`);
  const runtime = await openRuntime([], { modules: [pathToFileURL(path)] });

  await expect(runtime.actor(counter, 'a').send({ type: 'locked' })).rejects.toEqual(
    codedError('HOLDFAST_ERR_MODULE_LOAD', { message: expect.stringMatching(/no configuration/) }),
  );
});

test('a module that was compiled is found by the name of its source, as its imports are', async () => {
  const folder = temporaryFolder();
  const compiled = `export { counter } from '${fixture('counter').href}';`;
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(folder, 'module.js'), compiled);
  const runtime = await openRuntime([], { modules: [new URL('module.ts', pathToFileURL(`${folder}/`))] });

  await expect(runtime.actor(counter, 'a').snapshot()).resolves.toMatchObject({ version: 0 });
});

test('what the compiled module lacks is told as what it lacks', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'module.mjs'), `import './not-there.js';`);
  const runtime = await openRuntime([], { modules: [pathToFileURL(join(folder, 'module.mts'))] });

  await expect(runtime.actor(counter, 'a').snapshot()).rejects.toEqual(
    codedError('HOLDFAST_ERR_MODULE_LOAD', { message: expect.stringMatching(/Cannot find .*not-there\.js/) }),
  );
});

test('a module that does not exist fails the call with its URL', async () => {
  const missing = fixture('no-such-module');
  const runtime = await openRuntime([], { modules: [missing] });

  await expect(runtime.actor(counter, 'a').send({ type: 'locked' })).rejects.toEqual(
    codedError('HOLDFAST_ERR_MODULE_LOAD', { message: expect.stringContaining(missing.href) }),
  );
});

// As in Node.js before 22.18, under a loader that is given as `--import tsx`.
test('hosts take TypeScript in a process that does not, with its flags and their values', async () => {
  const execArgv = [
    '--no-experimental-strip-types',
    '--import',
    'data:text/javascript,',
    '--conditions',
    'x',
  ];

  const { lines, stderr } = await runChild('start-from-javascript.mjs', [join(temporaryFolder(), 'app.db')], {
    execArgv,
  });

  expect(lines, stderr).toEqual(['on']);
});

test('a program that is given as a text starts hosts from their file', async () => {
  const program = join(import.meta.dirname, '../support/children/start-from-javascript.mjs');
  const text = `process.argv[2] = process.argv[1]; await import(${JSON.stringify(pathToFileURL(program).href)});`;

  const { stdout, stderr } = await execute(process.execPath, [
    ...['--input-type=module', '--eval', text],
    join(temporaryFolder(), 'app.db'),
  ]);

  expect(stdout, stderr).toBe('on\n');
});

test.each([
  ['--no-addons', /better-sqlite3 cannot be loaded/],
  ['--disallow-code-generation-from-strings', /better-sqlite3 cannot be loaded/],
  ['--frozen-intrinsics', /without --frozen-intrinsics/],
])('what cannot work with %s says so', async (flag, reason) => {
  const { code, stderr } = await runChild('start-from-javascript.mjs', [join(temporaryFolder(), 'app.db')], {
    execArgv: [flag],
  });

  expect(code).toBe(1);
  expect(stderr).toMatch(/HOLDFAST_ERR_THREAD_START/);
  expect(stderr).toMatch(reason);
});

test('a module that ends its thread fails the call', async () => {
  const runtime = await openWithModule('process.exit(5);');

  await expect(runtime.actor(counter, 'a').send({ type: 'locked' })).rejects.toEqual(
    codedError('HOLDFAST_ERR_THREAD_START'),
  );
});

test('a module that never finishes loading is given up, and close does not wait for it', async () => {
  const folder = temporaryFolder();
  const path = join(folder, 'module.mjs');
  writeFileSync(path, 'await new Promise((resolve) => setTimeout(resolve, 2 ** 30));');
  const runtime = await createRuntime({
    database: join(folder, 'app.db'),
    modules: [pathToFileURL(path)],
    hosts: 1,
    commandTimeoutMs: 300,
    closeTimeoutMs: 100,
  });

  await expect(runtime.actor(counter, 'a').send({ type: 'locked' })).rejects.toEqual(
    codedError('HOLDFAST_ERR_TIMEOUT'),
  );
  await runtime.close();

  expect(runtime.state).toBe('closed');
});

test('a definition that no module exports is named, with those that are', async () => {
  const runtime = await openRuntime(['document']);

  await expect(runtime.actor(counter, 'a').send({ type: 'locked' })).rejects.toThrow(
    'No module given to the runtime exports a definition of "counter"; they export document.',
  );
});

test('two definitions of one kind are refused', async () => {
  const runtime = await openRuntime(['counter', 'counter-again']);

  await expect(runtime.actor(counter, 'a').send({ type: 'locked' })).rejects.toEqual(
    codedError('HOLDFAST_ERR_DEFINITION_DUPLICATE', { message: expect.stringContaining('"counter"') }),
  );
});

test('one definition that two modules export is one', async () => {
  const runtime = await openRuntime(['counter', 'counter-exported']);

  await expect(runtime.actor(counter, 'a').send({ type: 'locked' })).resolves.toMatchObject({ version: 1 });
});

test('a machine that would lose something is refused with every reason', async () => {
  const runtime = await openRuntime(['unsupported', 'counter']);

  await expect(runtime.actor(timed, 'a').send({ type: 'started' })).rejects.toEqual(
    codedError('HOLDFAST_ERR_MACHINE_UNSUPPORTED', {
      kind: 'timed',
      problems: [
        expect.stringContaining('State "timed.waiting" spawns an actor that is given in place') as string,
        expect.stringContaining('State "timed.spawning" spawns an actor that is given in place') as string,
      ],
    }),
  );
  // It concerns nobody else.
  await expect(runtime.actor(counter, 'a').send({ type: 'locked' })).resolves.toMatchObject({ version: 1 });
});

test('a machine with an endless loop fails the command, not the host', async () => {
  const runtime = await openRuntime(['endless']);
  const actor = runtime.actor(endless, 'a');

  await expect(actor.send({ type: 'spun' })).rejects.toEqual(codedError('HOLDFAST_ERR_TRANSITION_FAILED'));

  await expect(actor.send({ type: 'rested' })).resolves.toMatchObject({ version: 1 });
});

test('a module that opens a runtime while a host imports it is told to define only, and starts no more threads', async () => {
  const runtime = await openWithModule(`
    import { SqliteEventStoreBackend } from ${JSON.stringify(import.meta.resolve('holdfast/store'))};
    await SqliteEventStoreBackend.open('never.db');
  `);

  const sent = runtime.actor(counter, 'a').send({ type: 'locked' });

  await expect(sent).rejects.toEqual(
    codedError('HOLDFAST_ERR_MODULE_LOAD', {
      message: expect.stringContaining('Move them to a module'),
      cause: codedError('HOLDFAST_ERR_INSIDE_HOST'),
    }),
  );
});
