import { expect, test } from 'vitest';
import { Waiters } from '../../runtime/waiting/waiters.ts';

/** Timers that keep the process alive. */
const held = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;

test('who waits is told when it has come about, and keeps the process alive until then', async () => {
  const before = held();
  const waiters = new Waiters();
  let isThere = false;
  const waiting = waiters.until(() => isThere);
  waiters.look();
  expect(held()).toBe(before + 1);

  isThere = true;
  waiters.look();

  expect(held()).toBe(before);
  await expect(waiting).resolves.toBeUndefined();
});

test('who waits for what was asked for in vain is told why, and holds nothing any more', async () => {
  const before = held();
  const waiters = new Waiters();
  const error = new Error('nobody hears');

  const waiting = waiters.until(
    () => false,
    undefined,
    () => Promise.reject(error),
  );

  await expect(waiting).rejects.toBe(error);
  expect(held()).toBe(before);
});

test('a signal ends the waiting, also one that was aborted before', async () => {
  const waiters = new Waiters();
  const abort = new AbortController();
  const reason = new Error('enough');
  const waiting = waiters.until(() => false, abort.signal);

  abort.abort(reason);

  await expect(waiting).rejects.toBe(reason);
  await expect(waiters.until(() => true, abort.signal)).rejects.toBe(reason);
});

test('nothing is asked for where nobody waits for it', async () => {
  const waiters = new Waiters();
  const reason = new Error('enough');
  const closed = new Error('closed');
  const asked: string[] = [];
  const ask = (why: string) => () => {
    asked.push(why);
    return Promise.reject(new Error('nobody hears'));
  };

  await waiters.until(() => true, undefined, ask('is there'));
  const aborted = waiters.until(() => false, AbortSignal.abort(reason), ask('aborted'));
  await expect(aborted).rejects.toBe(reason);
  waiters.end(closed);
  await expect(waiters.until(() => false, undefined, ask('closed'))).rejects.toBe(closed);

  expect(asked).toEqual([]);
});

test('what is hopeless is told to those for whom it has not come about, and the end to whoever comes later too', async () => {
  const waiters = new Waiters();
  const [damaged, closed] = [new Error('damaged'), new Error('closed')];
  let isThere = false;
  const [lucky, unlucky] = [waiters.until(() => isThere), waiters.until(() => false)];
  isThere = true;

  waiters.look(damaged);
  const later = waiters.until(() => false);
  waiters.end(closed);

  await expect(lucky).resolves.toBeUndefined();
  await expect(unlucky).rejects.toBe(damaged);
  await expect(later).rejects.toBe(closed);
  await expect(waiters.until(() => false)).rejects.toBe(closed);
});
