/** Counters since this process made the circuit breaker, and gauges of this moment. */
export interface CircuitMetrics {
  /** Counter: calls that were carried out and did not throw, queued ones and slow ones among them. */
  readonly executed: number;
  /** Counter: calls that threw, whatever `isFailure` makes of that; not those that could not leave this computer. */
  readonly failed: number;
  /** Counter: calls that were not carried out since the circuit was open or isolated. */
  readonly rejected: number;
  /** Counter: calls of `executed` that were queued first. */
  readonly drained: number;
  /** Counter: queued calls that made room for newer ones. */
  readonly dropped: number;
  /** Gauge: calls that wait, with one that is being drained. */
  readonly queued: number;
  /** Gauge: bytes that they hold, as their callers said. */
  readonly bytes: number;
}

/**
 * Whether calls get through. `closed`: they do. `open`: they are rejected, until its time is over. `half-open`: one at a time
 * is let through as a probe. `isolated`: they are rejected until whoever holds it releases it.
 */
export type CircuitState = 'closed' | 'open' | 'half-open' | 'isolated';
