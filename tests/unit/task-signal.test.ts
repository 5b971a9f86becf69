import { Piscina } from 'piscina';
import { expect, onTestFinished, test, vi } from 'vitest';
import { TaskSignal } from '../../runtime/cpu/task-signal.ts';
import { lackThreads } from '../support/lack-threads.ts';

/** A pool of a few threads whose tasks count themselves. */
function countingPool() {
  const filename = new URL('../support/children/count-task.mjs', import.meta.url).href;
  const pool = new Piscina({ filename, name: 'countOne', minThreads: 0, maxThreads: 3 });
  const count = new Int32Array(new SharedArrayBuffer(4));
  const run = (signal: TaskSignal) => pool.run(count, { signal });
  return { run, count, pool };
}

test('a task that got no thread is passed over once it is withdrawn, and never rejected', async () => {
  const unhandled = vi.fn();
  const events = ['unhandledRejection', 'uncaughtException'] as const;
  for (const event of events) process.on(event, unhandled);
  onTestFinished(() => {
    for (const event of events) process.off(event, unhandled);
  });
  const { run, count, pool } = countingPool();
  onTestFinished(() => pool.destroy());
  const stop = new AbortController();
  const first = run(new TaskSignal(stop.signal));
  const relent = lackThreads();
  onTestFinished(relent);

  for (const signal of [new TaskSignal(stop.signal), new TaskSignal(stop.signal)]) {
    expect(() => run(signal)).toThrow('EAGAIN');
    signal.withdraw();
  }
  await first;
  relent();
  await run(new TaskSignal(stop.signal));
  stop.abort();
  // As long as Node.js takes to find that nobody listens.
  for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);

  expect(count[0]).toBe(2);
  expect(unhandled).not.toHaveBeenCalled();
});

test('a task is given up with the reason of its signal', async () => {
  const { run, pool } = countingPool();
  onTestFinished(() => pool.destroy());
  const stop = new AbortController();
  const task = run(new TaskSignal(stop.signal));
  const reason = new Error('enough');
  stop.abort(reason);

  await expect(task).rejects.toMatchObject({ name: 'AbortError', cause: reason });
  await expect(run(new TaskSignal(stop.signal))).rejects.toMatchObject({ cause: reason });
});
