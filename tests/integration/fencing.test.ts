import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { wrap } from 'comlink';
import { expect, onTestFinished, test } from 'vitest';
import { expectWholeLog } from '../support/stored-log.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

interface Control {
  invoke(
    method: string,
    args: readonly unknown[],
  ): Promise<{ ok: boolean; value?: unknown; error?: unknown }>;
}

/** A store thread as the library starts it, spoken to without the library, which would never send a late append. */
async function startStoreThread(path: string) {
  const [control, appends, heads] = [new MessageChannel(), new MessageChannel(), new MessageChannel()];
  const signals = new MessageChannel();
  const closed = new Int32Array(new SharedArrayBuffer(4));
  const data = {
    path,
    lockTimeoutMs: 1_000,
    appends: appends.port2,
    heads: heads.port2,
    signals: signals.port2,
    run: 'run',
    closed,
    hurried: new Int32Array(new SharedArrayBuffer(8)),
  };
  const worker = new Worker(fileURLToPath(import.meta.resolve('holdfast/worker')), {
    workerData: { holdfast: 'store', control: control.port2, data },
    transferList: [control.port2, appends.port2, heads.port2, signals.port2],
  });
  const ended = new Promise((resolve) => worker.once('exit', resolve));
  const started = await new Promise((resolve) => worker.once('message', resolve));
  expect(started).toEqual({ holdfast: {} });
  const remote = wrap<Control>(control.port1 as never);
  const call = async (method: string, ...args: unknown[]) => {
    const result = await remote.invoke(method, args);
    expect(result).toMatchObject({ ok: true });
  };
  const connect = async (host: number, generation: number): Promise<MessagePort> => {
    const { port1, port2 } = new MessageChannel();
    const answers = new MessageChannel();
    const reads = new MessageChannel();
    const { transfer } = await import('comlink');
    const args = transfer([host, generation, port2, answers.port2, reads.port2], [
      port2,
      answers.port2,
      reads.port2,
    ] as never);
    onTestFinished(() => {
      answers.port1.close();
      reads.port1.close();
    });
    expect(await remote.invoke('connectHost', args)).toMatchObject({ ok: true });
    return port1;
  };
  const close = async () => {
    await call('close');
    await ended;
    for (const port of [control.port1, appends.port1, heads.port1, signals.port1]) port.close();
  };
  return { call, connect, close };
}

/** Sends one append over a port of a host and resolves with what the store answers: id, outcome, and so on. */
function append(port: MessagePort, id: string, expectedVersion: number): Promise<unknown[]> {
  const answer = new Promise<unknown[]>((resolve) => port.once('message', resolve));
  const request = [1, 'notebook/n', expectedVersion, null, null, null];
  port.postMessage([...request, 1, id, 'noted', 1, JSON.stringify({ id }), null, '']);
  return answer;
}

test('a late append of a host that was replaced is refused, and that of its successor is not', async () => {
  const path = join(temporaryFolder(), 'app.db');
  const store = await startStoreThread(path);
  const first = await store.connect(0, 1);
  onTestFinished(() => first.close());
  const [, outcome] = await append(first, 'a', 0);

  await store.call('fenceHost', 0, 2);
  const [, late, , , , error] = await append(first, 'b', 1);
  const second = await store.connect(0, 2);
  onTestFinished(() => second.close());
  const [, next] = await append(second, 'c', 1);
  const [, later] = await append(first, 'd', 2);
  await store.close();

  expect([outcome, late, next, later]).toEqual(['appended', 'failed', 'appended', 'failed']);
  expect(error).toMatchObject({ code: 'HOLDFAST_ERR_GENERATION_FENCED' });
  const { ids } = await expectWholeLog(path, ['a', 'c']);
  expect(ids).toEqual(['a', 'c']);
});

test('the fence of one host does not concern another', async () => {
  const path = join(temporaryFolder(), 'app.db');
  const store = await startStoreThread(path);
  const [first, second] = [await store.connect(0, 1), await store.connect(1, 1)];
  onTestFinished(() => [first, second].forEach((port) => void port.close()));

  await store.call('fenceHost', 0, 2);
  const [, outcome] = await append(second, 'a', 0);
  await store.close();

  expect(outcome).toBe('appended');
});
