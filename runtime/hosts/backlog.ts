import type { HostReceipt, HostRequest } from '../protocol/host-messages.ts';
import { timedOut } from './host-errors.ts';
import type { HostThreadClient } from './host-thread-client.ts';
import { InFlight } from './in-flight.ts';
import { type Mailbox, Mailboxes, type MailboxOverflow } from './mailboxes.ts';
import type { PendingRequest, RequestOwner } from './pending-request.ts';
import { type Watch, Watches } from './watches.ts';

/**
 * Everything that waits for one host: requests that are with its thread, requests that wait for their turn, and those
 * who watch its actors. With a thread, what there is room for leaves at once; without one, everything waits.
 */
export class Backlog implements RequestOwner {
  readonly #mailboxes: Mailboxes;
  readonly #inFlight = new InFlight();
  readonly #watches = new Watches();
  readonly #onLess: () => void;
  #client: HostThreadClient | undefined;
  #sleptMs = 0;

  /** `onLess` is called after something has left it. */
  constructor(mailboxCapacity: number, onLess: () => void) {
    this.#mailboxes = new Mailboxes(mailboxCapacity);
    this.#onLess = onLess;
  }

  /** How much waits, watches included. */
  get size(): number {
    return this.#mailboxes.unanswered + this.#watches.size;
  }

  get unanswered(): number {
    return this.#mailboxes.unanswered;
  }

  get inFlight(): number {
    return this.#inFlight.size;
  }

  /**
   * Makes room for one more request.
   *
   * @throws HOLDFAST_ERR_MAILBOX_FULL.
   */
  enter(address: string, overflow: MailboxOverflow): Mailbox {
    return this.#mailboxes.enter(address, overflow);
  }

  /** A request that has entered leaves at once, or when its turn comes. */
  send(pending: PendingRequest): void {
    const { mailbox } = pending;
    if (this.#client === undefined || this.#inFlight.isFull || !this.#mailboxes.isClear(mailbox)) {
      return this.#mailboxes.enqueue(pending);
    }
    mailbox.sent++;
    this.#dispatch(this.#client, pending);
  }

  watch(request: HostRequest, answer: Watch['answer'], isQuiet: boolean): void {
    this.#watches.add(request, answer, isQuiet);
    if (!this.#mailboxes.isHeld(request.address)) this.#client?.send(request);
  }

  forget(id: number): void {
    if (this.#watches.remove(id)) this.#onLess();
  }

  abandon(pending: PendingRequest): void {
    pending.phase = 'done';
    this.#mailboxes.leave(pending.mailbox);
    this.#onLess();
  }

  /** From now on requests leave to this thread. */
  connect(client: HostThreadClient): void {
    this.#client = client;
    for (const request of this.#watches.requests()) {
      if (!this.#mailboxes.isHeld(request.address)) client.send(request);
    }
    this.#pump();
  }

  /** The thread is gone. Returns what was with it, in the order in which it left. */
  disconnect(): PendingRequest[] {
    this.#client = undefined;
    const left = this.#inFlight.takeAll();
    for (const { mailbox } of left) mailbox.sent--;
    return left;
  }

  /** The thread has answered. */
  answered(id: number, answer: HostReceipt | Error): void {
    if (id < 0) {
      this.#watches.answer(id, answer);
      return this.#onLess();
    }
    const pending = this.#inFlight.take(id);
    if (pending === undefined) return;
    pending.mailbox.sent--;
    this.settle(pending, answer);
    if (this.#mailboxes.hasNext) this.#pump();
  }

  /** Tells the caller of a request that no thread has any more. */
  settle(pending: PendingRequest, answer: HostReceipt | Error): void {
    this.#mailboxes.leave(pending.mailbox);
    pending.answer(answer);
    this.#onLess();
  }

  /** The moment, by a clock that stands still while nobody could answer; see {@link PendingRequest.deadline}. */
  get now(): number {
    return performance.now() - this.#sleptMs;
  }

  /**
   * Gives up what has waited for too long, without the time that was slept since it last did. `apart`: what is neither
   * with the thread nor waits here, being tried alone.
   */
  expire(sleptMs: number, apart: readonly PendingRequest[]): void {
    this.#sleptMs += sleptMs;
    const { now } = this;
    const giveUp = (pending: PendingRequest): void => {
      if (pending.deadline <= now) pending.giveUp(timedOut(pending.request));
    };
    for (const pending of [...this.#inFlight.values(), ...apart]) giveUp(pending);
    this.#mailboxes.expire(now, giveUp);
  }

  /** Has what was with a thread wait for the next one, before what has not left yet. */
  putBack(requests: readonly PendingRequest[]): void {
    for (const pending of requests) pending.phase = 'queued';
    this.#mailboxes.putBack(requests);
  }

  /** Nothing of this actor leaves until it is released. */
  hold(mailbox: Mailbox): void {
    this.#mailboxes.hold(mailbox);
  }

  /** What has waited for this actor goes on, and who watches it follows. */
  release(mailbox: Mailbox): void {
    this.#mailboxes.release(mailbox);
    for (const request of this.#watches.requests()) {
      if (request.address === mailbox.address) this.#client?.send(request);
    }
    this.#pump();
  }

  /** Takes out what waits and is not held. */
  takeQueued(): PendingRequest[] {
    return this.#mailboxes.takeQueued();
  }

  /** Takes out every request, wherever it is. */
  takeAll(): PendingRequest[] {
    return [...this.#inFlight.takeAll(), ...this.#mailboxes.takeAll()];
  }

  takeWatches(): Watch[] {
    return this.#watches.takeAll();
  }

  /** Takes out watches that too many threads have died under. */
  takeFatalWatches(): Watch[] {
    return this.#watches.countDeath();
  }

  #dispatch(client: HostThreadClient, pending: PendingRequest): void {
    client.board.clear(this.#inFlight.add(pending));
    client.send(pending.request);
  }

  #pump(): void {
    const client = this.#client;
    while (client !== undefined && !this.#inFlight.isFull) {
      const pending = this.#mailboxes.next();
      if (pending === undefined) return;
      this.#dispatch(client, pending);
    }
  }
}
