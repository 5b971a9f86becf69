import { EventEmitter } from 'node:events';
import { expect, onTestFinished, test, vi } from 'vitest';
import { limits } from '../../runtime/protocol/limits.ts';
import { Thread } from '../../runtime/threads/thread.ts';
import type { ThreadRole } from '../../runtime/threads/thread-role.ts';
import { replaceThreading, systemThreading } from '../../runtime/threads/threading.ts';
import { runChild } from '../support/child-program.ts';
import { errorOf } from '../support/error-of.ts';

type Api = { ask(): string };

/** A thread whose worker runs the given statement when it is asked something, after it has said that it is ready. */
function threadThat(whenAsked: string): Thread<Api> {
  const source = `
    import { parentPort, workerData } from 'node:worker_threads';
    workerData.control.on('message', (asked) => { ${whenAsked} });
    parentPort.postMessage({ holdfast: {} });`;
  return start(source);
}

function start(source: string, role: ThreadRole = 'host'): Thread<Api> {
  const workerUrl = new URL(`data:text/javascript,${encodeURIComponent(source)}`);
  return new Thread<Api>({ role, name: 'host 0.1', workerUrl, data: {} });
}

test('a call to a thread that exits meanwhile is rejected with the exit code', async () => {
  const thread = threadThat('process.exit(3)');
  await thread.started();

  await expect(thread.control.call('ask', [])).rejects.toMatchObject({
    code: 'HOLDFAST_ERR_THREAD_EXITED',
    message: expect.stringContaining('The host 0.1 thread ended: exit code 3.'),
  });
});

test('a call to a thread that throws meanwhile is rejected with what it threw', async () => {
  const thread = threadThat(`throw new Error('boom')`);
  await thread.started();

  await expect(thread.control.call('ask', [])).rejects.toMatchObject({
    code: 'HOLDFAST_ERR_THREAD_EXITED',
    cause: expect.objectContaining({ message: 'boom' }),
  });
});

test('a thread that throws what no string can be made of ends alone, and says so', async () => {
  const thread = threadThat('setImmediate(() => { throw Object.create(null); })');
  await thread.started();

  await expect(thread.control.call('ask', [])).rejects.toMatchObject({
    code: 'HOLDFAST_ERR_THREAD_EXITED',
    message: expect.stringContaining('an object'),
  });
});

test('a call to a thread that has ended is rejected at once', async () => {
  const thread = threadThat('');
  await thread.started();
  await thread.kill();
  await thread.ended;

  await expect(thread.control.call('ask', [])).rejects.toMatchObject({ code: 'HOLDFAST_ERR_THREAD_EXITED' });
});

test('a call that was answered is answered, although the thread ended at once', async () => {
  const answer = `workerData.control.postMessage({ id: asked.id, type: 'RAW', value: { ok: true, value: 'kept' } })`;
  const thread = threadThat(`${answer}; process.exit(0)`);
  await thread.started();

  const asked = thread.control.call('ask', []);
  await new Promise(setImmediate);
  // Answer and end are both there when this thread looks again.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);

  await expect(asked).resolves.toBe('kept');
});

test('a call that is not answered ends at its deadline', async () => {
  const thread = threadThat('');
  await thread.started();

  const asked = thread.control.call('ask', [], { timeoutMs: 5 });

  await expect(asked).rejects.toMatchObject({ code: 'HOLDFAST_ERR_TIMEOUT', retryable: true });
  await thread.kill();
});

test('a thread that ends before it is ready could not be started, and says why', async () => {
  const thread = start(`throw new Error('no such module')`);

  await expect(thread.started()).rejects.toMatchObject({
    code: 'HOLDFAST_ERR_THREAD_START',
    cause: expect.objectContaining({ message: expect.stringContaining('no such module') }),
  });
});

