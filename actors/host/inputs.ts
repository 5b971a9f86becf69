import { isHoldfastError } from '../../runtime/errors/holdfast-error.ts';
import type { HostProgress } from '../../runtime/ports/host-progress.ts';
import type { HostRequest } from '../../runtime/protocol/host-messages.ts';
import { inputRequest } from './input-request.ts';
import type { Unfinished } from './unfinished.ts';

/** How long what comes from within waits after it could not be kept, in milliseconds. */
const retryMs = 250;

/** What inputs are brought to, and who hears of them. */
export interface InputsOptions {
  readonly receive: (request: HostRequest) => void;
  /** Told of an event that cannot be kept. */
  readonly onEffectFailed: (address: string, type: string, error: unknown) => void;
  readonly progress: HostProgress;
  /** Inputs that wait for another try count as something that has no end yet. */
  readonly underway: Unfinished;
}

/**
 * Keeps in order what comes from within actors: events of their work, and what they send themselves. Nobody else would
 * repeat it, so what could not be kept waits and is tried again, and what comes later waits behind it.
 */
export class Inputs {
  readonly #options: InputsOptions;
  /** By address, in order; an actor has an entry only while something of it waits. */
  readonly #waiting = new Map<string, HostRequest[]>();
  #hasEnded = false;

  constructor(options: InputsOptions) {
    this.#options = options;
  }

  /** Takes an event for an actor, to be journaled like any command before its machine sees it. */
  tell(...input: Parameters<typeof inputRequest>): void {
    // The next thread has the work run again.
    if (this.#hasEnded) return;
    const [address, , event] = input;
    const { progress, onEffectFailed } = this.#options;
    progress.workingFor(address);
    try {
      this.#take(inputRequest(...input));
    } catch (error) {
      onEffectFailed(address, event.type, error);
    }
    progress.workingFor('');
  }

  /** Takes nothing any more. */
  end(): void {
    this.#hasEnded = true;
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
    this.#options.underway.begin();
    setTimeout(() => this.#retry(request.address), retryMs).unref();
  }

  #take(request: HostRequest): void {
    const waiting = this.#waiting.get(request.address);
    if (waiting === undefined) this.#options.receive(request);
    else waiting.push(request);
  }

  #retry(address: string): void {
    const waiting = this.#waiting.get(address) ?? [];
    this.#waiting.delete(address);
    for (const request of waiting) this.#take(request);
    this.#options.underway.end();
  }
}
