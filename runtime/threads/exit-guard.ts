import { isMainThread, type Worker } from 'node:worker_threads';

/**
 * Lets threads that hold the native addon close their database when the process exits, however it exits by itself.
 * Ending such a thread inside a call of SQLite can abort the whole process, so the exit waits for them.
 */
export interface ExitGuarded {
  /** Asks the thread to close at its next turn. */
  halt(): void;
  /** Set to 1 and notified by the thread when its database is closed. */
  readonly closed: Int32Array<SharedArrayBuffer>;
}

const waitMaxMs = 5_000;

/** Ends the process after all else that listens to its exit, also what came to do so later. */
function endBySignal(code: number): void {
  const listeners = process.listeners('exit');
  for (const listener of listeners.slice(listeners.indexOf(endBySignal) + 1)) {
    try {
      listener.call(process, code);
    } catch {
      // What it throws would have ended the process here.
    }
  }
  process.kill(process.pid, 'SIGKILL');
}

class ExitGuard {
  readonly #threads = new Set<ExitGuarded>();
  readonly #leftBehind = new Set<Worker>();
  #listens = false;

  add(thread: ExitGuarded): void {
    this.#threads.add(thread);
    if (this.#listens) return;
    this.#listens = true;
    process.on('exit', this.#onExit);
  }

  remove(thread: ExitGuarded): void {
    this.#threads.delete(thread);
    if (this.#threads.size > 0 || !this.#listens) return;
    this.#listens = false;
    process.off('exit', this.#onExit);
  }

  /**
   * A thread runs on that was told to end. As a process exits, Node.js waits for its threads, for this one perhaps for ever:
   * the process is ended by a signal instead. The exit of a thread that has threads of its own is none of the process.
   */
  leaveBehind(worker: Worker): void {
    if (this.#leftBehind.size === 0 && isMainThread) process.on('exit', endBySignal);
    this.#leftBehind.add(worker);
    worker.unref();
  }

  /** It has ended after all. */
  hasEnded(worker: Worker): void {
    if (this.#leftBehind.delete(worker) && this.#leftBehind.size === 0) process.off('exit', endBySignal);
  }

  readonly #onExit = (): void => {
    const deadline = Date.now() + waitMaxMs;
    for (const thread of this.#threads) thread.halt();
    for (const { closed } of this.#threads) Atomics.wait(closed, 0, 0, Math.max(0, deadline - Date.now()));
  };
}

/** One listener for the process, however many runtimes it has. */
export const exitGuard = new ExitGuard();