/** How a thread of a role fails to start that cannot even be made. */
async function startWithoutThreads(role: ThreadRole): Promise<unknown> {
  const startWorker = () => {
    throw Object.assign(new Error('Worker initialization failure: EAGAIN'), {
      code: 'ERR_WORKER_INIT_FAILED',
    });
  };
  const restore = replaceThreading({ ...systemThreading, startWorker });
  try {
    return await new Thread<Api>({ role, name: role, workerUrl: undefined, data: {} }).started();
  } finally {
    restore();
  }
}

test.each(['store', 'reader', 'host', 'cpu'] as const)(
  'where no thread can be made, that of a %s could not be started, for no fault of a module',
  async (role) => {
    const failure = await errorOf(startWithoutThreads(role));

    expect(failure).toMatchObject({
      code: 'HOLDFAST_ERR_THREAD_START',
      retryable: true,
      message: expect.stringContaining('(ERR_WORKER_INIT_FAILED). Look at its cause'),
      cause: expect.objectContaining({ message: expect.stringContaining('EAGAIN') }),
    });
    expect(failure.message).not.toContain('module');
  },
);

test.each([
  ['host', 'process.exit(5)', 'it ended at once. Look whether a definition module'],
  ['store', 'process.exit(5)', 'it ended at once. Look at its cause'],
  ['host', tooMany('throw'), 'it ended at once (EMFILE). Look at its cause'],
  ['store', tooMany('throw'), 'it ended at once (EMFILE). Look at its cause'],
  ['reader', reporting(tooMany('')), 'it failed (EMFILE). Look at its cause'],
] as const)('a %s thread whose start ends by %s says where to look', async (role, source, words) => {
  const failure = await errorOf(start(source, role).started());

  expect(failure).toMatchObject({
    code: 'HOLDFAST_ERR_THREAD_START',
    message: expect.stringContaining(words),
  });
});

function tooMany(statement: string): string {
  return `${statement} Object.assign(new Error('EMFILE: too many open files'), { code: 'EMFILE' })`;
}

/** A thread that says what it could not be started with. */
function reporting(error: string): string {
  return `
    import { parentPort } from 'node:worker_threads';
    const { name, message, code } = ${error};
    parentPort.postMessage({ holdfast: { failed: { name, message, code } } });`;
}

test('a call to a thread that ends is rejected also under the fake timers of a test', async () => {
  // In a process of its own: a runner that is missing ticks waits for ever.
  const { lines } = await runChild('end-without-ticks.ts', []);

  expect(lines).toEqual(['HOLDFAST_ERR_THREAD_EXITED']);
});

/** A worker that does not end when it is told to, as one in a loop that V8 does not interrupt. */
class EndlessWorker extends EventEmitter {
  isHeld = true;

  ref(): void {
    this.isHeld = true;
  }

  unref(): void {
    this.isHeld = false;
  }

  /** That of Node.js holds the process too. */
  terminate(): Promise<number> {
    this.ref();
    return new Promise(() => undefined);
  }
}

test('a thread that does not end counts as ended, holds no process, and is not waited for at the exit', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  onTestFinished(() => void vi.useRealTimers());
  const worker = new EndlessWorker();
  onTestFinished(replaceThreading({ ...systemThreading, startWorker: () => worker as never }));
  const atExit = process.listenerCount('exit');
  const thread = start('');
  thread.hold();

  const killed = Promise.all([thread.kill(), thread.kill()]);
  await vi.advanceTimersByTimeAsync(limits.threadEndMs);
  await killed;

  await expect(thread.ended).resolves.toMatchObject({ code: 'HOLDFAST_ERR_THREAD_EXITED' });
  expect(thread.isLeftBehind).toBe(true);
  await thread.kill();
  expect(worker.isHeld).toBe(false);
  expect(process.listenerCount('exit')).toBe(atExit + 1);

  worker.emit('exit', 1);
  await vi.advanceTimersByTimeAsync(0);
  expect(thread.isLeftBehind).toBe(false);
  expect(process.listenerCount('exit')).toBe(atExit);
});
