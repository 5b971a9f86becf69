/**
 * What a runtime replays on threads of its own, as for a rehearsal, until a close gives it up. Nobody else would end it: the
 * reader that its events come from is closed, and does not say so to who waits for a page.
 */
export class Replays {
  readonly #running = new Map<AbortController, Promise<unknown>>();
  #ended: Error | undefined;

  /** Replays until whoever asked gives it up, or {@link Replays.end} does, which it then rejects with. */
  async run<Result>(
    asked: AbortSignal | undefined,
    replay: (signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    if (this.#ended !== undefined) throw this.#ended;
    const stop = new AbortController();
    const running = replay(asked === undefined ? stop.signal : AbortSignal.any([stop.signal, asked]));
    this.#running.set(stop, running);
    try {
      return await running;
    } finally {
      this.#running.delete(stop);
    }
  }

  /** Begins none any more. Resolves when the threads of those that run have ended. */
  async end(reason: Error): Promise<void> {
    this.#ended = reason;
    for (const stop of this.#running.keys()) stop.abort(reason);
    await Promise.allSettled(this.#running.values());
  }
}
