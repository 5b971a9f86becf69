import type { MessagePort } from 'node:worker_threads';
import { fromWireError, toWireError, type WireError } from '../errors/wire-error.ts';
import { FramePort } from './frame-port.ts';

type Answer = { resolve(value: unknown): void; reject(error: Error): void };

/** Asks methods of another thread over the data plane: requests of one turn leave together, answers come as they are. */
export class RequestClient<Api extends { [Method in keyof Api]: (...args: never[]) => unknown }> {
  readonly #frames: FramePort;
  readonly #waiting = new Map<number, Answer>();
  #onSettled: (() => void) | undefined;
  #lastId = 0;
  #failure: Error | undefined;

  constructor(port: MessagePort) {
    this.#frames = new FramePort(port, (frame) => {
      for (let at = 0; at < frame.length; at += 3)
        this.#settle(frame[at] as number, frame[at + 1], frame[at + 2]);
    });
  }

  request<Method extends keyof Api & string>(
    method: Method,
    ...args: Parameters<Api[Method]>
  ): Promise<ReturnType<Api[Method]>> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const id = ++this.#lastId;
    this.#frames.send((frame) => frame.push(id, method, args));
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as Answer['resolve'], reject });
    });
  }

  /** Rejects everything that waits and all that follows, for when the thread is gone. */
  fail(error: Error): void {
    this.#failure = error;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
    this.#onSettled?.();
  }

  /** Resolves when no request waits for its answer. */
  async settled(): Promise<void> {
    if (this.#waiting.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#onSettled = resolve;
    });
  }

  close(): void {
    this.#frames.close();
  }

  #settle(id: number, value: unknown, error: unknown): void {
    const answer = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === null) answer?.resolve(value);
    else answer?.reject(fromWireError(error as WireError));
    if (this.#waiting.size === 0) this.#onSettled?.();
  }
}

/** Answers requests on a port with the synchronous methods of `api`. Returns how to stop. */
export function serveRequests(
  port: MessagePort,
  api: Record<string, (...args: never[]) => unknown>,
): { close(): void } {
  const frames: FramePort = new FramePort(port, (frame) => {
    for (let at = 0; at < frame.length; at += 3) {
      const [id, method, args] = frame.slice(at, at + 3) as [number, string, never[]];
      let value: unknown;
      let failure: WireError | null = null;
      try {
        value = api[method]?.(...args);
      } catch (error) {
        failure = toWireError(error);
      }
      frames.send((out) => out.push(id, value, failure));
    }
  });
  port.ref();
  return frames;
}
