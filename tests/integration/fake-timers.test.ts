import { spawnSync } from 'node:child_process';
import { expect, onTestFinished, test, vi } from 'vitest';
import { notebook } from '../support/fixtures/notebook.ts';
import { openRuntime } from '../support/open-runtime.ts';

test('a runtime opens, takes commands and closes while a test fakes all timers', async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());

  const runtime = await openRuntime(['notebook']);
  const actor = runtime.actor(notebook, 'n');

  await expect(actor.send({ type: 'noted', id: 'a' })).resolves.toMatchObject({ version: 1 });
  await expect(actor.snapshot()).resolves.toMatchObject({ version: 1 });
  await runtime.close();
});

test('waiting for a state ends as a test advances its faked timers', async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const runtime = await openRuntime(['notebook']);
  const actor = runtime.actor(notebook, 'n');
  await actor.send({ type: 'noted', id: 'a' });

  const late = actor.waitFor(({ version }) => version > 1, { timeoutMs: 60_000 });
  vi.advanceTimersByTime(60_000);

  await expect(late).rejects.toMatchObject({ code: 'HOLDFAST_ERR_TIMEOUT' });
});

test('property tests end while the timers of node:test are in the place of those of the system', () => {
  const program = `
    import { mock } from 'node:test';
    import { propertyTest, testPaths } from 'holdfast/testing';
    import { createMachine } from 'xstate';
    mock.timers.enable();
    const door = createMachine({ initial: 'a', states: { a: { on: { GO: 'b' } }, b: { on: { GO: 'a' } } } });
    const isA = ({ value }) => value === 'a';
    await propertyTest(door, { numRuns: 3, eventually: { isA } });
    await propertyTest(door, { numRuns: 3, invariants: { isA } }).then(() => process.exit(1), () => undefined);
    await testPaths(door);
  `;
  // What waits for a timer that nobody moves leaves nothing to wait for: Node.js ends with 13 then.
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
    encoding: 'utf8',
  });
  expect(status, stderr).toBe(0);
});
