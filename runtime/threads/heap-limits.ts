import type { ResourceLimits } from 'node:worker_threads';

/**
 * Room for short-lived objects, in megabytes. A frame of commands outlives less, and copying it to the old generation and
 * collecting it there took a tenth of the time of a busy host; with more, an activation of 100,000 events spends a quarter of
 * its time on memory that the thread touches for the first time.
 */
export const youngGenerationMb = 32;

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
