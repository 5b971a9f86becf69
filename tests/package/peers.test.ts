import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');

test('without fast-check, the testing door opens, and what needs it says what to install', () => {
  const program = `
    import { registerHooks } from 'node:module';
    registerHooks({
      resolve: (name, context, next) => {
        if (name === 'fast-check') throw Object.assign(new Error('not installed'), { code: 'ERR_MODULE_NOT_FOUND' });
        return next(name, context);
      },
    });
    const { propertyTest, eventStoreContract } = await import('holdfast/testing');
    const { createMachine } = await import('xstate');
    console.log(typeof eventStoreContract);
    await propertyTest(createMachine({})).catch(({ code, peer, message }) => console.log(code, peer, message));
  `;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: root,
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  const [first, second] = stdout.split('\n');
  expect(first).toBe('function');
  expect(second).toMatch(/^HOLDFAST_ERR_PEER_MISSING fast-check .*npm install --save-dev fast-check/);
});
