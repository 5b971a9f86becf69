import { expect, onTestFinished, test } from 'vitest';
import { HostThreadClient, type HostThreadOptions } from '../../runtime/hosts/host-thread-client.ts';
import { EmittedGauge } from '../../runtime/protocol/emitted-gauge.ts';
import { HostBoard } from '../../runtime/protocol/host-board.ts';
import type { HostThreadData } from '../../runtime/protocol/host-control.ts';
import { writeEmitted } from '../../runtime/protocol/host-messages.ts';
import { limits } from '../../runtime/protocol/limits.ts';
import type { ThreadData } from '../../runtime/threads/thread.ts';
import { replaceThreading, systemThreading } from '../../runtime/threads/threading.ts';
import { playedWorker } from '../support/played-worker.ts';

/** A host thread that emits as it is told, and ends when it is. */
function startEmitter(emitted: EmittedGauge, onEmitted: HostThreadOptions['onEmitted']) {
  let data: HostThreadData | undefined;
  const worker = playedWorker();
  const putBack = replaceThreading({
    ...systemThreading,
    startWorker: (_, options) => {
      data = (options.workerData as ThreadData).data as HostThreadData;
      return worker;
    },
  });
  const backend = { store: () => ({ run: 'run', thread: { control: { call: async () => undefined } } }) };
  const options = { backend, modules: [], container: null, unresponsiveMs: 1_000, emitted, onEmitted };
  const callbacks = { onAnswer: () => undefined, onTick: () => undefined };
  const client = new HostThreadClient(0, 1, options as unknown as HostThreadOptions, callbacks);
  putBack();
  onTestFinished(() => void worker.emit('exit', 1));

  const { requests, emitted: cells, board: memory } = data as HostThreadData;
  const [gauge, board] = [new EmittedGauge(cells), new HostBoard(memory)];
  /** Emits until no more is let in. `isLost`: nothing of it leaves the thread. */
  const emit = (countMax: number, isLost = false): number => {
    let count = 0;
    for (; count < countMax && gauge.enter(); count++) {
      board.emitting();
      const frame: unknown[] = [];
      writeEmitted(frame, 'order/1', '{}');
      if (!isLost) requests.postMessage(frame);
    }
    return count;
  };
  const end = (): void => {
    client.takeLastAnswers();
    client.release();
  };
  return { emit, end };
}

test('what one thread had sent when it ended makes no room for more than what is on its way', () => {
  const emitted = new EmittedGauge();
  const queue: string[] = [];
  const start = () => startEmitter(emitted, (_, event) => queue.push(event));
  const [lasting, ...mortal] = [start(), start(), start()];
  const max = limits.emittedMax;

  expect(lasting!.emit(max - 30)).toBe(max - 30);
  for (const thread of mortal) {
    expect(thread.emit(10)).toBe(10);
    thread.end();
  }

  // What came is in the queue of the listeners, who have heard nothing so far.
  expect(queue).toHaveLength(20);
  expect(lasting!.emit(max)).toBe(10);
});

test('what a thread had emitted and could not send any more keeps nobody from emitting', () => {
  const emitted = new EmittedGauge();
  const [lasting, mortal] = [startEmitter(emitted, () => undefined), startEmitter(emitted, () => undefined)];
  const max = limits.emittedMax;

  expect([mortal.emit(10), mortal.emit(max, true)]).toEqual([10, max - 10]);
  mortal.end();

  expect(lasting.emit(max, true)).toBe(max - 10);
});
