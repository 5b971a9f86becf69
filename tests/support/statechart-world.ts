import { fromCallback, fromEventObservable, fromObservable, fromPromise } from 'xstate';
import type { MachineEvent } from '../../actors/xstate-adapter.ts';

interface Observer {
  next?: (value: never) => void;
  error?: (error: unknown) => void;
  complete?: () => void;
}

/** What a test may do to a piece of work that runs. */
interface Work {
  resolve?(output: unknown): void;
  reject?(error: unknown): void;
  sendBack?(event: MachineEvent): void;
  next?(value: unknown): void;
  complete?(): void;
}

/** An object with the part of an observable that XState uses. */
interface Subscribable {
  subscribe(observer: Observer): { unsubscribe(): void };
}

/**
 * What is outside of a machine: work that goes on when the test says so, and a list of what was done to it. Work goes by
 * the name it is made with, or by `as` of its input.
 */
export class World {
  /** What the machine did, in order. */
  readonly performed: string[] = [];
  /** How often work was begun, by name: after a crash it is begun again. */
  readonly begun: string[] = [];
  readonly #work = new Map<string, Set<Work>>();

  /** Records that something was done. */
  did(what: string): void {
    this.performed.push(what);
  }

  /** A promise that settles with {@link settle}. */
  promise(name: string) {
    return fromPromise<unknown, unknown>(({ input, signal }) => {
      const own = nameOf(name, input);
      signal.addEventListener('abort', () => this.did(`${own} aborted`));
      return new Promise((resolve, reject) => this.#begin(own, { resolve, reject }));
    });
  }

  /** A callback that tells what it receives and when it is disposed of, and sends what the test says. */
  callback(name: string) {
    return fromCallback<MachineEvent, unknown>(({ input, sendBack, receive }) => {
      const own = nameOf(name, input);
      receive((event) => this.did(`${own} received ${event.type}`));
      this.#begin(own, { sendBack: (event) => sendBack(event) });
      return () => this.did(`${own} disposed`);
    });
  }

  /** An observable of whatever the test says. */
  observable(name: string) {
    return fromObservable<unknown, unknown>(({ input }) => this.#subject(nameOf(name, input)) as never);
  }

  /** An observable of events for its parent. */
  eventObservable(name: string) {
    return fromEventObservable<MachineEvent, unknown>(
      ({ input }) => this.#subject(nameOf(name, input)) as never,
    );
  }

  /** Does something to all work of a name that runs. */
  to(name: string, act: (work: Work) => void): void {
    const running = this.#work.get(name);
    if (running === undefined) throw new Error(`no work of the name "${name}" was ever begun`);
    for (const work of running) act(work);
  }

  #subject(name: string): Subscribable {
    return {
      subscribe: (observer) => {
        this.#begin(name, {
          next: (value) => observer.next?.(value as never),
          reject: (error) => observer.error?.(error),
          complete: () => observer.complete?.(),
        });
        return { unsubscribe: () => this.did(`${name} unsubscribed`) };
      },
    };
  }

  #begin(name: string, work: Work): void {
    this.begun.push(name);
    const running = this.#work.get(name) ?? new Set();
    this.#work.set(name, running.add(work));
  }
}

function nameOf(name: string, input: unknown): string {
  return (input as { as?: string } | undefined)?.as ?? name;
}
