import { EventEmitter } from 'node:events';
import type { MessagePort, Worker } from 'node:worker_threads';
import { startReport } from '../../threads/report-start.ts';
import type { ThreadData } from '../../threads/thread.ts';
import { EventLoop } from './event-loop.ts';
import type { Scheduler } from './scheduler.ts';
import { SimulatedPort } from './simulated-port.ts';

/** What a simulated thread is made of. */
export interface SimulatedThreadOptions {
  readonly scheduler: Scheduler;
  readonly data: ThreadData;
  readonly name: string;
  /** Does what the thread is for; resolves when it serves. */
  readonly serve: (data: ThreadData) => unknown;
  /** Told of its end, and of the error that nobody caught in it. */
  readonly onEnd: (thread: SimulatedThread, error: unknown) => void;
}

/** A thread of a simulation, in the shape of a `Worker`: an event loop of its own, that may be ended at any moment. */
export class SimulatedThread extends EventEmitter {
  readonly role: ThreadData['holdfast'];
  readonly loop: EventLoop;
  threadId: number;
  readonly #scheduler: Scheduler;
  readonly #parent: EventLoop;
  readonly #ports: SimulatedPort[];
  readonly #onEnd: SimulatedThreadOptions['onEnd'];

  constructor(options: SimulatedThreadOptions, parent: EventLoop, threadId: number) {
    super();
    const { scheduler, data, name, serve } = options;
    this.role = data.holdfast;
    this.threadId = threadId;
    this.#scheduler = scheduler;
    this.#parent = parent;
    this.#onEnd = options.onEnd;
    this.loop = new EventLoop(name, (error) => this.end(1, error));
    scheduler.start(this.loop);
    this.#ports = [data.control, ...Object.values(data.data as object)].filter(
      (value): value is MessagePort & SimulatedPort => value instanceof SimulatedPort,
    );
    for (const port of this.#ports) port.belongTo(this.loop);
    // Without its control plane nothing keeps a thread alive.
    data.control.once('close', () => this.end(0));
    this.loop.soon(() => void this.#start(() => serve(data)));
  }

  /** As the program sees it that runs in the simulation. */
  get asWorker(): Worker {
    return this as unknown as Worker;
  }

  /** Ends the thread now: nothing that it has not sent yet will leave it. */
  end(code: number, error?: unknown): void {
    if (!this.loop.isAlive) return;
    const inboxes = [...this.loop.inboxes] as SimulatedPort[];
    this.#scheduler.end(this.loop);
    for (const port of new Set([...this.#ports, ...inboxes])) port.close();
    this.threadId = -1;
    this.#onEnd(this, error);
    this.#parent.soon(() => {
      if (error !== undefined) this.emit('error', error);
      this.emit('exit', code);
    });
  }

  async terminate(): Promise<number> {
    this.end(1);
    return 1;
  }

  ref(): void {}

  unref(): void {}

  async #start(serve: () => unknown): Promise<void> {
    const message = await startReport(serve);
    if (this.loop.isAlive) this.#parent.soon(() => this.emit('message', message));
  }
}
