import type { MessagePort } from 'node:worker_threads';
import { invariant } from '../errors/invariant.ts';
import { fromWireError, toWireError, type WireError } from '../errors/wire-error.ts';
import { FramePort } from './frame-port.ts';
import { PendingAnswers } from './pending-answers.ts';

/** Of a request: id, method, arguments. Of an answer: id, value, failure. */
const fields = 3;

/** Asks methods of another thread over the data plane: requests of one turn leave together, answers come as they are. */
export class RequestClient<Api extends { [Method in keyof Api]: (...args: never[]) => unknown }> {
  readonly pending = new PendingAnswers<unknown>();
  readonly #frames: FramePort;

  constructor(port: MessagePort) {
    this.#frames = new FramePort(port, (frame) => {
      for (let at = 0; at < frame.length; at += fields) {
        const [id, value, failure] = frame.slice(at, at + fields) as [number, unknown, WireError | null];
        this.pending.settle(id, failure === null ? value : fromWireError(failure));
      }
    });
  }

  request<Method extends keyof Api & string>(
    method: Method,
    ...args: Parameters<Api[Method]>
  ): Promise<ReturnType<Api[Method]>> {
    return new Promise((resolve, reject) => {
      const id = this.pending.add((answer) => {
        if (answer instanceof Error) reject(answer);
        else resolve(answer as ReturnType<Api[Method]>);
      });
      if (id !== undefined) this.#frames.send((frame) => frame.push(id, method, args));
    });
  }

  /** Sends what was asked so far without waiting for the end of the turn. */
  flush(): void {
    this.#frames.flush();
  }

  close(): void {
    this.#frames.close();
  }
}

/** Answers requests on a port with the synchronous methods of `api`. Returns how to stop. */
export function serveRequests(
  port: MessagePort,
  api: Record<string, (...args: never[]) => unknown>,
): FramePort {
  const frames: FramePort = new FramePort(port, (frame) => {
    for (let at = 0; at < frame.length; at += fields) {
      const [id, method, args] = frame.slice(at, at + fields) as [number, string, never[]];
      let value: unknown;
      let failure: WireError | null = null;
      try {
        const run = api[method];
        invariant(run !== undefined, `there is no call "${method}"`);
        value = run(...args);
      } catch (error) {
        failure = toWireError(error);
      }
      frames.send((out) => out.push(id, value, failure));
    }
  });
  port.ref();
  return frames;
}
