import type { MessagePort } from 'node:worker_threads';
import type { AppendReceipt, AppendRequest } from '../protocol/append.ts';
import { type DirectAnswer, readOutcomes, writeAppend } from '../protocol/append-frame.ts';
import { FramePort } from './frame-port.ts';
import { PendingAnswers } from './pending-answers.ts';

/** Sends appends to the store thread and hands each outcome to its caller. Appends of one client keep their order. */
export class AppendClient {
  readonly pending = new PendingAnswers<AppendReceipt>();
  readonly #frames: FramePort;

  constructor(port: MessagePort) {
    this.#frames = new FramePort(port, (frame) =>
      readOutcomes(frame, (id, outcome) => this.pending.settle(id, outcome)),
    );
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
}
