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
  folder = mkdtempSync(join(tmpdir(), 'holdfast-evolve-'));
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(root, join(folder, 'node_modules', 'holdfast'));
  symlinkSync(join(root, 'node_modules', 'xstate'), join(folder, 'node_modules', 'xstate'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  const page = readFileSync(join(root, 'docs/how-to/evolve.md'), 'utf8');
  for (const [, code = ''] of page.matchAll(/^```ts\n(.*?)^```$/gms)) {
    writeFileSync(join(folder, /^\/\/ ([\w-]+\.ts)/.exec(code)?.[1] ?? 'other.ts'), code);
  }
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('the example of how to evolve reads what its first version has written, and its rehearsal is fine', async () => {
  const program = (module: string, lines: string) => `
    import { createRuntime } from 'holdfast';
    import { account } from './${module}';
    await using runtime = await createRuntime({
      database: 'copy-of-a-users-file.db',
      modules: [new URL('./${module}', import.meta.url)],
    });
    const actor = runtime.actor(account, 'a');
    ${lines}`;
  const writing = `
    for (let each = 0; each < 100; each++) await actor.send({ type: 'deposited', amount: 2 });
    await actor.send({ type: 'frozen' });`;
  const reading = `
    const { state, context } = await actor.snapshot();
    console.log(state, context.cents);`;
  writeFileSync(join(folder, 'write.ts'), program('account-v1.ts', writing));
  writeFileSync(join(folder, 'read.ts'), program('account.ts', reading));

  await run(process.execPath, ['write.ts'], { cwd: folder });
  const rehearsed = await run(process.execPath, ['rehearse.ts'], { cwd: folder });
  const read = await run(process.execPath, ['read.ts'], { cwd: folder });

  expect(rehearsed.stdout.trim()).toBe('ok 1 101');
  expect(read.stdout.trim()).toBe('locked 20000');
});
