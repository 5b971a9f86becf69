import { expect, onTestFinished, test, vi } from 'vitest';
import type { CpuPool } from '../../runtime/cpu/pool.ts';
import { verifyWith } from '../../runtime/store/sqlite-backend.ts';
import { ReaderClient } from '../../runtime/threads/reader-client.ts';
import { codedError } from '../support/coded-error.ts';
import { soon } from '../support/soon.ts';

/** A reader in the middle of a statement, which answers nothing and ends when it is told to halt. */
const deaf = `
  import { parentPort, workerData } from 'node:worker_threads';
  const { requests, halt, closed } = workerData.data;
  requests.on('message', () => undefined);
  halt.on('message', () => {
    Atomics.store(closed, 0, 1);
    process.exit();
  });
  parentPort.postMessage({ holdfast: {} });`;

const asks: [string, (reader: ReaderClient) => Promise<unknown>][] = [
  ['a query', (reader) => reader.query('titles', 1, 'select 1', [], undefined)],
  ['a check of the file', (reader) => verifyWith(reader, {} as CpuPool, {}, () => undefined)],
];

test.each(asks)(
  'a close leaves a thread that is in the middle of a statement for too long: %s',
  async (_, ask) => {
    const workerUrl = new URL(`data:text/javascript,${encodeURIComponent(deaf)}`);
    const reader = await ReaderClient.start('nowhere.db', workerUrl);
    const request = vi.spyOn(reader, 'request');
    const asked = expect(ask(reader)).rejects.toThrow(codedError('HOLDFAST_ERR_CLOSED'));
    await vi.waitFor(() => expect(request).toHaveBeenCalled(), soon);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());

    const closing = reader.close();
    await vi.advanceTimersByTimeAsync(5_000);

    await closing;
    await asked;
    await reader.thread.ended;
  },
);
