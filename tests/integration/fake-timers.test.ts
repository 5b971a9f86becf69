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
