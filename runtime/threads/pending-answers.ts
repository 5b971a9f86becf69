/** Who waits for an answer of another thread: settled by the answer, or all at once when the thread is gone. */
export class PendingAnswers<Answer> {
  readonly #waiting = new Map<number, (answer: Answer | Error) => void>();
  #onSettled: (() => void) | undefined;
  #lastId = 0;
  #failure: Error | undefined;

  /** Remembers who waits and returns the number of the request; `undefined` if the thread is gone, as was then told. */
  add(settle: (answer: Answer | Error) => void): number | undefined {
    if (this.#failure !== undefined) {
      settle(this.#failure);
      return undefined;
    }
    const id = ++this.#lastId;
    this.#waiting.set(id, settle);
    return id;
  }

  settle(id: number, answer: Answer | Error): void {
    const settle = this.#waiting.get(id);
    this.#waiting.delete(id);
    settle?.(answer);
    if (this.#waiting.size === 0) this.#onSettled?.();
  }

  /** Settles everyone who waits, and everyone who comes later. */
  fail(error: Error): void {
    this.#failure = error;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const settle of waiting) settle(error);
    this.#onSettled?.();
  }

  /** Resolves when nobody waits. */
  async settled(): Promise<void> {
    if (this.#waiting.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#onSettled = resolve;
    });
  }
}
