import { isMainThread, MessageChannel, type MessagePort, Worker, workerData } from 'node:worker_threads';
import { openFramePort } from '../fixtures/frame-port.ts';
import { answerFields, fieldCounts, requestFields } from '../fixtures/sample-request.ts';
import { readTask, report } from '../measurement.ts';

if (isMainThread) await measure();
else await echo(workerData as MessagePort);

/** Answers every request. */
async function echo(port: MessagePort): Promise<void> {
  const frames = await openFramePort(port, (frame) => {
    for (let at = 0; at < frame.length; at += fieldCounts.request) {
      frames.send((out) => out.push(...answerFields(frame[at] as number)));
    }
  });
}

/** Sends a request for every answer. */
async function measure(): Promise<void> {
  const { size, inFlight } = readTask();
  const { port1, port2 } = new MessageChannel();
  const worker = new Worker(new URL(import.meta.url), { workerData: port2, transferList: [port2] });
  let sent = 0;
  let answered = 0;
  let last = inFlight;
  let onLast: () => void = () => undefined;
  const send = () => {
    const fields = requestFields(++sent);
    frames.send((frame) => frame.push(...fields));
  };
  const frames = await openFramePort(port1, (frame) => {
    for (let at = 0; at < frame.length; at += fieldCounts.answer) {
      if (sent < last) send();
      if (++answered === last) onLast();
    }
  });
  const exchange = (count: number) =>
    new Promise<void>((resolve) => {
      last = answered + count;
      onLast = resolve;
      for (let index = 0; index < inFlight; index++) send();
    });

  await exchange(size / 10);
  const start = performance.now();
  await exchange(size);
  const seconds = (performance.now() - start) / 1_000;
  await worker.terminate();
  frames.close();
  report({ value: size / seconds, unit: 'messages/s', detail: { seconds } });
}
