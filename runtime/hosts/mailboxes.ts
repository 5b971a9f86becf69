import { type HoldfastError, holdfastError } from '../errors/holdfast-error.ts';
import { limits } from '../protocol/limits.ts';
import { checkOneOf } from '../protocol/options.ts';
import { Fifo } from './fifo.ts';
import type { PendingRequest } from './pending-request.ts';

/**
 * What happens to a command for which there is no room: it is rejected with `HOLDFAST_ERR_MAILBOX_FULL`, or it waits in
 * order until there is some.
 */
export type MailboxOverflow = 'reject' | 'wait';

/** Refuses a policy that is none. */
export function checkOverflow(owner: string, overflow: unknown): void {
  checkOneOf(owner, 'mailboxOverflow', overflow, ['reject', 'wait']);
}

/** The unanswered requests of one actor. Idle actors have none. */
export interface Mailbox {
  readonly address: string;
  unanswered: number;
  /** How many of them are with the host thread. */
  sent: number;
  /** Those that wait here, in order; `undefined` when there never were any, which is the usual case. */
  queue: Fifo<PendingRequest> | undefined;
  /** The actor is in quarantine: nothing leaves until it comes back. */
  isHeld: boolean;
  /** Whether it is in the round. */
  isInRound: boolean;
}

/**
 * The mailboxes of the actors of one host. What the host thread has no room for waits here, and leaves in a round over
 * the actors, one request each, so that a quiet actor overtakes the flood of a busy one; the requests of one actor keep
 * their order.
 */
export class Mailboxes {
  readonly #capacity: number;
  readonly #sentMax: number;
  readonly #byAddress = new Map<string, Mailbox>();
  /** Actors with something that can leave, in the order of their turns. */
  readonly #round = new Fifo<Mailbox>();
  /**
   * Errors of refusals since the last request was answered, by address: a million refusals of one turn share one error,
   * since a million stacks would take more memory than the commands that were refused.
   */
  readonly #refusals = new Map<string, HoldfastError>();
  #unanswered = 0;

  /** `capacity` is that of one actor. */
  constructor(capacity: number) {
    this.#capacity = capacity;
    this.#sentMax = Math.min(capacity, limits.actorInFlightMax);
  }

  get unanswered(): number {
    return this.#unanswered;
  }

  /** Whether something could leave. */
  get hasNext(): boolean {
    return this.#round.size > 0;
  }

  /**
   * Takes one more request in.
   *
   * @throws HOLDFAST_ERR_MAILBOX_FULL if there is no room and it shall not wait for some.
   */
  enter(address: string, overflow: MailboxOverflow): Mailbox {
    let mailbox = this.#byAddress.get(address);
    if (overflow === 'reject') this.#checkRoom(address, mailbox);
    if (mailbox === undefined) {
      mailbox = { address, unanswered: 0, sent: 0, queue: undefined, isHeld: false, isInRound: false };
      this.#byAddress.set(address, mailbox);
    }
    mailbox.unanswered++;
    this.#unanswered++;
    return mailbox;
  }

