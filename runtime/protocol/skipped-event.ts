/**
 * Why an event changes nothing: no state of the machine knows its type, or the state that the actor was in does not
 * accept it.
 */
export type SkippedReason = 'unknown-type' | 'not-accepted';

/** A stored event that the machine of today passes over. It stays in the stream. */
export interface SkippedEvent {
  readonly address: string;
  /** The type as the machine sees it, after upcasting. */
  readonly type: string;
  /** Version in the stream. */
  readonly version: number;
  readonly reason: SkippedReason;
}

/** How many events were passed over. */
export interface SkippedEventCount {
  readonly kind: string;
  readonly type: string;
  readonly reason: SkippedReason;
  readonly count: number;
}

/** Adds up counts of several threads. */
export function sumSkipped(counts: readonly SkippedEventCount[]): SkippedEventCount[] {
  const sums = new Map<string, SkippedEventCount>();
  for (const each of counts) {
    const key = `${each.kind}\n${each.type}\n${each.reason}`;
    sums.set(key, { ...each, count: each.count + (sums.get(key)?.count ?? 0) });
  }
  return [...sums.values()];
}
