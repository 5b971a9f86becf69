import { happens, oneOf } from './choice.ts';
import type { Random } from './fast-check.ts';

/** Of smaller ranges, chance finds each number soon enough. */
const rangeMin = 256;
const recentMax = 32;

/**
 * Random numbers that now and then are known ones, or ones from before, where those are in the range that is asked for. So a
 * value that was mapped, filtered or chained from numbers may also come from one that matters, and could have been drawn
 * without it. (An arbitrary cannot tell of such a value whether it is its own, so it cannot be exchanged afterwards.)
 */
export class Hints {
  readonly #recent: number[] = [];

  random(random: Random, known: readonly number[]): Random {
    const nextInt = (min = -0x8000_0000, max = 0x7fff_ffff): number => {
      if (max - min < rangeMin) return random.nextInt(min, max);
      const candidates = happens(random, 0.5) ? known : this.#recent;
      const fitting = candidates.filter((each) => Number.isInteger(each) && each >= min && each <= max);
      const isHinted = fitting.length > 0 && happens(random, 0.6);
      const value = isHinted ? oneOf(random, fitting) : random.nextInt(min, max);
      this.#recent.push(value);
      if (this.#recent.length > recentMax) this.#recent.shift();
      return value;
    };
    return new Proxy(random, {
      get: (_, name) => {
        if (name === 'nextInt') return nextInt;
        const own: unknown = Reflect.get(random, name);
        return typeof own === 'function' ? (own.bind(random) as unknown) : own;
      },
    });
  }
}
