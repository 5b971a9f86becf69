import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/**
 * The programs of a page by their names. A block of code begins the file that its first line names; one that names none
 * goes on with the `app.ts` that was begun before.
 */
function programsOf(page: string): Map<string, string> {
  const programs = new Map<string, string>();
  for (const [, code = ''] of page.matchAll(/^```ts\n(.*?)^```$/gms)) {
    const name = /^\/\/ ([\w-]+(?:\.\w+)*\.ts)/.exec(code)?.[1] ?? 'app.ts';
    const begun = programs.get(name);
    programs.set(name, begun === undefined ? code : `${begun}\n${code}`);
  }
  return programs;
}

/** What a page says that its program prints, in order. */
function printedOf(page: string): string {
  return [...page.matchAll(/^```text\n(.*?)^```$/gms)].map(([, text]) => text).join('');
}

async function run(program: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-example-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return (await promisify(execFile)(process.execPath, [join(root, program)], { cwd: folder })).stdout;
}

/** Every file of an example stands on its page, as it is, and the program prints what the page says. */
async function expectExample(path: string, example: string): Promise<void> {
  const page = read(path);
  const programs = programsOf(page);

  expect([...programs.keys()]).toContain('app.ts');
  for (const [name, code] of programs) expect(code).toBe(read(`${example}/${name}`));
  expect(printedOf(page)).not.toBe('');
  expect(await run(`${example}/app.ts`)).toBe(printedOf(page));
}

test('the example of how to send commands and read state prints what the page says', async () => {
  await expectExample('docs/how-to/actors.md', 'docs/examples/commands');
});

test('the example of how to use the event store prints what the page says', async () => {
  await expectExample('docs/how-to/event-store.md', 'docs/examples/event-store');
});

test('the backend of the page keeps the contract', async () => {
  const printed = await run('docs/examples/event-store/counting-backend.contract.ts');

  // It exits with 1 if it does not; without tests, it would exit well.
  expect(printed).toMatch(/close waits for appends under way/);
});
