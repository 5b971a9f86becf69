import type { HostReceipt, HostRequest } from '../protocol/host-messages.ts';
import { isReservedKind } from '../protocol/volatile-kinds.ts';
import type { Mailbox } from './mailboxes.ts';

/** Told when a request is given up that has not left: nobody needs it any more. */
export interface RequestOwner {
  abandon(pending: PendingRequest): void;
}

/**
 * A request with the one who waits for its answer. A class with fields instead of closures: a flood makes a million of
 * them.
 */
export class PendingRequest {
  readonly request: HostRequest;
  readonly mailbox: Mailbox;
  /** When to give up, by the clock of its backlog; `Infinity` for never. */
  deadline: number;
  /** `queued`: waits in this thread. `sent`: is with a host thread. `done`: answered or dropped. */
  phase: 'queued' | 'sent' | 'done' = 'queued';
  /** Counts what was sent to host threads, so that it can be put back in order. */
  order = 0;
  /** How many host threads have died under it. */
  deaths = 0;
  /** Whether a thread that has died may have appended it. */
  mayBeDurable = false;
  /** Frees the timer and the signal, if there are any. */
  finish: (() => void) | undefined;
  readonly #owner: RequestOwner;
  readonly #toResult: (receipt: HostReceipt) => unknown;
  #resolve: ((result: unknown) => void) | undefined;
  #reject: ((reason: unknown) => void) | undefined;

  constructor(
    request: HostRequest,
    mailbox: Mailbox,
    owner: RequestOwner,
    deadline: number,
    toResult: (receipt: HostReceipt) => unknown,
    resolve: (result: unknown) => void,
    reject: (reason: unknown) => void,
  ) {
    this.request = request;
    this.mailbox = mailbox;
    this.deadline = deadline;
    this.#owner = owner;
    this.#toResult = toResult;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** Whether somebody still waits. */
  get isAwaited(): boolean {
    return this.#resolve !== undefined;
  }

  /** Whether it is something that may have to be kept as a dead letter. */
  get isCommand(): boolean {
    const { operation, address } = this.request;
    return (operation === 'send' || operation === 'execute') && !isReservedKind(address);
  }

  /** Whether it must not be sent again once it may be durable, unless it has a key. A plain start, a delivery may. */
  get isOnce(): boolean {
    return this.isCommand || (this.request.operation === 'start' && this.request.payload !== '');
  }

  /** Tells the caller, if one still waits. */
  answer(answer: HostReceipt | Error): void {
    this.phase = 'done';
    this.finish?.();
    const [resolve, reject] = [this.#resolve, this.#reject];
    this.#forget();
    if (answer instanceof Error) return reject?.(answer);
    try {
      resolve?.(this.#toResult(answer));
    } catch (error) {
      // A context that is damaged on disk cannot be decoded.
      reject?.(error);
    }
  }

  /**
   * Stops waiting with a reason. What has left goes on and keeps its place in the mailbox until its answer comes; what
   * has not left never will.
   */
  giveUp(reason: unknown): void {
    this.finish?.();
    const reject = this.#reject;
    this.#forget();
    this.deadline = Number.POSITIVE_INFINITY;
    if (this.phase === 'queued') this.#owner.abandon(this);
    reject?.(reason);
  }

  #forget(): void {
    this.#resolve = undefined;
    this.#reject = undefined;
    this.finish = undefined;
  }
}
