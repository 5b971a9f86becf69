import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

test('the examples of how to test machines pass under node:test, and one fails as the page says with a bug in it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-test-your-machines-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(root, join(folder, 'node_modules', 'holdfast'));
  for (const peer of ['fast-check', 'xstate'])
    symlinkSync(join(root, 'node_modules', peer), join(folder, 'node_modules', peer));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  const page = readFileSync(join(root, 'docs/how-to/test-your-machines.md'), 'utf8');
  const [code = '', account = ''] = [...page.matchAll(/^```ts\n(\/\/ \w+\.test\.ts\n.*?)^```$/gms)].map(
    ([, block]) => block as string,
  );
  const bug = code.replace(
    "=== context.paid, target: 'refunded' }",
    ">= context.paid, target: 'refunded', actions: assign({ refunded: ({ context, event }) => context.refunded + event.cents }) }",
  );
  expect(bug).not.toBe(code);
  writeFileSync(join(folder, 'order.test.ts'), code);
  writeFileSync(join(folder, 'bug.test.ts'), bug);
  writeFileSync(join(folder, 'account.test.ts'), account);
  const run = (file: string) =>
    promisify(execFile)(process.execPath, ['--test', '--test-isolation=none', '--test-reporter=tap', file], {
      cwd: folder,
    }).then(
      ({ stdout }) => stdout,
      (failed: { stdout: string }) => failed.stdout,
    );

  const [passed, failed, specified] = await Promise.all(
    ['order', 'bug', 'account'].map((name) => run(`${name}.test.ts`)),
  );

  expect(passed).toContain('# pass 1');
  expect(specified).toContain('# pass 3');
  expect(failed).toContain('# fail 1');
  expect(failed).toContain(
    'The invariant "not more is given back than was paid" does not hold after 4 steps',
  );
  expect(failed).toContain("4. { type: 'REFUND', cents: 1 }");
});
