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
      return status === 0 && major >= 16 && (major < 22 || (major === 22 && minor < 12));
    });
}

test('importing any door on a Node.js that calls itself old is refused before an addon is loaded', async () => {
  const preload = join(temporaryFolder(), 'pretend.mjs');
  writeFileSync(
    preload,
    `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '22.11.0' } });
     process.dlopen = () => { throw new Error('an addon was loaded'); };`,
  );

  const { code, lines } = await runChild('import-door.mjs', doors, { execArgv: ['--import', preload] });

  expect({ code, lines }).toEqual({ code: 0, lines: doors.map(() => 'HOLDFAST_ERR_NODE_VERSION') });
});

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
