import { holdfastError } from '../../errors/holdfast-error.ts';
import type { MonotonicClock } from '../../ports/monotonic-clock.ts';
import { checkOptions } from '../../protocol/options.ts';
import { neverAborted, onAbort } from '../../waiting/on-abort.ts';
import { type BulkheadOptions, bulkhead } from './bulkhead.ts';
import { type CachedOptions, cached } from './cached.ts';
import { CallContext, contextOf } from './call-context.ts';
import { type CircuitBreakerLike, circuit } from './circuit.ts';
import { type FallbackSource, fallback } from './fallback.ts';
import type { ExecuteOptions, Policy, PolicyFunction } from './policy.ts';
import { type RetryOptions, retry } from './retry.ts';
import { timeout } from './timeout.ts';
import { isPolicy, wrap } from './wrap.ts';

/**
 * The parts of a pipeline, outermost first; each may be left out. A part that is a policy already may be shared with other
 * pipelines, and is its owner's to close.
 */
export interface PipelineOptions<F = never> {
  /** What to resolve with when all below has failed: a value, a function of the error, or a {@link fallback}. */
  readonly fallback?: FallbackSource<F> | Policy<F>;
  /** What is known already is not called for, and serves while offline; `execute` takes the `key`. */
  readonly cached?: CachedOptions | Policy;
  /** For the call as a whole, in milliseconds: the wait for its turn, all attempts, the waits between them, a queue. */
  readonly timeoutMs?: number;
  /** How many calls go on at once. A call keeps its place from its first attempt to its last. */
  readonly bulkhead?: BulkheadOptions | Policy;
  readonly retry?: RetryOptions | Policy;
  /** Counts every attempt. A call that it queues is waited for within `timeoutMs`. */
  readonly breaker?: CircuitBreakerLike;
  /** For each attempt, in milliseconds. */
  readonly attemptTimeoutMs?: number;
  /** The clock of all parts that are made here. */
  readonly clock?: MonotonicClock;
}

/** A pipeline of policies. */
export interface Pipeline<F = never> extends Policy<F>, AsyncDisposable {
  /**
   * Rejects all calls under way, and later ones, with HOLDFAST_ERR_CLOSED, aborts the signals of their functions, and
   * resolves without waiting for functions that do not heed them.
   */
  close(): Promise<void>;
}

const known: readonly (keyof PipelineOptions)[] = [
  'fallback',
  'cached',
  'timeoutMs',
  'bulkhead',
  'retry',
  'breaker',
  'attemptTimeoutMs',
  'clock',
];

/**
 * Puts policies into the one order in which they work together: fallback, cached, total time-out, bulkhead, retry, circuit
 * breaker, attempt time-out. What each sees of its neighbours is in `docs/how-to/policies.md`; for another order there is
 * {@link wrap}.
 *
 * @throws HOLDFAST_ERR_OPTION_INVALID when an option is unknown or out of range. `execute` rejects with what the last
 * attempt did, HOLDFAST_ERR_TIMEOUT, HOLDFAST_ERR_BULKHEAD_FULL, HOLDFAST_ERR_CLOSED, or the reason of the signal.
 *
 * @example
 * await using weather = pipeline({ timeoutMs: 30_000, retry: {}, attemptTimeoutMs: 5_000 });
 * const response = await weather.execute(({ signal }) => fetch(url, { signal }), { signal });
 */
export function pipeline<F = never>(options: PipelineOptions<F>): Pipeline<F> {
  checkOptions('pipeline', options, known);
  const { timeoutMs, breaker, attemptTimeoutMs } = options;
  const timed = options.clock === undefined ? {} : { clock: options.clock };
  const own: AsyncDisposable[] = [];
  const make = <O extends object, P extends Policy>(part: O | Policy, create: (part: O) => P): Policy => {
    if (isPolicy(part)) return part as Policy;
    const made = create(part);
    if (Symbol.asyncDispose in made) own.push(made as P & AsyncDisposable);
    return made;
  };
  const parts: Policy<F>[] = [];
  if (options.fallback !== undefined) {
    parts.push(isPolicy(options.fallback) ? (options.fallback as Policy<F>) : fallback<F>(options.fallback));
  }
  if (options.cached) parts.push(make(options.cached, (part) => cached({ ...timed, ...part })));
  if (timeoutMs !== undefined) parts.push(timeout(timeoutMs, timed));
  if (options.bulkhead) parts.push(make(options.bulkhead, bulkhead));
  if (options.retry) parts.push(make(options.retry, (part) => retry({ ...timed, ...part })));
  if (breaker !== undefined) parts.push(circuit(breaker));
  if (attemptTimeoutMs !== undefined) parts.push(timeout(attemptTimeoutMs, timed));
  return new ClosablePipeline(wrap(...parts), own);
}

class ClosablePipeline<F> implements Pipeline<F> {
  readonly #policy: Policy<F>;
  readonly #own: readonly AsyncDisposable[];
  readonly #closing = new AbortController();

  constructor(policy: Policy<F>, own: readonly AsyncDisposable[]) {
    this.#policy = policy;
    this.#own = own;
  }

  async execute<T>(fn: PolicyFunction<T>, options?: ExecuteOptions): Promise<T | F> {
    const { signal, attempt, key, deadline } = contextOf(fn, options);
    const closing = this.#closing.signal;
    if (signal === neverAborted)
      return this.#policy.execute(fn, new CallContext(closing, attempt, key, deadline));
    const either = new AbortController();
    const leaves = [signal, closing].map((one) => onAbort(one, () => either.abort(one.reason)));
    try {
      return await this.#policy.execute(fn, new CallContext(either.signal, attempt, key, deadline));
    } finally {
      for (const leave of leaves) leave();
    }
  }

  async close(): Promise<void> {
    this.#closing.abort(holdfastError('HOLDFAST_ERR_CLOSED', 'The pipeline is closed.'));
    // Not awaited: a bulkhead waits for its functions.
    for (const part of this.#own) void part[Symbol.asyncDispose]();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
