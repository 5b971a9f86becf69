import type { Random } from './fast-check.ts';

/** Whether something of this probability happens. */
export function happens(random: Random, probability: number): boolean {
  return random.nextInt(0, 0xffff) < probability * 0x10000;
}

/** One of a list that is not empty, each as likely as the other. */
export function oneOf<T>(random: Random, items: readonly T[]): T {
  return items[random.nextInt(0, items.length - 1)] as T;
}

/** One of a list that is not empty, as likely as its weight; the first if nothing has one. */
export function weighted<T>(random: Random, items: readonly T[], weightOf: (item: T) => number): T {
  const weights = items.map((item) => Math.max(0, weightOf(item)));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let left = (random.nextInt(0, 0x3fff_ffff) / 0x4000_0000) * total;
  for (const [index, weight] of weights.entries()) {
    if (left < weight) return items[index] as T;
    left -= weight;
  }
  return items[0] as T;
}
