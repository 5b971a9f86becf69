import { deliveryDelayed } from '../observability/channels.ts';
import type { PendingDelivery } from '../protocol/consequences.ts';
import { limits } from '../protocol/limits.ts';
import type { DeliverySignal } from '../protocol/store-control.ts';
import { Lanes } from './lanes.ts';
import { type FailureKind, failureKindOf, retryDelayMs } from './retry.ts';

/** What a dispatcher needs of the store and of the hosts. */
export interface DispatcherOptions {
  readonly fetch: (
    from: PendingDelivery['from'],
    without: readonly number[],
  ) => Promise<readonly PendingDelivery[]>;
  /** Resolves when what came of the delivery is durable. */
  readonly deliver: (delivery: PendingDelivery) => Promise<void>;
  /** Removes the delivery and keeps a dead letter instead. */
  readonly giveUp: (delivery: PendingDelivery, error: unknown) => Promise<void>;
  readonly wake: (address: string) => Promise<void>;
  /** Actors whose work this run has under way. */
  readonly ownWork: () => Promise<readonly string[]>;
}

/** How often a delivery may kill its host before it is taken for the cause. */
const deathsMax = 3;
/** Actors that are woken at once after a start. */
const wakesMax = 64;

/**
 * Brings due timers and waiting messages to their actors, and wakes actors whose work was interrupted. What it has in
 * memory can be lost at any moment: a delivery is removed from the file by the append that holds what came of it, so it
 * is tried until that has happened, and happens once. Messages to one actor go one after the other, in the order in
 * which they were sent.
 */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #underway = { timers: new Set<number>(), outbox: new Set<number>() };
  readonly #isFetching = { timers: false, outbox: false };
  readonly #fetchAgain = { timers: false, outbox: false };
  readonly #messages = new Lanes<PendingDelivery>();
  readonly #retries = new Set<NodeJS.Timeout>();
  readonly #toWake: string[] = [];
  #waking = 0;
  #isClosed = false;

  constructor(options: DispatcherOptions) {
    this.#options = options;
  }

  /** How many deliveries are on their way or wait for another try. */
  get underway(): number {
    return this.#underway.timers.size + this.#underway.outbox.size;
  }

  onSignal(signal: DeliverySignal): void {
    switch (signal.kind) {
      case 'timers':
        void this.#fetch('timers');
        return;
      case 'messages':
        void this.#fetch('outbox');
        return;
      case 'work':
        this.#toWake.push(...signal.streams);
        this.#wakeNext();
    }
  }

  /** After a host has died: wakes those of its actors that had work under way, which nobody else would ask for. */
  async resumeWork(isTheirs: (address: string) => boolean): Promise<void> {
    try {
      const addresses = await this.#options.ownWork();
      this.onSignal({ kind: 'work', streams: addresses.filter(isTheirs) });
    } catch {
      // The store is closing: the next run resumes it.
    }
  }

  /** Starts nothing more. What is on its way is answered or comes again with the next run. */
  close(): void {
    this.#isClosed = true;
    for (const retry of this.#retries) clearTimeout(retry);
    this.#retries.clear();
    this.#toWake.length = 0;
  }

  async #fetch(from: PendingDelivery['from']): Promise<void> {
    this.#fetchAgain[from] = true;
    if (this.#isFetching[from]) return;
    this.#isFetching[from] = true;
    try {
      while (this.#fetchAgain[from] && !this.#isClosed) {
        const underway = this.#underway[from];
        // What is on its way fetches again when enough of it is done: asking for a few at a time costs more than they do.
        if (underway.size > limits.deliveriesMax / 2) return;
        this.#fetchAgain[from] = false;
        const found = await this.#options.fetch(from, [...underway]);
        if (found.length >= limits.deliveriesMax) this.#fetchAgain[from] = true;
        for (const delivery of found) this.#take(delivery);
      }
    } catch {
      // The store is closing, or the next signal finds what is there.
    } finally {
      this.#isFetching[from] = false;
    }
  }

  #take(delivery: PendingDelivery): void {
    this.#underway[delivery.from].add(delivery.id);
    if (delivery.from === 'timers') void this.#try(delivery, 1);
    else if (this.#messages.enter(delivery.address, delivery)) void this.#try(delivery, 1);
  }

  async #try(delivery: PendingDelivery, attempt: number): Promise<void> {
    if (this.#isClosed) return;
    try {
      await this.#options.deliver(delivery);
    } catch (error) {
      const kind = failureKindOf(error);
      if (kind === 'closed') return;
      if (kind === 'poison' || (kind === 'host' && attempt >= deathsMax)) await this.#giveUp(delivery, error);
      else return this.#retry(delivery, attempt, kind, error);
    }
    this.#done(delivery);
  }

  #done(delivery: PendingDelivery): void {
    const { from, id, address } = delivery;
    this.#underway[from].delete(id);
    if (from === 'outbox') {
      const next = this.#messages.leave(address);
      if (next !== undefined) void this.#try(next, 1);
    }
    if (this.#fetchAgain[from] && this.#underway[from].size <= limits.deliveriesMax / 2)
      void this.#fetch(from);
  }

  #retry(delivery: PendingDelivery, attempt: number, kind: FailureKind, error: unknown): void {
    const { from, id, address, type } = delivery;
    deliveryDelayed.publish({ from, id, address, type, attempt, error });
    const retry = setTimeout(
      () => {
        this.#retries.delete(retry);
        void this.#try(delivery, attempt + 1);
      },
      retryDelayMs(kind, attempt),
    );
    retry.unref();
    this.#retries.add(retry);
  }

  async #giveUp(delivery: PendingDelivery, error: unknown): Promise<void> {
    try {
      await this.#options.giveUp(delivery, error);
    } catch {
      // It stays where it was, and comes again with the next run.
    }
  }

  #wakeNext(): void {
    while (this.#waking < wakesMax && !this.#isClosed) {
      const address = this.#toWake.shift();
      if (address === undefined) return;
      this.#waking++;
      void this.#wake(address, 1).finally(() => {
        this.#waking--;
        this.#wakeNext();
      });
    }
  }

  async #wake(address: string, attempt: number): Promise<void> {
    try {
      await this.#options.wake(address);
    } catch (error) {
      const kind = failureKindOf(error);
      // Another application of the same file knows the kind, or the actor kills whatever hosts it.
      if (this.#isClosed || kind === 'closed' || kind === 'definition' || kind === 'poison') return;
      if (attempt >= deathsMax) return;
      await new Promise<void>((resolve) => setTimeout(resolve, retryDelayMs(kind, attempt)).unref());
      await this.#wake(address, attempt + 1);
    }
  }
}
