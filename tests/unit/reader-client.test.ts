import { expect, onTestFinished, test, vi } from 'vitest';
import { ReaderClient } from '../../runtime/threads/reader-client.ts';
import { codedError } from '../support/coded-error.ts';

/** A reader in the middle of a statement, which answers nothing and ends when it is told to halt. */
const deaf = `
  import { parentPort, workerData } from 'node:worker_threads';
  const { requests, halt, closed } = workerData.data;
  requests.on('message', () => undefined);
  halt.on('message', () => {
    Atomics.store(closed, 0, 1);
    process.exit();
  });
  parentPort.postMessage({});`;

test('a close leaves a thread that is in the middle of a statement for too long', async () => {
  const workerUrl = new URL(`data:text/javascript,${encodeURIComponent(deaf)}`);
  const reader = await ReaderClient.start('nowhere.db', workerUrl);
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const asked = expect(reader.query('titles', 1, 'select 1', [], undefined)).rejects.toThrow(
    codedError('HOLDFAST_ERR_CLOSED'),
  );

  const closing = reader.close();
  await vi.advanceTimersByTimeAsync(5_000);

  await closing;
  await asked;
  await reader.thread.ended;
});
