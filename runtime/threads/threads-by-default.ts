import { availableParallelism } from 'node:os';

/** How many threads share work unless an application says otherwise: one processor is left to it, and four are enough. */
export function threadsByDefault(): number {
  return Math.max(1, Math.min(4, availableParallelism() - 1));
}
