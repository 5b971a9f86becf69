import type { Worker } from 'node:worker_threads';
import { expect, onTestFinished, test } from 'vitest';
import { counter } from '../support/fixtures/counter.ts';
import { ledger } from '../support/fixtures/ledger.ts';
import { openRuntime } from '../support/open-runtime.ts';

/** Threads of this process that run, and what is told of each as it is made. */
function watchThreads(onMade: (made: number) => void): ReadonlySet<Worker> {
  const running = new Set<Worker>();
  let made = 0;
  const onWorker = (worker: Worker): void => {
    running.add(worker);
    worker.once('exit', () => running.delete(worker));
    onMade(++made);
  };
  process.on('worker', onWorker);
  onTestFinished(() => void process.off('worker', onWorker));
  return running;
}

test.each([
  ['reader', 2],
  ['thread of the projections', 3],
])('a close as the %s starts leaves no thread behind', async (_, last) => {
  const starting = Promise.withResolvers<void>();
  const running = watchThreads((made) => {
    if (made === last) starting.resolve();
  });
  const runtime = await openRuntime(['ledger']);

  const asked = Promise.allSettled([runtime.query(ledger, 'select 1')]);
  await starting.promise;
  await runtime.close();

  expect(running.size).toBe(0);
  expect(await asked).toMatchObject([{ status: 'rejected' }]);
});

test.each([
  ['reader', 1],
  ['thread that folds', 2],
])('a close as the %s starts ends what asks for a state of the past', async (_, last) => {
  const starting = Promise.withResolvers<void>();
  const runtime = await openRuntime(['counter']);
  await runtime.actor(counter, 'a').send({ type: 'added', by: 1 });
  await runtime.close();
  const again = await openRuntime(['counter'], { database: runtime.database });
  const running = watchThreads((made) => {
    if (made === last) starting.resolve();
  });

  const asked = Promise.allSettled([again.stateAt('counter/a')]);
  await starting.promise;
  await again.close();

  expect(await asked).toMatchObject([{ reason: { code: 'HOLDFAST_ERR_CLOSED' } }]);
  expect(running.size).toBe(0);
});
