import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

test('the example of how to call what may fail prints what it says', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-policies-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(root, join(folder, 'node_modules', 'holdfast'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  const page = readFileSync(join(root, 'docs/how-to/policies.md'), 'utf8');
  const [, code = ''] = /^```ts\n(.*?)^```$/ms.exec(page) ?? [];
  writeFileSync(join(folder, 'app.ts'), code);

  const { stdout } = await promisify(execFile)(process.execPath, ['app.ts'], { cwd: folder });

  expect(stdout.trim().split('\n')).toEqual(['Oslo: 4', 'Oslo: 4', 'Rome: unknown after 3 attempts']);
});
