import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { expect, test } from 'vitest';
import { runChild } from '../support/child-program.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const doors = [
  'holdfast',
  'holdfast/offline',
  'holdfast/probes',
  'holdfast/container',
  'holdfast/resilience',
  'holdfast/security',
  'holdfast/store',
  'holdfast/testing',
  'holdfast/worker',
];

/** A Node.js that is too old, if there is one on the path. */
function oldNode(): string | undefined {
  return process.env['PATH']
    ?.split(delimiter)
    .map((folder) => join(folder, 'node'))
    .find((node) => {
      const { status, stdout } = spawnSync(node, ['--version'], { encoding: 'utf8' });
      const [major = 0, minor = 0] = (stdout ?? '').slice(1).split('.').map(Number);
      return status === 0 && major >= 16 && (major < 22 || (major === 22 && minor < 14));
    });
}

/** What importing each door comes to in a process that says it is of this version and loads no addon. */
function importPretending(version: string) {
  const preload = join(temporaryFolder(), 'pretend.mjs');
  writeFileSync(
    preload,
    `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } });
     process.dlopen = () => { throw new Error('an addon was loaded'); };`,
  );
  return runChild('import-door.mjs', doors, { execArgv: ['--import', preload] });
}

// Before 22.14 and 23.6 there is no Node-API 10, and the addon crashes the process.
test.each(['20.20.2', '22.11.0', '22.13.1', '23.5.0'])(
  'importing any door on a Node.js that calls itself %s is refused before an addon is loaded',
  async (version) => {
    const { code, lines } = await importPretending(version);

    expect({ code, lines }).toEqual({ code: 0, lines: doors.map(() => 'HOLDFAST_ERR_NODE_VERSION') });
  },
);

test.each(['22.14.0', '23.6.0', '26.0.0'])(
  '%s is new enough, and an import loads no addon',
  async (version) => {
    const { code, lines } = await importPretending(version);

    expect({ code, lines }).toEqual({ code: 0, lines: doors.map(() => 'imported') });
  },
);

test('importing on a real old Node.js is refused with what to do', async ({ skip }) => {
  const node = oldNode();
  skip(node === undefined, 'there is no old Node.js on the path');

  const { code, signal, lines } = await runChild('import-door.mjs', doors, { node: node as string });

  expect({ code, signal, lines }).toEqual({
    code: 0,
    signal: null,
    lines: doors.map(() => 'HOLDFAST_ERR_NODE_VERSION'),
  });
});

test('the program says on a real old Node.js what to do, in one line', ({ skip }) => {
  const node = oldNode();
  skip(node === undefined, 'there is no old Node.js on the path');
  const program = join(import.meta.dirname, '../../dist/runtime/cli/holdfast.js');

  const { status, stdout, stderr } = spawnSync(node as string, [program, 'help'], { encoding: 'utf8' });

  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toMatch(/^holdfast: Holdfast needs Node\.js .*\[HOLDFAST_ERR_NODE_VERSION\]\n$/);
});
