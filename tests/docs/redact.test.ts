import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

test('the example of how to redact prints what it says', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-redact-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(root, join(folder, 'node_modules', 'holdfast'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  const page = readFileSync(join(root, 'docs/how-to/redact.md'), 'utf8');
  writeFileSync(join(folder, 'app.ts'), /^```ts\n(.*?)^```$/ms.exec(page)?.[1] ?? '');

  const { stdout } = await promisify(execFile)(process.execPath, ['app.ts'], { cwd: folder });

  expect(stdout.trim().split('\n')).toEqual([
    '{ key: *** } 40',
    "{ user: 'bob', login: { Password: '***' }, tokens: 12 }",
    'GET https://***@host/list?page=*** failed, apiKey=***',
    "token=*** { cookie: '***' }",
    "{ userPin: '***', pageToken: 'abc', note: 'card ***' }",
    '***8B4a postgres://***@db/app?ssl=***',
    "{ Authorization: 'Bearer ***cDeF', Accept: '*/*' }",
  ]);
});
