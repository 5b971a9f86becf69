import { expect, test } from 'vitest';
import { neverAborted } from '../../runtime/waiting/on-abort.ts';
import { pause } from '../../runtime/waiting/pause.ts';

const timers = (): number =>
  process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;

test('a pause under a signal that is aborted already is none', async () => {
  await expect(pause(86_400_000, AbortSignal.abort())).resolves.toBeUndefined();
});

test('a pause ends with the abort of its signal', async () => {
  const abort = new AbortController();
  const day = pause(86_400_000, abort.signal);
  const endless = pause(Number.POSITIVE_INFINITY, abort.signal);

  abort.abort();

  await expect(Promise.all([day, endless])).resolves.toBeDefined();
});

test('a pause ends after its time, and one of none lets the event loop turn', async () => {
  let turns = 0;
  setImmediate(() => turns++);

  await pause(0);
  await pause(1);

  expect(turns).toBe(1);
});

test('a pause keeps no process alive', () => {
  const before = timers();

  void pause(86_400_000, neverAborted);

  expect(timers()).toBe(before);
});
