/** Hands the newest value to one reader; what the reader was too slow for is skipped. Ends on abort. */
export class LatestValue<Value extends object> implements AsyncIterable<Value> {
  readonly #signal: AbortSignal;
  #value: Value | undefined;
  #error: Error | undefined;
  #hasEnded = false;
  #wake: (() => void) | undefined;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  set(value: Value): void {
    this.#value = value;
    this.#wake?.();
  }

  fail(error: Error): void {
    this.#error = error;
    this.end();
  }

  end(): void {
    this.#hasEnded = true;
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Value, void, void> {
    const onAbort = () => this.end();
    this.#signal.addEventListener('abort', onAbort, { once: true });
    try {
      for (;;) {
        if (this.#signal.aborted) return;
        const value = this.#value;
        this.#value = undefined;
        if (value !== undefined) yield value;
        else if (this.#error !== undefined) throw this.#error;
        else if (this.#hasEnded) return;
        else await this.#change();
      }
    } finally {
      this.#signal.removeEventListener('abort', onAbort);
    }
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
