import { EventEmitter } from 'node:events';
import type { MessageChannel, MessagePort } from 'node:worker_threads';
import { cloneMessage } from './clone-message.ts';
import type { EventLoop, Inbox, Task } from './event-loop.ts';
import type { Scheduler } from './scheduler.ts';

type Waiting =
  | { readonly message: unknown; readonly readyAt: number }
  | { readonly isEnd: true; readonly readyAt: number };

/** What happens to messages on their way. */
export interface Wire {
  /** How long the next message takes, in milliseconds. */
  latencyMs(): number;
}

/** One end of a channel between simulated threads: keeps the order of messages, and belongs to the loop that listens. */
export class SimulatedPort extends EventEmitter implements Inbox {
  readonly #scheduler: Scheduler;
  readonly #wire: Wire;
  readonly #waiting: Waiting[] = [];
  #peer: SimulatedPort | undefined;
  #loop: EventLoop | undefined;
  #isClosed = false;
  /** What arrives is what this makes of it, if it is set. */
  onArrival: ((message: unknown) => unknown) | undefined;

  constructor(scheduler: Scheduler, wire: Wire) {
    super();
    this.#scheduler = scheduler;
    this.#wire = wire;
    this.on('newListener', (event) => {
      const { current } = scheduler;
      if (event === 'message' && current !== undefined) this.belongTo(current);
    });
  }

  /** Two ends of one channel. */
  static pair(scheduler: Scheduler, wire: Wire): MessageChannel {
    const [port1, port2] = [new SimulatedPort(scheduler, wire), new SimulatedPort(scheduler, wire)];
    port1.#peer = port2;
    port2.#peer = port1;
    return { port1, port2 } as unknown as MessageChannel;
  }

  get readyAt(): number {
    const [first] = this.#waiting;
    if (first === undefined || this.listenerCount('message') === 0) return Number.POSITIVE_INFINITY;
    return first.readyAt;
  }

  /** Its messages have their turns in this loop. */
  belongTo(loop: EventLoop): void {
    if (this.#loop === loop) return;
    this.#loop?.inboxes.delete(this);
    this.#loop = loop;
    if (!this.#isClosed) loop.inboxes.add(this);
  }

  postMessage(message: unknown, _moved?: readonly unknown[]): void {
    if (this.#isClosed || this.#loop?.isAlive === false || this.#scheduler.current?.isAlive === false) return;
    this.#peer?.receive(cloneMessage(message, (value) => value instanceof SimulatedPort));
  }

  /** A message arrives, in its time and behind those before it. */
  receive(message: unknown): void {
    if (this.#isClosed) return;
    const readyAt = this.#scheduler.now + this.#wire.latencyMs();
    this.#waiting.push({ message, readyAt: Math.max(readyAt, this.#waiting.at(-1)?.readyAt ?? 0) });
  }

  take(): Task | undefined {
    const first = this.#waiting.shift();
    if (first === undefined) return undefined;
    if ('isEnd' in first) return () => this.#end();
    return () => {
      const message = this.onArrival === undefined ? first.message : this.onArrival(first.message);
      this.emit('message', message);
    };
  }

  /** The next message, without its turn. */
  takeNow(): { readonly message: unknown } | undefined {
    const [first] = this.#waiting;
    if (first === undefined || 'isEnd' in first) return undefined;
    this.#waiting.shift();
    return { message: first.message };
  }

  /** The other side is told behind what it was sent before. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#waiting.length = 0;
    this.#loop?.inboxes.delete(this);
    this.#loop?.soon(() => this.emit('close'));
    const peer = this.#peer;
    if (peer === undefined || peer.#isClosed) return;
    peer.#waiting.push({ isEnd: true, readyAt: peer.#waiting.at(-1)?.readyAt ?? this.#scheduler.now });
  }

  start(): void {}

  ref(): void {}

  unref(): void {}

  #end(): void {
    this.#isClosed = true;
    this.#loop?.inboxes.delete(this);
    this.emit('close');
  }
}

/** A port of the simulation, as those see it who use it for a real one. */
export function simulatedPort(port: MessagePort): SimulatedPort {
  return port as unknown as SimulatedPort;
}
