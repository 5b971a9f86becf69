import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { type ChildEnd, runChild } from '../support/child-program.ts';
import { inspectBundle } from '../support/network-use.ts';
import { whyNoStrace } from '../support/strace.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = join(import.meta.dirname, '../..');

/** For a bundle of the door with everything that it loads later, but for the addon. */
const bundleBudgetBytes = 80 * 1024;

/** Everything that can be loaded: the door, the file of every thread, and what the CPU pool starts. */
const entryPoints = {
  offline: join(root, 'dist/runtime/offline.js'),
  worker: join(root, 'dist/runtime/threads/worker.js'),
  tasks: join(root, 'dist/runtime/cpu/tasks.js'),
  // The door imports it by a name that bundlers do not follow.
  pool: join(root, 'node_modules/piscina/dist/index.js'),
  'pool-worker': join(root, 'node_modules/piscina/dist/worker.js'),
};

/** Addons, of which a bundle can hold the loader only: their packages are searched file by file below. */
const external = ['better-sqlite3', '@napi-rs/nice'];

/** What the threads of the package start from unless `workerUrl` says otherwise: parts of the worker again, in one file. */
const databaseWorker = join(root, 'dist/runtime/threads/database-worker.cjs');

const offlineBundle = () => inspectBundle({ entryPoints, external, absWorkingDir: root });

test('a bundle of the door, and of all threads behind it, holds nothing that could use a network', async () => {
  const { networkUses, hiddenLoaders, externals } = await offlineBundle();

  process.stdout.write(`holdfast/offline imports ${externals.join(', ')}\n`);
  expect(networkUses).toEqual([]);
  // The worker of piscina imports the file with the tasks of the pool, which is ours, through a function of its making.
  expect(hiddenLoaders).toEqual(['Function']);
  expect(externals).toContain('better-sqlite3');
  expect(externals.filter((name) => !name.startsWith('node:') && !external.includes(name))).toEqual([]);
});

test('the file of the threads that hold the addon holds nothing that could use a network', async () => {
  const { networkUses, hiddenLoaders, externals } = await inspectBundle({
    entryPoints: [databaseWorker],
    external,
    absWorkingDir: root,
  });

  expect(networkUses).toEqual([]);
  expect(hiddenLoaders).toEqual([]);
  expect(externals).toEqual(expect.arrayContaining(['better-sqlite3', 'node:worker_threads']));
  expect(externals.filter((name) => !name.startsWith('node:') && !external.includes(name))).toEqual([]);
});

test.each([
  ["import { get } from 'node:https'; export const use = get;", 'node:https'],
  ["export const use = () => import('node:dns/promises');", 'node:dns/promises'],
  ["import { createRequire } from 'node:module'; export const use = require('net');", 'net'],
  ["export const use = () => process.getBuiltinModule('node:tls');", 'node:tls'],
  ["export const use = () => fetch('/');", 'fetch'],
  ["export const use = () => globalThis.fetch('/');", 'globalThis.fetch'],
  ["export const use = () => globalThis['fetch']('/');", 'globalThis.fetch'],
  ["export const use = () => new WebSocket('/');", 'WebSocket'],
  ["export const use = () => new EventSource('/');", 'EventSource'],
  ['export const use = () => new XMLHttpRequest();', 'XMLHttpRequest'],
])('the search of the bundle finds what is planted: %s', async (contents, found) => {
  const planted = { contents, resolveDir: join(root, 'dist/runtime') };
  const whole = `export * from './offline.js';\n${contents}`;

  expect((await inspectBundle({ stdin: planted, external })).networkUses).toContain(found);
  expect((await inspectBundle({ stdin: { ...planted, contents: whole }, external })).networkUses).toContain(
    found,
  );
});

test('the search of the bundle finds what could load a module that no import names', async () => {
  const contents = "export const use = (name) => [process.getBuiltinModule(name), eval('')];";

  const { hiddenLoaders } = await inspectBundle({ stdin: { contents } });
  expect(hiddenLoaders).toEqual(['process.getBuiltinModule', 'eval']);
});

