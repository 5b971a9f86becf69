import { join } from 'node:path';
import { createRuntime } from 'holdfast';
import { expect, onTestFinished, test, vi } from 'vitest';
import { errorOf } from '../support/error-of.ts';
import { lackThreads } from '../support/lack-threads.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

test('a state of the past that no thread can be made for is refused, and the process goes on', async () => {
  const unhandled = vi.fn();
  process.on('unhandledRejection', unhandled);
  onTestFinished(() => void process.off('unhandledRejection', unhandled));
  await using runtime = await createRuntime({
    database: join(temporaryFolder(), 'app.db'),
    modules: [new URL('../support/fixtures/counter.ts', import.meta.url)],
  });
  await runtime.store.append('counter/visits', [{ type: 'incremented', data: { by: 1 } }]);
  const relent = lackThreads();
  onTestFinished(relent);
  const stop = new AbortController();

  const error = await errorOf(runtime.stateAt('counter/visits', { signal: stop.signal }));
  stop.abort();
  // As long as Node.js takes to find that nobody listens.
  for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);

  expect(error).toMatchObject({ code: 'HOLDFAST_ERR_THREAD_START', retryable: true });
  expect(unhandled).not.toHaveBeenCalled();
  relent();
  await expect(runtime.stateAt('counter/visits')).resolves.toMatchObject({ version: 1 });
});
