import { execFile } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** A folder with every program that has a name on a page, and the examples, each page in a folder of its own. */
function folderOfPages(): string {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-types-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const name of ['xstate', 'fast-check', 'zod', '@opentelemetry', '@types']) {
    const link = join(folder, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), link);
  }
  symlinkSync(root, join(folder, 'node_modules/holdfast'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  cpSync(join(root, 'docs/examples'), join(folder, 'examples'), { recursive: true });
  for (const page of [
    'README.md',
    ...readdirSync(join(root, 'docs/how-to')).map((name) => `docs/how-to/${name}`),
  ]) {
    const into = join(folder, basename(page, '.md'));
    mkdirSync(into);
    for (const [, code = '', name = ''] of read(page).matchAll(/^```ts\n(\/\/ ([\w.-]+\.ts).*?)^```$/gms))
      writeFileSync(join(into, name), code);
  }
  return folder;
}

test('what a reader copies from the pages passes the type check with the options of the README', async () => {
  const folder = folderOfPages();
  const [, options = ''] = /`("strict": true,[^`]*)` in\s+tsconfig\.json/.exec(read('README.md')) ?? [];
  writeFileSync(join(folder, 'tsconfig.json'), `{ "compilerOptions": { ${options} } }`);

  const said = await promisify(execFile)(
    process.execPath,
    [join(root, 'node_modules/typescript/bin/tsc'), '-p', folder],
    { cwd: folder },
  ).then(
    ({ stdout }) => stdout,
    (failed: { stdout: string }) => failed.stdout,
  );

  expect(options).toContain('"types": ["node"]');
  expect(said).toBe('');
}, 120_000);
