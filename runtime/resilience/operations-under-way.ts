/** The operations that a queue has under way, of all its passes, and news of them. */
export class OperationsUnderWay {
  readonly #sequences = new Map<Promise<void>, number>();
  #newsCount = 0;
  #onNews: (() => void) | undefined;

  get size(): number {
    return this.#sequences.size;
  }

  /** Whoever remembers it misses no news. */
  get newsCount(): number {
    return this.#newsCount;
  }

  /** Whether one is under way that has this place in its queue or an earlier one. */
  hasUpTo(sequence: number): boolean {
    return [...this.#sequences.values()].some((each) => each <= sequence);
  }

  add(sequence: number, running: Promise<void>): void {
    const ended = running.then(() => {
      this.#sequences.delete(ended);
      this.tell();
    });
    this.#sequences.set(ended, sequence);
  }

  /** Resolves when all have ended that are under way. */
  async ended(): Promise<void> {
    await Promise.all(this.#sequences.keys());
  }

  /** Counts a piece of news: one has ended, or another one may begin. */
  tell(): void {
    this.#newsCount++;
    this.#onNews?.();
  }

  /** Resolves when there is more news than `count`, or after `waitMs`. Only one may wait at a time. */
  async news(count: number, waitMs: number): Promise<void> {
    if (this.#newsCount !== count) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#onNews = resolve;
      timer = setTimeout(resolve, waitMs);
    });
    clearTimeout(timer);
    this.#onNews = undefined;
  }
}
