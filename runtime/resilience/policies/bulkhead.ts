import { holdfastError } from '../../errors/holdfast-error.ts';
import { checkOptions, checkWholeOption } from '../../protocol/options.ts';
import { onAbort } from '../../waiting/on-abort.ts';
import { orAborted } from '../../waiting/or-aborted.ts';
import { type CallContext, contextOf } from './call-context.ts';
import type { ExecuteOptions, Policy, PolicyFunction } from './policy.ts';
import { begin } from './settle.ts';
import { WaitingLine } from './waiting-line.ts';

/** How much goes on at once. */
export interface BulkheadOptions {
  /** How many functions run at the same time, at least 1. */
  readonly concurrency: number;
  /** How many calls wait for their turn; one more is refused. Default 100; 0: nobody waits. */
  readonly queueMax?: number;
}

/** A policy that lets so many in at once, in the order in which they came. */
export interface Bulkhead extends Policy, AsyncDisposable {
  /** Functions that have not ended, also those that their caller or a time-out has given up. */
  readonly running: number;
  /** Calls that wait. */
  readonly queued: number;
  /**
   * Rejects who waits and whoever comes; resolves when the last running function has ended. One that never ends keeps it
   * waiting: put a time-out into the bulkhead.
   */
  close(): Promise<void>;
}

interface Waiter {
  readonly start: () => void;
  readonly refuse: (reason: unknown) => void;
}

/**
 * Lets `concurrency` functions run at the same time and keeps up to `queueMax` calls waiting, first come, first served. A
 * place is free when the function has ended; a caller who gives up frees a waiting place at once, but not a running one.
 *
 * @throws HOLDFAST_ERR_BULKHEAD_FULL from `execute`, without having called the function; HOLDFAST_ERR_CLOSED after
 * `close`; HOLDFAST_ERR_OPTION_INVALID.
 */
export function bulkhead(options: BulkheadOptions): Bulkhead {
  checkOptions('bulkhead', options, ['concurrency', 'queueMax']);
  const { concurrency, queueMax = 100 } = options;
  checkWholeOption('bulkhead', 'concurrency', concurrency ?? null, 1);
  checkWholeOption('bulkhead', 'queueMax', queueMax, 0);
  return new BoundedBulkhead(concurrency, queueMax);
}

class BoundedBulkhead implements Bulkhead {
  readonly #concurrency: number;
  readonly #queueMax: number;
  readonly #line = new WaitingLine<Waiter>();
  #running = 0;
  #closing: PromiseWithResolvers<void> | undefined;

  constructor(concurrency: number, queueMax: number) {
    this.#concurrency = concurrency;
    this.#queueMax = queueMax;
  }

  get running(): number {
    return this.#running;
  }

  get queued(): number {
    return this.#line.length;
  }

  async execute<T>(fn: PolicyFunction<T>, options?: ExecuteOptions): Promise<T> {
    const context = contextOf(fn, options);
    context.signal.throwIfAborted();
    if (this.#closing !== undefined) throw closed();
    if (this.#running < this.#concurrency) return this.#run(fn, context);
    if (this.#line.length >= this.#queueMax) throw this.#full();
    return this.#wait(fn, context);
  }

  close(): Promise<void> {
    if (this.#closing === undefined) {
      this.#closing = Promise.withResolvers();
      for (let next = this.#line.shift(); next !== undefined; next = this.#line.shift())
        next.refuse(closed());
      if (this.#running === 0) this.#closing.resolve();
    }
    return this.#closing.promise;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #wait<T>(fn: PolicyFunction<T>, context: CallContext): Promise<T> {
    const { signal } = context;
    return new Promise((resolve, reject) => {
      const place = this.#line.join({
        start: () => {
          stopListening();
          resolve(this.#run(fn, context));
        },
        refuse: (reason) => {
          stopListening();
          reject(reason);
        },
      });
      const stopListening = onAbort(signal, () => {
        this.#line.leave(place);
        reject(signal.reason);
      });
    });
  }

  #run<T>(fn: PolicyFunction<T>, context: CallContext): Promise<T> {
    this.#running++;
    const result = begin(fn, context);
    const end = (): void => this.#end();
    result.then(end, end);
    return orAborted(result, context.signal);
  }

  #end(): void {
    this.#running--;
    this.#line.shift()?.start();
    if (this.#running === 0) this.#closing?.resolve();
  }

  #full(): Error {
    const [concurrency, queueMax] = [this.#concurrency, this.#queueMax];
    return holdfastError(
      'HOLDFAST_ERR_BULKHEAD_FULL',
      `${concurrency} calls are running and ${queueMax} waiting. The function was not called: try again later, or raise "queueMax".`,
      { concurrency, queueMax },
    );
  }
}

function closed(): Error {
  return holdfastError('HOLDFAST_ERR_CLOSED', 'The bulkhead is closed.');
}
