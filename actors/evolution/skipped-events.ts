import { parseAddress } from '../../runtime/protocol/address.ts';
import type { SkippedEvent, SkippedEventCount } from '../../runtime/protocol/skipped-event.ts';

/** Bounds of what is remembered. */
export interface SkippedEventsBounds {
  /** Actors whose last skipped event is remembered. Default 100,000. */
  readonly addressesMax?: number;
  /** Combinations of kind, type and reason; more are counted under the type `*`. Default 1,000. */
  readonly countsMax?: number;
}

/**
 * Counts the events that machines pass over, each once, although an actor that was dropped from memory is read again.
 * What falls out of the bounds may be counted again.
 */
export class SkippedEvents {
  readonly #addressesMax: number;
  readonly #countsMax: number;
  readonly #lastVersions = new Map<string, number>();
  readonly #counts = new Map<string, SkippedEventCount>();

  constructor({ addressesMax = 100_000, countsMax = 1_000 }: SkippedEventsBounds = {}) {
    this.#addressesMax = addressesMax;
    this.#countsMax = countsMax;
  }

  /** Whether the event was not counted before. */
  add(event: SkippedEvent): boolean {
    const { address, version } = event;
    if (version <= (this.#lastVersions.get(address) ?? 0)) return false;
    // Removed first, so that the one which was seen longest ago is the first to be forgotten.
    this.#lastVersions.delete(address);
    this.#lastVersions.set(address, version);
    if (this.#lastVersions.size > this.#addressesMax) this.#forgetOldest();
    this.#count(event);
    return true;
  }

  counts(): SkippedEventCount[] {
    return [...this.#counts.values()];
  }

  #forgetOldest(): void {
    for (const address of this.#lastVersions.keys()) {
      this.#lastVersions.delete(address);
      return;
    }
  }

  #count({ address, type, reason }: SkippedEvent): void {
    const { kind } = parseAddress(address);
    const own = `${kind}\n${type}\n${reason}`;
    const isKnown = this.#counts.has(own) || this.#counts.size < this.#countsMax;
    const counted = isKnown ? type : '*';
    const key = isKnown ? own : `${kind}\n*\n${reason}`;
    const count = (this.#counts.get(key)?.count ?? 0) + 1;
    this.#counts.set(key, { kind, type: counted, reason, count });
  }
}
