import { expect, onTestFinished, test } from 'vitest';
import { Router, type RouterOptions } from '../../runtime/hosts/router.ts';
import { EmittedGauge } from '../../runtime/protocol/emitted-gauge.ts';
import { blankRequest } from '../../runtime/protocol/host-messages.ts';
import { replaceThreading, systemThreading } from '../../runtime/threads/threading.ts';
import { playedWorker } from '../support/played-worker.ts';

/** A router whose store answers watches as the test says, and whose hosts do nothing. */
function openRouter(watch: () => Promise<unknown>): Router {
  const startWorker = () => {
    const worker = playedWorker();
    setImmediate(() => worker.emit('message', { holdfast: {} }));
    return worker;
  };
  onTestFinished(replaceThreading({ ...systemThreading, startWorker }));
  const control = { call: async () => undefined };
  const options = {
    backend: { store: () => ({ run: 'run', thread: { control }, watch }) },
    hosts: 1,
    modules: [],
    container: null,
    emitted: new EmittedGauge(),
    residentsMax: 1,
    mailboxCapacity: 10,
    unresponsiveMs: 10_000,
    supervision: {
      strategy: 'one-for-one',
      intensity: 1,
      periodMs: 1,
      backoff: { minMs: 1, maxMs: 1, jitter: 0 },
    },
  };
  const router = new Router(options as unknown as RouterOptions);
  onTestFinished(() => router.close(0));
  return router;
}

test('after the store could not be watched, the next watcher of an actor has it tried again', async () => {
  let watches = 0;
  const router = openRouter(async () => {
    if (++watches === 1) throw new Error('not today');
    return { position: 0, stop: () => undefined };
  });
  const failures: Error[] = [];
  const watch = (id: string) =>
    router.watch(blankRequest('watch', `order/${id}`), {
      changed: () => undefined,
      failed: (error) => failures.push(error),
      ended: () => undefined,
    });

  watch('1');
  await new Promise((resolve) => setImmediate(resolve));
  watch('2');
  watch('3');

  expect(watches).toBe(2);
  expect(failures).toEqual([]);
});
