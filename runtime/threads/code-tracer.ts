import { createHook, executionAsyncId } from 'node:async_hooks';
import type { HostProgress } from '../ports/host-progress.ts';

/**
 * Notes for which actor code runs also after an `await`, in a timer, or in any other callback: what an actor begins
 * while its code runs belongs to it, and so does what that begins in turn. It costs a little on every promise of the
 * thread, so it is switched on only where a thread before has died of code that nobody could name.
 */
export class CodeTracer {
  readonly #progress: Pick<HostProgress, 'workingFor'>;
  /** The actor by the async id of what its code has begun. */
  readonly #owners = new Map<number, string>();
  /** The owners of the callbacks that run now, the innermost last. */
  readonly #running: string[] = [];
  /** The actor whose code the host itself has called. */
  #called = '';

  constructor(progress: Pick<HostProgress, 'workingFor'>) {
    this.#progress = progress;
    createHook({
      init: (id) => {
        const owner = this.#current;
        if (owner !== '') this.#owners.set(id, owner);
      },
      before: (id) => {
        this.#running.push(this.#owners.get(id) ?? '');
        this.#note();
      },
      after: () => {
        this.#running.pop();
        this.#note();
      },
      destroy: (id) => this.#owners.delete(id),
    }).enable();
    // A rejection that nobody handles is found when nothing runs any more; its promise is still known.
    process.on('uncaughtExceptionMonitor', () => {
      const owner = this.#owners.get(executionAsyncId());
      if (owner !== undefined) this.#progress.workingFor(owner);
    });
  }

  workingFor(address: string): void {
    this.#called = address;
    this.#note();
  }

  get #current(): string {
    return this.#called === '' ? (this.#running.at(-1) ?? '') : this.#called;
  }

  #note(): void {
    this.#progress.workingFor(this.#current);
  }
}
