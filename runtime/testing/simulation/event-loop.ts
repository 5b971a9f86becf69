/** What waits for its turn in an event loop. */
export type Task = () => void;

/** A port at which messages wait. */
export interface Inbox {
  /** When the first of them can be taken; infinite if there is none. */
  readonly readyAt: number;
  take(): Task | undefined;
}

/** The event loop of one simulated thread: what waits for a turn there. Timers wait with the scheduler. */
export class EventLoop {
  readonly name: string;
  /** Nothing of a loop that is not alive happens any more, and nothing leaves it. */
  isAlive = true;
  readonly immediates: Task[] = [];
  /** The ports that belong to it. */
  readonly inboxes = new Set<Inbox>();
  /** Told of what a task has thrown. */
  readonly onError: (error: unknown) => void;

  constructor(name: string, onError: (error: unknown) => void) {
    this.name = name;
    this.onError = onError;
  }

  /** Has a task run in a turn of its own. */
  soon(task: Task): void {
    if (this.isAlive) this.immediates.push(task);
  }
}
