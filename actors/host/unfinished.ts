/** Counts what has begun and has no end yet, for whoever has to wait until nothing is left. */
export class Unfinished {
  #count = 0;
  readonly #onRest: (() => void)[] = [];

  get isAtRest(): boolean {
    return this.#count === 0;
  }

  begin(): void {
    this.#count++;
  }

  end(): void {
    if (--this.#count === 0) for (const resolve of this.#onRest.splice(0)) resolve();
  }

  /** Resolves when the last of it has ended. More may have begun since: look again. */
  rest(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#count === 0) resolve();
      else this.#onRest.push(resolve);
    });
  }
}
