import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

test('the example of a simulation runs as it stands', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-simulate-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, 'node_modules'));
  for (const name of ['holdfast', 'xstate']) {
    symlinkSync(
      name === 'holdfast' ? root : join(root, 'node_modules', name),
      join(folder, 'node_modules', name),
    );
  }
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  const page = readFileSync(join(root, 'docs/how-to/simulate.md'), 'utf8');
  const [, code = ''] = /^```ts\n(.*?)^```$/ms.exec(page) ?? [];
  writeFileSync(join(folder, 'accounts.ts'), code);

  const { stdout } = await promisify(execFile)(process.execPath, ['accounts.ts'], { cwd: folder });

  expect(stdout.trim()).toBe('10 worlds, and not a coin is missing');
});
