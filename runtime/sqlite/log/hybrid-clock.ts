import type { Clock } from '../../ports/clock.ts';

const counterMax = 0xffff;

/** A point of hybrid logical time: never before one that was handed out or seen earlier. */
export interface HybridTime {
  readonly ms: number;
  readonly counter: number;
}

/**
 * The next hybrid logical time after `last` (Kulkarni et al., "Logical Physical Clocks", 2014): wall-clock time where
 * it advances, a counter where it stands still or runs backwards. An overflowing counter borrows a millisecond from
 * the future instead of failing.
 */
export function nextHybridTime(last: HybridTime, clock: Clock): HybridTime {
  const now = clock.now();
  if (now > last.ms) return { ms: now, counter: 0 };
  if (last.counter < counterMax) return { ms: last.ms, counter: last.counter + 1 };
  return { ms: last.ms + 1, counter: 0 };
}
