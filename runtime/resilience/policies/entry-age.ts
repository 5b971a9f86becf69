import type { Clock } from '../../ports/clock.ts';
import type { MonotonicClock } from '../../ports/monotonic-clock.ts';
import type { CacheEntry } from './cache-store.ts';

/**
 * How old entries are, by the clock that says more: the clock on the wall may have been set back, and the other one stands
 * still while a computer sleeps. For an entry that has been to a disk there is only the clock on the wall; one from the
 * future is older than anything, as its age cannot be known.
 */
export class EntryAges {
  readonly #clock: MonotonicClock;
  readonly #wallClock: Clock;
  readonly #storedAt = new WeakMap<CacheEntry, number>();

  constructor(clock: MonotonicClock, wallClock: Clock) {
    this.#clock = clock;
    this.#wallClock = wallClock;
  }

  /** An entry that is 0 ms old. */
  newEntry(value: unknown): CacheEntry {
    const entry: CacheEntry = { value, storedAt: this.#wallClock.now() };
    this.#storedAt.set(entry, this.#clock.now());
    return entry;
  }

  ageMs(entry: CacheEntry): number {
    const onWallMs = this.#wallClock.now() - entry.storedAt;
    const storedAt = this.#storedAt.get(entry);
    if (storedAt !== undefined) return Math.max(onWallMs, this.#clock.now() - storedAt);
    return onWallMs >= 0 ? onWallMs : Number.POSITIVE_INFINITY;
  }
}
