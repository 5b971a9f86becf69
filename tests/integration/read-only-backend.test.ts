import { join } from 'node:path';
import { ReadOnlySqliteBackend, SqliteEventStoreBackend } from 'holdfast/store';
import { expect, onTestFinished, test, vi } from 'vitest';
import { temporaryFolder } from '../support/temporary-folder.ts';

test('a watch asks again only once it has its answer, and is over when it has failed', async () => {
  const path = join(temporaryFolder(), 'app.db');
  await (await SqliteEventStoreBackend.open(path)).close();
  const backend = await ReadOnlySqliteBackend.open(path);
  onTestFinished(() => backend.close());
  const answers: PromiseWithResolvers<number>[] = [];
  const reader = (backend as unknown as { reader(): { request(): Promise<number> } }).reader();
  const asked = vi.spyOn(reader, 'request').mockImplementation(() => {
    const answer = Promise.withResolvers<number>();
    answers.push(answer);
    return answer.promise;
  });
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
  onTestFinished(() => void vi.useRealTimers());
  const [listener, failed] = [vi.fn<(position: number) => void>(), vi.fn<(reason: Error) => void>()];

  backend.watch(listener, failed);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(asked).toHaveBeenCalledTimes(1);
  answers[0]?.resolve(7);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(asked).toHaveBeenCalledTimes(2);
  answers[1]?.reject(new Error('the disk'));
  await vi.advanceTimersByTimeAsync(10_000);
  vi.useRealTimers();
  await backend.close();

  expect(asked).toHaveBeenCalledTimes(2);
  expect(listener.mock.calls).toEqual([[7]]);
  expect(failed.mock.calls).toEqual([[new Error('the disk')]]);
});
