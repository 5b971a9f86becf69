import type { ThreadServices } from '../../runtime/protocol/container-blueprint.ts';
import type { ActorPath } from '../../runtime/protocol/timer.ts';
import type { WorkDescription } from '../steps/asked.ts';
import type { WorkEvent } from '../steps/stand-in.ts';
import { type MachineEvent, runLogic } from '../xstate-adapter.ts';

/** Who hears what running work tells. */
export interface WorkSetListener {
  /** Something that the tree has to hear: a value or the end of the work itself. */
  told(work: WorkDescription, event: WorkEvent): void;
  /** An event that a callback or an observable sent to the actor that started it, perhaps while it starts. */
  sent(work: WorkDescription, parent: ActorPath, event: MachineEvent, isStarting: boolean): void;
  emitted(event: MachineEvent): void;
  /** Whether there is room for one more event. */
  hasRoom(): boolean;
  /** The failure of work that tells more than there is room for. */
  flooded(work: WorkDescription): Error;
  /** What work may ask. */
  readonly services?: ThreadServices | undefined;
}

type Running = { send(event: MachineEvent): void; stop(): void };

/** Work that has been stopped, and whose end its machine has not heard of yet. */
const stopped: Running = { send: () => undefined, stop: () => undefined };

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
    const starting = { ...stopped };
    this.#running.set(key, starting);
    const running = runLogic(logic, {
      id,
      parentId: ids.at(-2) ?? key.slice(0, key.lastIndexOf('@')),
      input,
      idempotencyKey: key,
      services: this.#listener.services,
      listener: {
        next: (value) => {
          if (this.#isHeard(work)) this.#tell(work, { type: 'holdfast.work.next', value });
        },
        done: (output) => this.#tell(work, { type: 'holdfast.work.done', output }),
        failed: (error) => this.#tell(work, { type: 'holdfast.work.failed', error }),
        sent: (event) => {
          if (!this.#isHeard(work)) return;
          this.#listener.sent(work, parent, event, this.#running.get(key) === starting);
        },
        emitted: (event) => this.#listener.emitted(event),
      },
    });
    if (this.#running.get(key) === starting) this.#running.set(key, running);
    else running.stop();
  }

  /** Work whose failure is told without running it: once, however often its actor is read before that is kept. */
  endsUnrun(key: string): void {
    this.#running.set(key, stopped);
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

  /** Whether the work may tell something now. It fails if there is no room for it, since nothing can have it wait. */
  #isHeard(work: WorkDescription): boolean {
    const running = this.#running.get(work.key);
    if (running === undefined || running === stopped) return false;
    if (this.#listener.hasRoom()) return true;
    // It stays here until its machine has heard of it, or it would be taken for work that is to be resumed.
    this.#running.set(work.key, stopped);
    this.#listener.told(work, { type: 'holdfast.work.failed', error: this.#listener.flooded(work) });
    running.stop();
    return false;
  }

  #tell(work: WorkDescription, event: WorkEvent): void {
    const running = this.#running.get(work.key);
    if (running !== undefined && running !== stopped) this.#listener.told(work, event);
  }
}
