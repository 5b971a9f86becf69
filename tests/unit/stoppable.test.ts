import { expect, test } from 'vitest';
import { stoppable } from '../../runtime/stoppable.ts';

/** Counts, then waits for what never comes unless it is stopped; tells when it has been left. */
async function* counting(stop: AbortSignal, onLeft: () => void): AsyncGenerator<number, void, void> {
  try {
    yield 1;
    await new Promise<void>((resolve) => {
      if (stop.aborted) resolve();
      stop.addEventListener('abort', () => resolve(), { once: true });
    });
  } finally {
    onLeft();
  }
}

function begun(signal?: AbortSignal) {
  const left: string[] = [];
  const values = stoppable((stop) => counting(stop, () => left.push('left')), signal);
  return { values, left };
}

const done = { done: true, value: undefined };

test('what waits is left by return, which does not wait with it', async () => {
  const { values, left } = begun();
  await values.next();
  const next = values.next();

  await expect(values.return()).resolves.toEqual(done);

  await expect(next).resolves.toEqual(done);
  expect(left).toEqual(['left']);
});

test('what waits is left by throw, which rejects with what was thrown', async () => {
  const { values, left } = begun();
  await values.next();
  const next = values.next();

  await expect(values.throw(new Error('enough'))).rejects.toThrow('enough');

  await expect(next).resolves.toEqual(done);
  expect(left).toEqual(['left']);
});

test('what waits ends with its signal', async () => {
  const stop = new AbortController();
  const { values, left } = begun(stop.signal);
  await values.next();
  const next = values.next();

  stop.abort();

  await expect(next).resolves.toEqual(done);
  expect(left).toEqual(['left']);
});

test('what nobody has begun to read never begins', async () => {
  const { values, left } = begun();

  await expect(values.return()).resolves.toEqual(done);

  await expect(values.next()).resolves.toEqual(done);
  expect(left).toEqual([]);
});

test('a break out of a loop is a way to leave', async () => {
  const { values, left } = begun();

  for await (const _ of values) break;

  expect(left).toEqual(['left']);
});
