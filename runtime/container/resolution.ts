import type { Slot } from './slot.ts';

/**
 * What follows from one question of somebody outside, or from one warm-up. What has failed in it is not tried again in it:
 * factories that fail one another could otherwise have each other tried for ever.
 */
export class Resolution {
  readonly startedBy: 'creation' | 'get' | 'warm-up';
  readonly #failures = new Map<Slot, Error>();

  constructor(startedBy: 'creation' | 'get' | 'warm-up') {
    this.startedBy = startedBy;
  }

  /** What a slot has failed with, for all that follows. */
  failureOf(slot: Slot): Error | undefined {
    return this.#failures.get(slot);
  }

  failed(slot: Slot, error: Error): void {
    this.#failures.set(slot, error);
  }
}
