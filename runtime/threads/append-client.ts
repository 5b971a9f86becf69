import type { MessagePort } from 'node:worker_threads';
import type { AppendReceipt, AppendRequest } from '../protocol/append.ts';
import { type DirectAnswer, type Frame, readOutcomes, writeAppend } from '../protocol/append-frame.ts';
import { FramePort } from './frame-port.ts';
import { PendingAnswers } from './pending-answers.ts';
import { takeArrived } from './threading.ts';

/** Sends appends to the store thread and hands each outcome to its caller. Appends of one client keep their order. */
export class AppendClient {
  readonly pending = new PendingAnswers<AppendReceipt>();
  readonly #port: MessagePort;
  readonly #frames: FramePort;

  constructor(port: MessagePort) {
    this.#port = port;
    this.#frames = new FramePort(port, (frame) => this.#settle(frame));
  }

  /** The store thread has ended: who was answered is told so, and all others what it ended with. */
  fail(reason: Error): void {
    takeArrived<Frame>(this.#port, (frame) => this.#settle(frame));
    this.pending.fail(reason);
  }

  append(
    request: AppendRequest,
    settle: (outcome: AppendReceipt | Error) => void,
    answer: DirectAnswer | null = null,
  ): void {
    const id = this.pending.add(settle);
    if (id !== undefined) this.#frames.send((frame) => writeAppend(frame, id, request, answer));
  }

  close(): void {
    this.#frames.close();
  }

  #settle(frame: Frame): void {
    readOutcomes(frame, (id, outcome) => this.pending.settle(id, outcome));
  }
}
