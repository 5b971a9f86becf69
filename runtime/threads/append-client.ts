import type { MessagePort } from 'node:worker_threads';
import type { AppendReceipt, AppendRequest } from '../protocol/append.ts';
import { readOutcomes, writeAppend } from '../protocol/append-frame.ts';
import { FramePort } from './frame-port.ts';

type Settle = (outcome: AppendReceipt | Error) => void;

/** Sends appends to the store thread and hands each outcome to its caller. Appends of one client keep their order. */
export class AppendClient {
  readonly #frames: FramePort;
  readonly #waiting = new Map<number, Settle>();
  #onSettled: (() => void) | undefined;
  #lastId = 0;
  #failure: Error | undefined;

  constructor(port: MessagePort) {
    this.#frames = new FramePort(port, (frame) =>
      readOutcomes(frame, (id, outcome) => this.#settle(id, outcome)),
    );
  }

  append(request: AppendRequest, settle: Settle): void {
    if (this.#failure !== undefined) {
      settle(this.#failure);
      return;
    }
    const id = ++this.#lastId;
    this.#waiting.set(id, settle);
    this.#frames.send((frame) => writeAppend(frame, id, request));
  }

  /** Settles everything that waits and all that follows, for when the store thread is gone. */
  fail(error: Error): void {
    this.#failure = error;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const settle of waiting) settle(error);
    this.#onSettled?.();
  }

  /** Resolves when no append waits for its outcome. */
  async settled(): Promise<void> {
    if (this.#waiting.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#onSettled = resolve;
    });
  }

  close(): void {
    this.#frames.close();
  }

  #settle(id: number, outcome: AppendReceipt | Error): void {
    const settle = this.#waiting.get(id);
    this.#waiting.delete(id);
    settle?.(outcome);
    if (this.#waiting.size === 0) this.#onSettled?.();
  }
}
