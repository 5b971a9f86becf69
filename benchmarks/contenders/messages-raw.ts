import { isMainThread, MessageChannel, type MessagePort, Worker, workerData } from 'node:worker_threads';
import { answerFields, batch, fieldCounts, requestFields } from '../fixtures/sample-request.ts';
import { readTask, report } from '../measurement.ts';

if (isMainThread) await measure();
else echo(workerData as MessagePort);

/** Answers every request. */
function echo(port: MessagePort): void {
  port.on('message', (requests: unknown[]) => {
    const answers: unknown[] = [];
    for (let at = 0; at < requests.length; at += fieldCounts.request) {
      answers.push(...answerFields(requests[at] as number));
    }
    port.postMessage(answers);
  });
}

/** Sends a batch of requests for every batch of answers. */
async function measure(): Promise<void> {
  const { size, inFlight } = readTask();
  const { port1, port2 } = new MessageChannel();
  const worker = new Worker(new URL(import.meta.url), { workerData: port2, transferList: [port2] });
  let sent = 0;
  let answered = 0;
  let last = 0;
  let onLast: () => void = () => undefined;
  const sendBatch = () => {
    const requests: unknown[] = [];
    for (let index = 0; index < batch; index++) requests.push(...requestFields(++sent));
    port1.postMessage(requests);
  };
  port1.on('message', (answers: unknown[]) => {
    if (sent < last) sendBatch();
    answered += answers.length / fieldCounts.answer;
    if (answered >= last) onLast();
  });
  const exchange = (count: number) =>
    new Promise<void>((resolve) => {
      last = answered + count;
      onLast = resolve;
      for (let index = 0; index < inFlight; index += batch) sendBatch();
    });

  await exchange(size / 10);
  const start = performance.now();
  await exchange(size);
  const seconds = (performance.now() - start) / 1_000;
  await worker.terminate();
  port1.close();
  report({ value: size / seconds, unit: 'messages/s', detail: { seconds } });
}
