import { type BigIntStats, statSync } from 'node:fs';
import { holdfastError } from '../../errors/holdfast-error.ts';
import type { Clock } from '../../ports/clock.ts';

/** How often the file is looked for while it is written to, in milliseconds: no call of the system for most commits. */
const intervalMs = 1_000;

/**
 * Notices that the file of an open database was removed or moved, or that there is another one in its place. SQLite does
 * not, and goes on writing to what nobody can open any more, with a log that the other file would be damaged by.
 */
export class FilePresence {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #opened: BigIntStats | undefined;
  #lookedAt = 0;

  constructor(path: string, clock: Clock) {
    this.#path = path;
    this.#clock = clock;
    this.#opened = this.#look() ?? undefined;
  }

  /** @throws HOLDFAST_ERR_STORAGE_PATH. */
  check(): void {
    const now = this.#clock.now();
    // The clock may have been set back.
    if (Math.abs(now - this.#lookedAt) < intervalMs) return;
    const found = this.#look();
    if (found === null) throw gone(this.#path, 'was removed or moved');
    if (isAnother(this.#opened, found)) throw gone(this.#path, 'was replaced with another file');
    this.#lookedAt = now;
  }

  /** Null if there is no file; undefined where the folder may not be entered, which says nothing of what is in it. */
  #look(): BigIntStats | null | undefined {
    try {
      return statSync(this.#path, { throwIfNoEntry: false, bigint: true }) ?? null;
    } catch {
      return undefined;
    }
  }
}

/** By number and by birth: there are file systems that number files anew at any time. Where births are not known, nobody can tell. */
function isAnother(opened: BigIntStats | undefined, found: BigIntStats | undefined): boolean {
  if (opened === undefined || found === undefined) return false;
  return opened.ino !== found.ino && opened.birthtimeNs !== found.birthtimeNs;
}

function gone(path: string, what: string): Error {
  return holdfastError(
    'HOLDFAST_ERR_STORAGE_PATH',
    `${path} ${what} while it was open, and nothing was written. What was appended in the last second may have gone ` +
      'with it. Close the store, put the file back or begin with a new one, and open it again.',
  );
}