test('the search of the bundle is not misled by a name, a comment or a text', async () => {
  const contents = "export function use(fetch) { return [fetch(), { fetch: 'fetch(' }]; } // fetch(";

  expect((await inspectBundle({ stdin: { contents } })).networkUses).toEqual([]);
});

test('the door stays small, with everything behind it', async () => {
  const { contents, metafile } = await offlineBundle();
  const gzipped = new Map([...contents].map(([path, code]) => [path, gzipSync(code).length]));
  const outputs = new Map(
    Object.entries(metafile.outputs).map(([path, output]) => [
      path.replace(/^.*\bbundle\//, 'bundle/'),
      output,
    ]),
  );
  const sizeOf = (paths: Iterable<string>) =>
    [...paths].reduce((sum, path) => sum + (gzipped.get(path) ?? 0), 0);

  const entry = sizeOf(loadedAtOnce('bundle/offline.js'));
  const bundle = await sizeOfOneFile(['./offline.js']);
  const worker = await sizeOfOneFile(['./threads/worker.js']);
  process.stdout.write(
    `holdfast/offline min+gzip: ${kilobytes(entry)} at import, ${kilobytes(bundle)} with all that it loads later, ` +
      `and its threads start from ${kilobytes(worker)}\n`,
  );
  expect(entry).toBeGreaterThan(1024);
  expect(bundle).toBeLessThanOrEqual(bundleBudgetBytes);

  function loadedAtOnce(path: string, seen = new Set<string>()): Set<string> {
    if (seen.has(path)) return seen;
    seen.add(path);
    for (const imported of outputs.get(path)?.imports ?? []) {
      if (imported.kind === 'import-statement' && !imported.external)
        loadedAtOnce(imported.path.replace(/^.*\bbundle\//, 'bundle/'), seen);
    }
    return seen;
  }
});

/** The size of one bundled file, minified and compressed, as an application ships it. */
async function sizeOfOneFile(modules: readonly string[]): Promise<number> {
  const contents = modules.map((module) => `export * from '${module}';`).join('\n');
  const resolveDir = join(root, 'dist/runtime');
  const bundle = await inspectBundle({ stdin: { contents, resolveDir }, external, splitting: false });
  return [...bundle.contents.values()].reduce((sum, code) => sum + gzipSync(code).length, 0);
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1024).toFixed(1)} KB`;
}

/** Runs a child under strace and returns how it ended with its system calls that have to do with a network. */
async function traced(program: string, ...args: string[]): Promise<ChildEnd & { readonly calls: string[] }> {
  const trace = join(temporaryFolder(), 'trace');
  const prefix = ['strace', '-f', '--seccomp-bpf', '-qqq', '-e', 'trace=%network', '-o', trace];
  const end = await runChild(program, args, { prefix });
  return { ...end, calls: readFileSync(trace, 'utf8').split('\n') };
}

const internet = (calls: readonly string[]): string[] => calls.filter((call) => /\bAF_INET6?\b/.test(call));

test('a whole life of the runtime makes no system call for an internet socket', async (context) => {
  skipWithout(whyNoStrace(), context);
  const database = join(temporaryFolder(), 'app.db');

  const { code, stderr, lines, calls } = await traced('live-offline.ts', database);

  expect({ code, stderr, lines }).toEqual({ code: 0, stderr: '', lines: ['version 1, 201 events, sound'] });
  expect(existsSync(`${database}.backup`)).toBe(true);
  expect(internet(calls)).toEqual([]);
});

test('the trace shows a socket that a program opens', async (context) => {
  skipWithout(whyNoStrace(), context);

  const { code, calls } = await traced('open-socket.ts');

  expect(code).toBe(0);
  expect(internet(calls)).not.toEqual([]);
});

function skipWithout(reason: string | undefined, context: { skip(note: string): never }): void {
  if (reason === undefined) return;
  process.stderr.write(`system calls are not traced: ${reason}\n`);
  context.skip(reason);
}
