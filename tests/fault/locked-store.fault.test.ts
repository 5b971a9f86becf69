import { expect, test, vi } from 'vitest';
import { openLockedStore } from '../support/locked-store.ts';

/** Whether something is still waited for after an hour. */
async function lastsAnHour(waiting: Promise<unknown>): Promise<boolean> {
  let isOver = false;
  const end = (): void => {
    isOver = true;
  };
  waiting.then(end, end);
  await vi.advanceTimersByTimeAsync(3_600_000);
  return !isOver;
}

test('a fence is waited for as long as the store waits for the lock of another process', async () => {
  const { fenceHost, unlock } = await openLockedStore();

  const fenced = fenceHost();
  const lasts = await lastsAnHour(fenced);
  await unlock();

  expect(lasts).toBe(true);
  await expect(fenced).resolves.toBeUndefined();
});

test('who watches a store that waits for the lock of another process is answered, and can stop', async () => {
  const { store, unlock } = await openLockedStore();

  const watching = store.watch(() => undefined);
  const lasts = await lastsAnHour(watching);
  await unlock();

  expect(lasts).toBe(true);
  await expect(watching).resolves.toEqual({ position: 0, stop: expect.any(Function) });
});

test('a run begins as soon as the lock of another process is free, and has not failed meanwhile', async () => {
  const { store, unlock } = await openLockedStore();

  const beginning = store.beginRun(() => undefined);
  const lasts = await lastsAnHour(beginning);
  await unlock();

  expect(lasts).toBe(true);
  await expect(beginning).resolves.toBeUndefined();
});

test('a host is not ended because the store waits for the lock of another process', async () => {
  const { startHost, unlock } = await openLockedStore();

  const client = startHost();
  await vi.advanceTimersByTimeAsync(3_600_000);
  await unlock();

  expect(client.verdict).toBeUndefined();
});
