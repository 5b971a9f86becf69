import { isHoldfastError } from '../../runtime/errors/holdfast-error.ts';
import type { HostProgress } from '../../runtime/ports/host-progress.ts';
import type { HostRequest } from '../../runtime/protocol/host-messages.ts';
import { inputRequest, isInput, wakeRequest } from './input-request.ts';
import type { Resident } from './resident.ts';
import type { Unfinished } from './unfinished.ts';

/** How long what comes from within waits after it could not be kept, in milliseconds. */
const retryMs = 250;
/** The same for an actor that only other code reads: each try may replay a long stream, which its neighbours wait for. */
const hopelessMs = 5_000;

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
  /** What could not be kept while more of its actor is under way, by address and in order. */
  readonly #failed = new Map<string, HostRequest[]>();
  /** By address, in order; an actor has an entry only while something of it waits for another try. */
  readonly #waiting = new Map<string, HostRequest[]>();
  /** Whose actors only other code reads, of those. */
  readonly #hopeless = new Set<string>();
  #isEnding = false;
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

  /** The thread is about to end: what waits for an actor that only other code reads is let go. */
  giveUpHopeless(): void {
    this.#isEnding = true;
    for (const address of this.#hopeless) if (this.#waiting.delete(address)) this.#options.underway.end();
  }

  /** Takes nothing any more. */
  end(): void {
    this.#hasEnded = true;
  }

  /** Whether something of the actor could not be kept, so that what was decided after it must wait as well. */
  hasFailed(address: string): boolean {
    return this.#failed.has(address);
  }

  /** How much of the actor waits. */
  waitingOf(address: string): number {
    return (this.#failed.get(address)?.length ?? 0) + (this.#waiting.get(address)?.length ?? 0);
  }

  /** The request could not be kept. What comes before and after it is known once nothing of its actor is under way: `rest`. */
  failed(request: HostRequest, error: Error): void {
    // A thread that was replaced, or whose store is gone, keeps nothing any more.
    if (isHoldfastError(error, 'HOLDFAST_ERR_GENERATION_FENCED')) return;
    if (isHoldfastError(error, 'HOLDFAST_ERR_THREAD_EXITED')) return;
    const failed = this.#failed.get(request.address);
    if (failed === undefined) this.#failed.set(request.address, [request]);
    else failed.push(request);
  }

  /**
   * Nothing of the actor is under way. If something of it could not be kept, all that came from within waits with it, in
   * order: the disk may be back in a moment.
   */
  rest(resident: Resident, isHopeless = false): void {
    const { address, retried = [], queue = [] } = resident;
    const failed = this.#failed.get(address);
    if (failed === undefined) return;
    this.#failed.delete(address);
    const inOrder = [...retried.filter(isInput), ...failed, ...queue.filter(isInput)];
    resident.retried = retried.filter((request) => !isInput(request));
    resident.queue = queue.filter((request) => !isInput(request));
    const waiting = this.#waiting.get(address);
    if (waiting !== undefined) {
      waiting.push(...inOrder);
      return;
    }
    this.#waiting.set(address, inOrder);
    this.#options.underway.begin();
    if (isHopeless) this.#hopeless.add(address);
    setTimeout(() => this.#retry(address), isHopeless ? hopelessMs : retryMs).unref();
  }

  /** The actor could not be read: what came from within waits, and if that is nothing, its work has it read again. */
  abandoned(resident: Resident, error: Error): void {
    const { address, queue = [], work } = resident;
    const isHopeless = needsOtherCode(error);
    const inputs = isHopeless && this.#isEnding ? [] : queue.filter(isInput);
    // Work that was aborted, since its thread is about to end, needs no state any more.
    const isForgotten = inputs.length === 0 && !this.#waiting.has(address);
    if (isForgotten && work?.isEmpty === false) inputs.push(wakeRequest(address));
    resident.queue = undefined;
    for (const request of inputs) this.failed(request, error);
    this.rest(resident, isHopeless);
  }

  #take(request: HostRequest): void {
    const waiting = this.#waiting.get(request.address);
    if (waiting === undefined) this.#options.receive(request);
    else waiting.push(request);
  }

  #retry(address: string): void {
    const waiting = this.#waiting.get(address);
    // It was let go.
    if (waiting === undefined) return;
    this.#waiting.delete(address);
    this.#hopeless.delete(address);
    for (const request of waiting) this.#take(request);
    this.#options.underway.end();
  }
}

/** Whether only another version of the code reads an actor that could not be read. */
function needsOtherCode(error: Error): boolean {
  return isHoldfastError(error) && !error.retryable && !error.code.startsWith('HOLDFAST_ERR_STORAGE');
}
