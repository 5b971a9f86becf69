import { expect, onTestFinished, test, vi } from 'vitest';
import type { CpuPool } from '../../runtime/cpu/pool.ts';
import { limits } from '../../runtime/protocol/limits.ts';
import type { SealedRow } from '../../runtime/protocol/reader-control.ts';
import { verifyLog } from '../../runtime/store/verify-log.ts';

test('what fails in the pool while a page is read ends verify, and nothing else', async () => {
  const unhandled = vi.fn();
  process.on('unhandledRejection', unhandled);
  onTestFinished(() => void process.off('unhandledRejection', unhandled));
  const lost = new Error('the thread of the pool was lost');
  const pool: Partial<CpuPool> = { run: () => Promise.reject(lost) };
  let pages = 0;
  const source = {
    checkFile: async () => [],
    lastPosition: async () => limits.sealsHereMax + 1,
    async sealedPage(): Promise<SealedRow[]> {
      // As long as Node.js takes to find that nobody listens.
      await new Promise(setImmediate);
      return pages++ === 0 ? [[1, 'id', 'stream', 1, 'noted', 1, '{}', null, '', '']] : [];
    },
  };

  await expect(verifyLog(source, pool as CpuPool, {})).rejects.toBe(lost);

  expect(pages).toBe(2);
  expect(unhandled).not.toHaveBeenCalled();
});
