import { isMainThread, MessageChannel, type MessagePort, Worker, workerData } from 'node:worker_threads';
import { reportLatency } from '../fixtures/one-by-one.ts';
import { readTask } from '../measurement.ts';

if (isMainThread) await measure();
else echo(workerData as MessagePort);

/** Answers every message with itself. */
function echo(port: MessagePort): void {
  port.on('message', (message: unknown) => port.postMessage(message));
}

/** One small message there and back, one after the other: what waking two threads costs on this machine. */
async function measure(): Promise<void> {
  const { size } = readTask();
  const { port1, port2 } = new MessageChannel();
  const worker = new Worker(new URL(import.meta.url), { workerData: port2, transferList: [port2] });
  let answered: () => void = () => undefined;
  port1.on('message', () => answered());
  await reportLatency(size, () => {
    const answer = new Promise<void>((resolve) => {
      answered = resolve;
    });
    port1.postMessage(['ping']);
    return answer;
  });
  await worker.terminate();
  port1.close();
}
