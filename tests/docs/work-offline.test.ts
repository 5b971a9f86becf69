import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

test('the example of how to work offline prints what it says', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-offline-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(root, join(folder, 'node_modules', 'holdfast'));
  symlinkSync(join(root, 'node_modules', 'xstate'), join(folder, 'node_modules', 'xstate'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  const page = readFileSync(join(root, 'docs/how-to/work-offline.md'), 'utf8');
  for (const [, code = ''] of page.matchAll(/^```ts\n(.*?)^```$/gms)) {
    writeFileSync(join(folder, /^\/\/ ([\w-]+\.ts)/.exec(code)?.[1] ?? 'other.ts'), code);
  }

  const { stdout } = await promisify(execFile)(process.execPath, ['app.ts'], { cwd: folder });

  expect(stdout.trim().split('\n')).toEqual([
    'queued []',
    'found',
    "[ '/notes/1 note-1', '/notes/2 note-2' ] 2",
  ]);
});
