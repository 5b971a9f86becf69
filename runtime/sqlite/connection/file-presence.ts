import { statSync } from 'node:fs';
import { holdfastError } from '../../errors/holdfast-error.ts';
import type { Clock } from '../../ports/clock.ts';

/** How often the file is looked for while it is written to, in milliseconds: no call of the system for most commits. */
const intervalMs = 1_000;

/**
 * Notices that the file of an open database was removed or moved. SQLite does not, and goes on writing to what nobody can
 * open any more. Another file in its place is not noticed: there are file systems that number files anew at any time.
 */
export class FilePresence {
  readonly #path: string;
  readonly #clock: Clock;
  #lookedAt = 0;

  constructor(path: string, clock: Clock) {
    this.#path = path;
    this.#clock = clock;
  }

  /** @throws HOLDFAST_ERR_STORAGE_PATH. */
  check(): void {
    const now = this.#clock.now();
    // The clock may have been set back.
    if (Math.abs(now - this.#lookedAt) < intervalMs) return;
    if (this.#isGone()) throw removed(this.#path);
    this.#lookedAt = now;
  }

  #isGone(): boolean {
    try {
      return statSync(this.#path, { throwIfNoEntry: false }) === undefined;
    } catch {
      // A folder that may not be entered says nothing of what is in it.
      return false;
    }
  }
}

function removed(path: string): Error {
  return holdfastError(
    'HOLDFAST_ERR_STORAGE_PATH',
    `${path} was removed or moved while it was open, and nothing was written. What was appended in the last second may have gone ` +
      'with it. Close the store, put the file back or begin with a new one, and open it again.',
  );
}
