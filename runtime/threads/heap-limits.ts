import type { ResourceLimits } from 'node:worker_threads';

/**
 * Limits with which a thread that needs more than `memoryMb` ends, and the process does not. Node.js grants 16 MB beyond
 * the limit for the last collection; when a larger young generation survives as a whole, V8 aborts the process instead.
 */
export function heapLimits(memoryMb: number): ResourceLimits {
  return { maxOldGenerationSizeMb: memoryMb, maxYoungGenerationSizeMb: 16 };
}
