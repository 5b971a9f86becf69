import type { Random } from './fast-check.ts';

/** What a run likes to do. */
export interface Mood {
  /** How likely a kind of step is tried beside the others. */
  readonly likes: (name: string) => number;
  /** How often a value is the same as in the last step of the kind, 0 to 1. */
  readonly habit: number;
  /** Whether a kind of step has not been tried from this state. Ends are put off otherwise. */
  readonly isUntried?: (name: string) => boolean;
}

/**
 * Each run likes some kinds of steps more than others, and some hardly at all, or a long row of the same would never come
 * about: swarm testing (Groce et al., "Swarm Testing", ISSTA 2012). Some runs have habits: for them, the same goes for
 * values, so that a row of the same outcome or several steps about the same id come about.
 */
export function moodOf(random: Random): Mood {
  const liking = new Map<string, number>();
  const habit = [0, 0, 0.4, 0.9][random.nextInt(0, 3)] as number;
  const likes = (name: string): number => {
    let likes = liking.get(name);
    if (likes === undefined) {
      likes = [0.02, 0.3, 1, 1, 3][random.nextInt(0, 4)] as number;
      liking.set(name, likes);
    }
    return likes;
  };
  return { likes, habit };
}
