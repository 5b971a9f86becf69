import { isIdle, type Resident } from './resident.ts';

/** How many actors are looked at for room when one is asked for. */
const scanMax = 64;

/** How many are looked at while nobody waits: a few milliseconds. */
const idleScanMax = 20_000;

/** Bounds of how many actors a host keeps in memory, and for how long. */
export interface ResidencyOptions {
  /** Idle actors are dropped beyond this number. */
  readonly residentsMax: number;
  /** An actor is dropped after it was idle for this long, within a factor of two, in milliseconds. */
  readonly idleMs: number;
}

/**
 * The actors in memory. One that is not used is dropped, and comes back from its stream with the next message. Which
 * one goes is decided by second chance (Corbató, 1968): used since the last look, it stays for another round.
 */
export class Residency {
  readonly #residents = new Map<string, Resident>();
  readonly #options: ResidencyOptions;

  constructor(options: ResidencyOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#residents.size;
  }

  get(address: string): Resident | undefined {
    // After a burst there are too many that only now have become idle.
    if (this.#residents.size > this.#options.residentsMax) this.#makeRoom();
    const resident = this.#residents.get(address);
    if (resident !== undefined) resident.isTouched = true;
    return resident;
  }

  add(resident: Resident): void {
    this.#residents.set(resident.address, resident);
    if (this.#residents.size > this.#options.residentsMax) this.#makeRoom();
  }

  drop(resident: Resident): void {
    this.#residents.delete(resident.address);
  }

  values(): IterableIterator<Resident> {
    return this.#residents.values();
  }

  /** Drops what was idle since the last sweep. To be called every `idleMs`. */
  sweep(): void {
    for (const resident of this.#residents.values()) {
      if (!resident.isTouched && isIdle(resident)) this.drop(resident);
      resident.isTouched = false;
    }
  }

  /** Drops idle ones beyond the bound, which a burst leaves behind. To be called now and then. */
  trim(): void {
    this.#makeRoom(idleScanMax);
  }

  /** Looks at a few of the oldest only, so that a full house costs each newcomer the same. */
  #makeRoom(most = scanMax): void {
    let looked = 0;
    for (const resident of this.#residents.values()) {
      if (this.#residents.size <= this.#options.residentsMax || looked++ >= most) return;
      this.drop(resident);
      if (!isIdle(resident) || resident.isTouched) {
        resident.isTouched = false;
        this.#residents.set(resident.address, resident);
      }
    }
  }
}
