import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const page = readFileSync(join(root, 'docs/how-to/start-fast.md'), 'utf8');
/** The programs of the page by their names, which their first lines have. */
const programs = new Map(
  [...page.matchAll(/^```ts\n\/\/ (\S+\.ts)\n(.*?)^```$/gms)].map(([, name = '', code = '']) => [name, code]),
);

/** What the program prints in a folder that has the programs of the page. */
async function printedBy(
  program: string,
  changed: (code: string) => string = (code) => code,
): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-start-fast-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(root, join(folder, 'node_modules', 'holdfast'));
  symlinkSync(join(root, 'node_modules/xstate'), join(folder, 'node_modules', 'xstate'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  for (const [name, code] of programs)
    writeFileSync(join(folder, name), name === program ? changed(code) : code);
  return (await promisify(execFile)(process.execPath, [program], { cwd: folder })).stdout;
}

test('the example of how to start fast prints what the page says', async () => {
  const [, printed = ''] = /^It prints:\n\n```\n(.*?)^```$/ms.exec(page) ?? [];

  expect(printed).not.toBe('');
  expect(await printedBy('app.ts')).toBe(printed);
});

test('the machine of the page gets its services, and those of a test in their place', async () => {
  const faked = (code: string): string =>
    code
      .replace('modules: [', "modules: [new URL('./fakes.ts', import.meta.url), ")
      .replace('container: services', 'container: fakes')
      .replace(
        "import { letter, services } from './domain.ts';",
        "import { letter } from './domain.ts';\nimport { fakes } from './fakes.ts';",
      );

  expect(await printedBy('main.ts')).toBe('sent from shop@example.org\n');
  expect(await printedBy('main.ts', faked)).toBe('sent not sent\n');
});
