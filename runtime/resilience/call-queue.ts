import { holdfastError } from '../errors/holdfast-error.ts';
import { holdProcess } from '../waiting/hold-process.ts';
import { neverAborted, onAbort } from '../waiting/on-abort.ts';
import type { QueueBounds } from './circuit-breaker-options.ts';

/** What a circuit breaker calls. */
export type Call<Value> = (signal: AbortSignal) => Promise<Value> | Value;

/** A call that waits for the network. */
export interface QueuedCall {
  readonly id: string;
  readonly call: Call<unknown>;
  readonly signal: AbortSignal | undefined;
  readonly bytes: number;
  /** Whether it is under way: then it is not dropped any more. */
  isRunning: boolean;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** Calls in the order in which they came, bounded by their number and by what their callers say that they hold. */
export class CallQueue {
  readonly #name: string;
  readonly #bounds: QueueBounds;
  readonly #calls = new Map<string, QueuedCall>();
  #bytes = 0;
  #lastNumber = 0;
  /** Somebody waits for what is queued. */
  #release: (() => void) | undefined;

  constructor(name: string, bounds: QueueBounds) {
    this.#name = name;
    this.#bounds = bounds;
  }

  get size(): number {
    return this.#calls.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get head(): QueuedCall | undefined {
    return this.#calls.values().next().value;
  }

  /**
   * Adds a call. Returns its id, and what comes of it. One that was dropped to make room is told so.
   *
   * @throws HOLDFAST_ERR_QUEUE_FULL, the reason of the signal.
   */
  add<Value>(
    call: Call<Value>,
    bytes: number,
    signal: AbortSignal | undefined,
    onLeft: () => void,
  ): { readonly id: string; readonly settled: Promise<Value>; readonly dropped: number } {
    // A probe may have been given up while its circuit was told how it ended.
    signal?.throwIfAborted();
    const dropped = this.#makeRoom(bytes);
    const id = `${this.#name}-${++this.#lastNumber}`;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    // Whoever does not want to know the outcome need not.
    promise.catch(() => undefined);
    const leave = onAbort(signal ?? neverAborted, () => {
      if (!this.remove(id)) return;
      reject(signal?.reason);
      onLeft();
    });
    promise.then(leave, leave);
    this.#calls.set(id, { id, call, signal, bytes, isRunning: false, resolve, reject });
    this.#release ??= holdProcess();
    this.#bytes += bytes;
    return { id, settled: promise as Promise<Value>, dropped };
  }

  /** False if it has left already. */
  remove(id: string): boolean {
    const queued = this.#calls.get(id);
    if (queued === undefined) return false;
    this.#bytes -= queued.bytes;
    this.#calls.delete(id);
    if (this.#calls.size === 0) this.#letGo();
    return true;
  }

  /** Every call leaves with this error. */
  rejectAll(error: Error): void {
    for (const { reject } of this.#calls.values()) reject(error);
    this.#calls.clear();
    this.#bytes = 0;
    this.#letGo();
  }

  #letGo(): void {
    this.#release?.();
    this.#release = undefined;
  }

  #makeRoom(bytes: number): number {
    const { itemsMax, bytesMax, overflow } = this.#bounds;
    const isOver = (): boolean => this.#calls.size + 1 > itemsMax || this.#bytes + bytes > bytesMax;
    if (!isOver()) return 0;
    if (overflow === 'reject' || bytes > bytesMax) throw this.#full('is not taken');
    let dropped = 0;
    for (; isOver(); dropped++) {
      const oldest = this.#calls.values().find(({ isRunning }) => !isRunning);
      if (oldest === undefined) throw this.#full('is not taken');
      this.remove(oldest.id);
      oldest.reject(this.#full('was dropped to make room for a newer one'));
    }
    return dropped;
  }

  #full(what: string): Error {
    const { itemsMax, bytesMax } = this.#bounds;
    return holdfastError(
      'HOLDFAST_ERR_QUEUE_FULL',
      `The queue of "${this.#name}" holds ${itemsMax} items or ${bytesMax} bytes: this one ${what}.`,
    );
  }
}
