import { sfc32 } from '../../../actors/steps/entropy.ts';
import { sha256 } from '../../protocol/sha256.ts';

/** Chance that a seed decides: the same draws in the same order give the same values, in any process. */
export class SimulationRandom {
  readonly #bits: () => number;

  /** Draws of one `stream` do not disturb those of another. @internal */
  constructor(seed: number, stream: string) {
    this.#bits = sfc32(sha256(`${seed} ${stream}`), 0);
  }

  /** A number from 0 up to 1. */
  fraction(): number {
    return this.bits() / 2 ** 32;
  }

  /** A whole number from `min` to `max`, both included. */
  integer(min: number, max: number): number {
    return min + Math.floor(this.fraction() * (max - min + 1));
  }

  /** One of the items, of which there must be some. */
  pick<Item>(items: readonly Item[]): Item {
    return items[this.integer(0, items.length - 1)] as Item;
  }

  /** Whether something of this probability happens. */
  chance(probability: number): boolean {
    return this.fraction() < probability;
  }

  /** 32 random bits. @internal */
  readonly bits = (): number => this.#bits();
}
