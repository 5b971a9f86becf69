import type { StoreClient } from '../threads/store-client.ts';

/** The last position of the log, and a way to wait until it has grown. Does not keep the process alive. */
export class LogHead {
  #position = 0;
  readonly #wakes = new Set<() => void>();
  #stop: (() => void) | undefined;

  /** Begins to watch, also which generations others have put to service. Resolves when the position is known. */
  async watch(store: StoreClient, onServed: (generations: readonly number[]) => void): Promise<void> {
    const { position, stop } = await store.watch((moved) => {
      this.#moveTo(moved.position);
      if (moved.served !== undefined) onServed(moved.served);
    });
    // A start that failed has begun one too.
    this.#stop?.();
    this.#stop = stop;
    this.#moveTo(position);
  }

  get position(): number {
    return this.#position;
  }

  /** Resolves when the log has grown beyond a position, or on abort. */
  beyond(position: number, stop: AbortSignal): Promise<void> {
    if (this.#position > position || stop.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        if (this.#position <= position && !stop.aborted) return;
        this.#wakes.delete(wake);
        stop.removeEventListener('abort', wake);
        resolve();
      };
      this.#wakes.add(wake);
      stop.addEventListener('abort', wake, { once: true });
    });
  }

  close(): void {
    this.#stop?.();
  }

  #moveTo(position: number): void {
    this.#position = Math.max(this.#position, position);
    for (const wake of [...this.#wakes]) wake();
  }
}
