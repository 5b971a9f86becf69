import { once } from 'node:events';
import type { Worker } from 'node:worker_threads';
import { expect, onTestFinished, test } from 'vitest';
import { TaskThreads } from '../../runtime/threads/task-threads.ts';
import { replaceThreading, systemThreading } from '../../runtime/threads/threading.ts';

/** A thread that answers each task with its own number, and ends when it is told to. */
const source = `
  import { parentPort, threadId, workerData } from 'node:worker_threads';
  workerData.control.on('message', ({ id }) => {
    workerData.control.postMessage({ id, type: 'RAW', value: { ok: true, value: threadId } });
  });
  parentPort.once('message', () => process.exit(0));
  parentPort.postMessage({ holdfast: {} });`;

/** Threads for tasks, and the workers that were started for them. */
function taskThreads() {
  const workers: Worker[] = [];
  const restore = replaceThreading({
    ...systemThreading,
    startWorker(...how) {
      const worker = systemThreading.startWorker(...how);
      workers.push(worker);
      return worker;
    },
  });
  onTestFinished(restore);
  const workerUrl = new URL(`data:text/javascript,${encodeURIComponent(source)}`);
  const threads = new TaskThreads({ workerUrl, memoryMb: 64, execArgv: undefined });
  onTestFinished(() => threads.destroy());
  return { threads, workers };
}

test('a task is not given to a thread that has ended since the task before', async () => {
  const { threads, workers } = taskThreads();
  const first = await threads.run('any', null, {});
  expect(await threads.run('any', null, {})).toBe(first);

  const [worker] = workers as [Worker];
  worker.postMessage('end');
  await once(worker, 'exit');
  const next = await threads.run('any', null, {});

  expect(next).not.toBe(first);
  expect(workers).toHaveLength(2);
});
