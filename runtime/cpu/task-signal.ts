/**
 * The signal of one task, as piscina asks for it. A task that piscina could make no thread for stays in its queue, with a
 * promise that nobody has. It may not come to its turn, where it would be given to a thread with ports that are closed, or
 * have piscina make one where nobody could be told that there is none; and it may not be rejected, which would end the process.
 */
export class TaskSignal {
  readonly #signal: AbortSignal;
  #onAbort: (() => void) | undefined;
  #isWithdrawn = false;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  get aborted(): boolean {
    return this.#signal.aborted;
  }

  /** Piscina asks for it once it has marked the task as aborted, and before it rejects it. */
  get reason(): unknown {
    if (this.#isWithdrawn) throw new Error('withdrawn');
    return this.#signal.reason;
  }

  readonly addEventListener = (type: 'abort', listener: () => void): void => {
    this.#onAbort = listener;
    this.#signal.addEventListener(type, listener, { once: true });
  };

  readonly removeEventListener = (type: 'abort', listener: () => void): void => {
    this.#signal.removeEventListener(type, listener);
  };

  /** Has piscina pass over the task: it is marked as aborted, and not rejected. */
  withdraw(): void {
    const onAbort = this.#onAbort;
    if (onAbort === undefined) return;
    this.removeEventListener('abort', onAbort);
    this.#isWithdrawn = true;
    try {
      onAbort();
    } catch {
      // That is the reason above.
    }
  }
}
