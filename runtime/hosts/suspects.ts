import { limits } from '../protocol/limits.ts';

/** How many host threads may die while the work of an actor runs before it is not run again. */
const deathsMax = 2;

/**
 * Actors whose invoked work ran when a host thread died. Once may be chance; an actor that was there twice is taken for
 * the cause: what it had under way then fails instead of being run again, for as long as the runtime lives.
 */
export class Suspects {
  readonly #deaths = new Map<string, number>();

  /** Notes a death. Whether the actor is taken for the cause from now on, and was not before. */
  blame(address: string): boolean {
    const deaths = (this.#deaths.get(address) ?? 0) + 1;
    this.#deaths.delete(address);
    this.#deaths.set(address, deaths);
    // The one that was noted longest ago makes room.
    for (const [oldest] of this.#deaths) {
      if (this.#deaths.size <= limits.suspectsMax) break;
      this.#deaths.delete(oldest);
    }
    return deaths === deathsMax;
  }

  /** Those that are taken for the cause. */
  get convicted(): string[] {
    return [...this.#deaths].filter(([, deaths]) => deaths >= deathsMax).map(([address]) => address);
  }
}
