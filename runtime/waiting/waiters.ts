import { holdProcess } from './hold-process.ts';
import { neverAborted, onAbort } from './on-abort.ts';

/** Those who wait until something has come about. Each keeps the process alive for as long. */
export class Waiters {
  readonly #looks = new Set<(hopeless: Error | undefined) => void>();
  #ended: Error | undefined;

  /** Has all of them look whether it has. `hopeless`: why it never will, for whom it has not. */
  look(hopeless: Error | undefined = this.#ended): void {
    for (const look of [...this.#looks]) look(hopeless);
  }

  /** Nothing comes about any more, neither for those who wait nor for whoever comes. */
  end(reason: Error): void {
    this.#ended = reason;
    this.look();
  }

  /**
   * Resolves once it has come about. Rejects with the reason of the signal, with what makes it hopeless, and with what `ask`
   * rejects with, which is to bring it about, and is called once if there is something to wait for.
   */
  until(isReached: () => boolean, signal = neverAborted, ask?: () => Promise<unknown>): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const release = holdProcess();
      const end = (settle: () => void): void => {
        if (!this.#looks.delete(look)) return;
        release();
        leave();
        settle();
      };
      const look = (hopeless: Error | undefined): void => {
        if (isReached()) end(resolve);
        else if (hopeless !== undefined) end(() => reject(hopeless));
      };
      const leave = onAbort(signal, () => end(() => reject(signal.reason)));
      this.#looks.add(look);
      look(this.#ended);
      if (this.#looks.has(look)) ask?.().catch((error: unknown) => end(() => reject(error)));
    });
  }
}
