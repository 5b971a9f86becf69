/** What became of a call: it was carried out, or it waits until the network is there. */
export type CallResult<Value> =
  | { readonly status: 'executed'; readonly value: Value }
  /** `settled` is what comes of it. It rejects with HOLDFAST_ERR_CLOSED when the runtime closes first. */
  | { readonly status: 'queued'; readonly id: string; readonly settled: Promise<Value> };

/** Options of `call` of a circuit breaker. */
export interface CallOptions {
  /** Ends the call: it leaves the queue, or is told by its own signal. */
  readonly signal?: AbortSignal;
  /** What the call holds in memory, towards `queueBytesMax`. Default 0. */
  readonly bytes?: number;
}
