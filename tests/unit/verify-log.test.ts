import { expect, onTestFinished, test, vi } from 'vitest';
import type { CpuPool } from '../../runtime/cpu/pool.ts';
import { limits } from '../../runtime/protocol/limits.ts';
import type { ReaderRequests, SealedRow } from '../../runtime/protocol/reader-control.ts';
import { verifyLog } from '../../runtime/store/verify-log.ts';
import type { ReaderClient } from '../../runtime/threads/reader-client.ts';

const event: SealedRow = [1, 'id', 'stream', 1, 'noted', 1, '{}', null, '', ''];

test('what fails in the pool while a page is read ends verify, and nothing else', async () => {
  const unhandled = vi.fn();
  process.on('unhandledRejection', unhandled);
  onTestFinished(() => void process.off('unhandledRejection', unhandled));
  const lost = new Error('the thread of the pool was lost');
  const pool: Partial<CpuPool> = { run: () => Promise.reject(lost) };
  let pages = 0;
  const request = async (method: keyof ReaderRequests) => {
    if (method === 'checkFile') return [];
    if (method === 'head') return limits.sealsHereMax + 1;
    // As long as Node.js takes to find that nobody listens.
    await new Promise(setImmediate);
    return pages++ === 0 ? [event] : [];
  };

  await expect(verifyLog({ request } as ReaderClient, pool as CpuPool, {})).rejects.toBe(lost);

  expect(pages).toBe(2);
  expect(unhandled).not.toHaveBeenCalled();
});

test('an abort ends verify while SQLite checks the file, which may take minutes', async () => {
  const reason = new Error('enough');
  const stop = new AbortController();
  const told: unknown[] = [];
  const request = (method: keyof ReaderRequests) => {
    if (method === 'head') return Promise.resolve(7);
    stop.abort(reason);
    return new Promise(() => undefined);
  };

  const verifying = verifyLog({ request } as ReaderClient, {} as CpuPool, {
    signal: stop.signal,
    onProgress: (progress) => told.push(progress),
  });

  await expect(verifying).rejects.toBe(reason);
  expect(told).toEqual([{ done: 0, total: 7 }]);
});

test('an abort ends verify also behind the check that an aborted one has left, and begins no other', async () => {
  const reason = new Error('enough');
  const stop = new AbortController();
  const asked: string[] = [];
  const request = (method: keyof ReaderRequests) => {
    asked.push(method);
    stop.abort(reason);
    return new Promise(() => undefined);
  };
  const verify = () => verifyLog({ request } as ReaderClient, {} as CpuPool, { signal: stop.signal });

  await expect(verify()).rejects.toBe(reason);
  await expect(verify()).rejects.toBe(reason);

  expect(asked).toEqual(['head']);
});
