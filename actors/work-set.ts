import type { ActorPath } from '../runtime/protocol/consequences.ts';
import type { WorkDescription } from './asked.ts';
import type { WorkEvent } from './stand-in.ts';
import { type MachineEvent, runLogic } from './xstate-adapter.ts';

/** Who hears what running work tells. */
export interface WorkSetListener {
  /** Something that the tree has to hear: a value or the end of the work itself. */
  told(work: WorkDescription, event: WorkEvent): void;
  /** An event that a callback or an observable sent to the actor that started it. */
  sent(work: WorkDescription, parent: ActorPath, event: MachineEvent): void;
  emitted(event: MachineEvent): void;
}

type Running = { send(event: MachineEvent): void; stop(): void };

/** The work of one actor that runs in this thread. */
export class WorkSet {
  readonly #running = new Map<string, Running>();
  readonly #listener: WorkSetListener;

  constructor(listener: WorkSetListener) {
    this.#listener = listener;
  }

  get isEmpty(): boolean {
    return this.#running.size === 0;
  }

  has(key: string): boolean {
    return this.#running.has(key);
  }

  start(work: WorkDescription): void {
    if (this.#running.has(work.key)) return;
    const { key, id, logic, input } = work;
    const ids = JSON.parse(work.actor) as string[];
    const parent: ActorPath = ids.length > 1 ? JSON.stringify(ids.slice(0, -1)) : '';
    // It may tell something while it starts, which the listener must not take for work that has been left.
    this.#running.set(key, { send: () => undefined, stop: () => undefined });
    const running = runLogic(logic, {
      id,
      parentId: ids.at(-2) ?? key.slice(0, key.lastIndexOf('@')),
      input,
      idempotencyKey: key,
      listener: {
        next: (value) => this.#tell(work, { type: 'holdfast.work.next', value }),
        done: (output) => this.#tell(work, { type: 'holdfast.work.done', output }),
        failed: (error) => this.#tell(work, { type: 'holdfast.work.failed', error }),
        sent: (event) => {
          if (this.#running.has(key)) this.#listener.sent(work, parent, event);
        },
        emitted: (event) => this.#listener.emitted(event),
      },
    });
    if (this.#running.has(key)) this.#running.set(key, running);
    else running.stop();
  }

  /** Aborts work that the machine has left. What it still tells is not heard. */
  stop(key: string): void {
    const running = this.#running.get(key);
    this.#running.delete(key);
    running?.stop();
  }

  forward(key: string, event: MachineEvent): void {
    this.#running.get(key)?.send(event);
  }

  /** Stops all that is not among `active`. */
  keepOnly(active: ReadonlySet<string>): void {
    for (const key of [...this.#running.keys()]) if (!active.has(key)) this.stop(key);
  }

  #tell(work: WorkDescription, event: WorkEvent): void {
    if (this.#running.has(work.key)) this.#listener.told(work, event);
  }
}
