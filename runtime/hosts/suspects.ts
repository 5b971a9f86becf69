import type { DeathEvidence } from '../protocol/host-death.ts';
import { limits } from '../protocol/limits.ts';
import { isBroughtAbout } from './verdict.ts';

/** How many host threads may die of the code of an actor before it is taken for the cause, and before it is given up. */
const [convictedAt, givenUpAt] = [2, 3] as const;

/** What the next thread of a host has to know of those before it. */
export interface Suspicion {
  /** Actors whose interrupted work fails instead of being run again. */
  readonly convicted: readonly string[];
  /** Actors whose work is not run at all: a thread died of them even after that. */
  readonly givenUp: readonly string[];
  /** A thread died and nobody knew of what: the next one follows its code through promises and timers. */
  readonly isTraced: boolean;
}

/** What the thread has left in shared memory: see `host-board.ts`. */
export interface LastName {
  readonly workingOn: number;
  readonly workingForAddress: string;
}

/** Who is to blame for a death, and what that means for its work from now on. */
export interface Finding {
  readonly address: string;
  readonly step: 'suspected' | 'convicted' | 'given-up' | 'known';
}

/**
 * Actors whose code ran, for no request, when a host thread died. Once may be chance; an actor that was there twice is
 * taken for the cause, for as long as the runtime lives: the next one may hold a version that was mended.
 */
export class Suspects {
  readonly #deaths = new Map<string, number>();
  #isTraced = false;

  /** Looks for the one whose code ran when the thread died; `undefined` if it was a request, or if nobody is named. */
  examine(name: LastName, evidence: DeathEvidence): Finding | undefined {
    if (!isBroughtAbout(evidence) || name.workingOn !== 0) return undefined;
    if (name.workingForAddress !== '') return this.#blame(name.workingForAddress);
    this.#isTraced = true;
    return undefined;
  }

  get suspicion(): Suspicion {
    const from = (least: number, most: number) =>
      [...this.#deaths].filter(([, deaths]) => deaths >= least && deaths < most).map(([address]) => address);
    return {
      convicted: from(convictedAt, givenUpAt),
      givenUp: from(givenUpAt, Number.POSITIVE_INFINITY),
      isTraced: this.#isTraced,
    };
  }

  #blame(address: string): Finding {
    const deaths = (this.#deaths.get(address) ?? 0) + 1;
    this.#deaths.delete(address);
    this.#deaths.set(address, deaths);
    // The one that was noted longest ago makes room.
    for (const [oldest] of this.#deaths) {
      if (this.#deaths.size <= limits.suspectsMax) break;
      this.#deaths.delete(oldest);
    }
    return { address, step: stepOf(deaths) };
  }
}

function stepOf(deaths: number): Finding['step'] {
  if (deaths < convictedAt) return 'suspected';
  if (deaths === convictedAt) return 'convicted';
  return deaths === givenUpAt ? 'given-up' : 'known';
}
