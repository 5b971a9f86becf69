import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-readme-'));
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(root, join(folder, 'node_modules', 'holdfast'));
  symlinkSync(join(root, 'node_modules', 'xstate'), join(folder, 'node_modules', 'xstate'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  const blocks = codeBlocks();
  for (const block of blocks) {
    const name = /^\/\/ ([\w-]+\.ts)/.exec(block)?.[1] ?? 'store.ts';
    writeFileSync(join(folder, name), block);
  }
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('the first example of the README counts on where it stopped', async () => {
  const first = await run(process.execPath, ['app.ts'], { cwd: folder });
  const second = await run(process.execPath, ['app.ts'], { cwd: folder });

  expect(first.stdout.trim()).toBe('1 2');
  expect(second.stdout.trim()).toBe('2 4');
});

test('the example of the event store prints the event that it appended', async () => {
  const { stdout } = await run(process.execPath, ['store.ts'], { cwd: folder });

  expect(stdout.trim()).toBe("1 created { title: 'Plan' }");
});

function codeBlocks(): string[] {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  return [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code as string);
}
