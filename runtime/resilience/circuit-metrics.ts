/** Counted since the circuit breaker was made; `queued` and `bytes` are of this moment. */
export interface CircuitMetrics {
  readonly executed: number;
  readonly failed: number;
  readonly rejected: number;
  readonly drained: number;
  readonly dropped: number;
  readonly queued: number;
  readonly bytes: number;
}

/** Whether calls get through. */
export type CircuitState = 'closed' | 'open' | 'half-open' | 'isolated';
