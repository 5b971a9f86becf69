import type { ResourceLimits } from 'node:worker_threads';

/**
 * Room for short-lived objects, in megabytes. A thread gets 16 to 48 by default; a frame of commands outlives that, and
 * copying it to the old generation and collecting it there took a tenth of the time of a busy host.
 */
export const youngGenerationMb = 64;

/**
 * Limits with which a thread that needs more than `memoryMb` ends, and the process does not. Node.js grants 16 MB beyond
 * the limit for the last collection; when a larger young generation survives as a whole, V8 aborts the process instead.
 */
export function heapLimits(memoryMb: number): ResourceLimits {
  return { maxOldGenerationSizeMb: memoryMb, maxYoungGenerationSizeMb: 16 };
}

/** The same for a host, which is busy: as much room as its limit allows without that danger. */
export function hostHeapLimits(memoryMb: number): ResourceLimits {
  const limits = heapLimits(memoryMb);
  return memoryMb < 256 ? limits : { ...limits, maxYoungGenerationSizeMb: youngGenerationMb };
}