  /** The request was answered or dropped. */
  leave(mailbox: Mailbox): void {
    this.#unanswered--;
    if (this.#refusals.size > 0) this.#refusals.clear();
    if (--mailbox.unanswered === 0 && !mailbox.isHeld) this.#byAddress.delete(mailbox.address);
    else this.#join(mailbox);
  }

  /** Whether a request that comes now may leave at once: nothing of its actor waits. */
  isClear(mailbox: Mailbox): boolean {
    const { queue } = mailbox;
    return (queue === undefined || queue.size === 0) && this.#canSend(mailbox);
  }

  /** Has a request wait for its turn. */
  enqueue(pending: PendingRequest): void {
    const { mailbox } = pending;
    mailbox.queue ??= new Fifo();
    mailbox.queue.push(pending);
    this.#join(mailbox);
  }

  /** Has requests wait that had left already, before all others of their actors and in their order. */
  putBack(requests: readonly PendingRequest[]): void {
    for (const [mailbox, own] of Map.groupBy(requests, (pending) => pending.mailbox)) {
      mailbox.queue ??= new Fifo();
      mailbox.queue.putBack(own);
      this.#join(mailbox);
    }
  }

  /** The request whose turn it is. */
  next(): PendingRequest | undefined {
    for (;;) {
      const mailbox = this.#round.shift();
      if (mailbox === undefined) return undefined;
      mailbox.isInRound = false;
      const pending = this.#canSend(mailbox) ? mailbox.queue?.shift() : undefined;
      if (pending?.phase === 'queued') {
        mailbox.sent++;
        this.#join(mailbox);
        return pending;
      }
      // It was given up while it waited.
      this.#join(mailbox);
    }
  }

  hold(mailbox: Mailbox): void {
    mailbox.isHeld = true;
  }

  release(mailbox: Mailbox): void {
    mailbox.isHeld = false;
    if (mailbox.unanswered === 0) this.#byAddress.delete(mailbox.address);
    else this.#join(mailbox);
  }

  isHeld(address: string): boolean {
    return this.#byAddress.get(address)?.isHeld === true;
  }

  /** Takes out everything that waits and may leave, in the order of each actor. */
  takeQueued(): PendingRequest[] {
    return [...this.#byAddress.values()].flatMap(({ queue, isHeld }) =>
      isHeld || queue === undefined ? [] : drained(queue),
    );
  }

  /** Takes out everything that waits, also behind an actor in quarantine. */
  takeAll(): PendingRequest[] {
    return [...this.#byAddress.values()].flatMap(({ queue }) => (queue === undefined ? [] : drained(queue)));
  }

  /**
   * Calls back with everything that waits here and whose time is over. The usual time-out is the same for all, so that
   * behind the first that has time left there is nobody whose time is over; others have timers of their own.
   */
  expire(now: number, giveUp: (pending: PendingRequest) => void): void {
    for (const { queue } of [...this.#byAddress.values()]) {
      queue?.each((pending) => {
        const { phase, deadline } = pending;
        const hasOwnTimer = deadline === Number.POSITIVE_INFINITY;
        if (phase === 'queued' && deadline <= now) giveUp(pending);
        return phase !== 'queued' || hasOwnTimer || deadline <= now;
      });
    }
  }

  #canSend({ isHeld, sent }: Mailbox): boolean {
    return !isHeld && sent < this.#sentMax;
  }

  #join(mailbox: Mailbox): void {
    const { isInRound, queue } = mailbox;
    if (isInRound || queue === undefined || queue.size === 0 || !this.#canSend(mailbox)) return;
    mailbox.isInRound = true;
    this.#round.push(mailbox);
  }

  #checkRoom(address: string, mailbox: Mailbox | undefined): void {
    const unanswered = mailbox?.unanswered ?? 0;
    if (unanswered < this.#capacity && this.#unanswered < limits.hostUnansweredMax) return;
    const known = this.#refusals.get(address);
    if (known !== undefined) throw known;
    const refusal = this.#refusal(address, unanswered);
    if (this.#refusals.size < limits.refusalsMax) this.#refusals.set(address, refusal);
    throw refusal;
  }

  #refusal(address: string, unanswered: number): HoldfastError {
    const capacity = this.#capacity;
    if (unanswered >= capacity) {
      return mailboxFull(
        `The mailbox of ${address} is full (${unanswered} of ${capacity})`,
        'raise `mailboxCapacity`',
        { address, capacity },
      );
    }
    return mailboxFull(
      `The host of ${address} has ${this.#unanswered} unanswered commands, as many as it takes`,
      'use more `hosts`',
      { address, capacity: limits.hostUnansweredMax },
    );
  }
}

function mailboxFull(
  what: string,
  remedy: string,
  details: { readonly address: string; readonly capacity: number },
): HoldfastError {
  return holdfastError(
    'HOLDFAST_ERR_MAILBOX_FULL',
    `${what}. Await some of those sent, ${remedy}, or use \`mailboxOverflow: 'wait'\`.`,
    details,
  );
}

function drained(queue: Fifo<PendingRequest>): PendingRequest[] {
  return queue.clear().filter(({ phase }) => phase === 'queued');
}
