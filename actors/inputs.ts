import { isHoldfastError } from '../runtime/errors/holdfast-error.ts';
import type { HostRequest } from '../runtime/protocol/host-messages.ts';

/** How long what comes from within waits after it could not be kept, in milliseconds. */
const retryMs = 250;

/**
 * Keeps in order what comes from within actors: events of their work, and what they send themselves. Nobody else would
 * repeat it, so what could not be kept waits and is tried again, and what comes later waits behind it.
 */
export class Inputs {
  readonly #receive: (request: HostRequest) => void;
  /** By address, in order; an actor has an entry only while something of it waits. */
  readonly #waiting = new Map<string, HostRequest[]>();

  constructor(receive: (request: HostRequest) => void) {
    this.#receive = receive;
  }

  take(request: HostRequest): void {
    const waiting = this.#waiting.get(request.address);
    if (waiting === undefined) this.#receive(request);
    else waiting.push(request);
  }

  /** Whether something of the actor waits, so that what was decided after it must wait as well. */
  isWaiting(address: string): boolean {
    return this.#waiting.has(address);
  }

  /** How much of the actor waits. */
  waitingOf(address: string): number {
    return this.#waiting.get(address)?.length ?? 0;
  }

  /** The request could not be kept: the disk may be back in a moment. */
  failed(request: HostRequest, error: Error): void {
    // A thread that was replaced, or whose store is gone, keeps nothing any more.
    if (isHoldfastError(error, 'HOLDFAST_ERR_GENERATION_FENCED')) return;
    if (isHoldfastError(error, 'HOLDFAST_ERR_THREAD_EXITED')) return;
    const waiting = this.#waiting.get(request.address);
    if (waiting !== undefined) {
      waiting.push(request);
      return;
    }
    this.#waiting.set(request.address, [request]);
    setTimeout(() => this.#retry(request.address), retryMs).unref();
  }

  #retry(address: string): void {
    const waiting = this.#waiting.get(address) ?? [];
    this.#waiting.delete(address);
    for (const request of waiting) this.take(request);
  }
}
