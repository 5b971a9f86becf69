// Not the global one: tests fake that, and nothing would leave this thread until they turned its clock.
import { setImmediate } from 'node:timers';
import type { MessagePort } from 'node:worker_threads';
import type { Frame } from '../protocol/append-frame.ts';
import { limits } from '../protocol/limits.ts';

/**
 * The data plane over one MessagePort: items written in one turn of the event loop leave as one message, or earlier
 * once a frame is full, so that the other side starts while this one still writes.
 */
export class FramePort {
  readonly #port: MessagePort;
  #frame: Frame = [];
  #items = 0;
  #isClosed = false;

  constructor(port: MessagePort, onFrame: (frame: Frame) => void) {
    this.#port = port;
    port.on('message', onFrame);
    // Whoever waits for an answer keeps the process alive, not the port.
    port.unref();
  }

  /** Writes one item: `write` puts its fields into the frame. */
  send(write: (frame: Frame) => void): void {
    if (this.#isClosed) return;
    write(this.#frame);
    if (++this.#items >= limits.frameItemsMax) this.flush();
    else if (this.#items === 1) setImmediate(() => this.flush());
  }

  /** Sends what was written so far without waiting for the end of the turn. */
  flush(): void {
    if (this.#items === 0 || this.#isClosed) return;
    const frame = this.#frame;
    this.#frame = [];
    this.#items = 0;
    this.#port.postMessage(frame);
  }

  close(): void {
    this.flush();
    this.#isClosed = true;
    this.#port.close();
  }
}
