import { deliveryDelayed } from '../observability/channels.ts';
import type { HeldBack, MessageRange, PendingDelivery } from '../protocol/delivery.ts';
import { limits } from '../protocol/limits.ts';
import type { DeliverySignal } from '../protocol/store-control.ts';
import { Lines } from './lines.ts';
import { ParkingLot } from './parking-lot.ts';
import { type FailureKind, failureKindOf, retryDelayMs } from './retry.ts';

/** What a dispatcher needs of the store and of the hosts. */
export interface DispatcherOptions {
  readonly fetch: (
    from: PendingDelivery['from'],
    without: HeldBack,
    range: MessageRange,
  ) => Promise<readonly PendingDelivery[]>;
  /** Resolves when what came of the delivery is durable, which it is not before the message `after`, if there is one. */
  readonly deliver: (delivery: PendingDelivery, after: number) => Promise<void>;
  /** Removes the delivery and keeps a dead letter instead. */
  readonly giveUp: (delivery: PendingDelivery, error: unknown) => Promise<void>;
  readonly wake: (address: string) => Promise<void>;
  /** Actors whose work this run has under way. */
  readonly ownWork: () => Promise<readonly string[]>;
  /** Leaves the work of an actor to another runtime on the file. */
  readonly releaseWork: (address: string) => Promise<void>;
}

/** How often a delivery may kill its host before it is taken for the cause. */
const deathsMax = 3;

/** How often a delivery failed, how many of those by the death of its host, and why the last time. */
interface Failures {
  readonly count: number;
  readonly deaths: number;
  readonly kind: FailureKind;
  /** What it is given up for as soon as the disk takes that: it is not delivered again, to do its harm once more. */
  readonly verdict: unknown;
}

/** Deliveries that wait for another try, of which there is one to an actor or a few to a kind. */
const waitingMax = 16 * limits.deliveriesMax;

/** Deliveries in memory, over all lines. */
const underwayMax = 16 * limits.deliveriesMax;

/** Timers, or messages, of one actor that are on their way at once. */
const atOnce = 64;

/** Actors that are woken at once after a start. */
export const wakesMax = 64;

/**
 * Brings due timers and waiting messages to their actors, and wakes actors whose work was interrupted. What it has in
 * memory can be lost at any moment: a delivery is removed from the file by the append that holds what came of it, so it
 * is tried until that has happened, and happens once. Messages to one actor arrive in the order in which they were sent:
 * several are on their way at once, and the store takes none before the one that went before it. Where one cannot be
 * delivered, those behind it stay in the file until it is. Of what is for one actor only so much is in memory, so that a
 * long line to one is in nobody else's way.
 */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #underway = { timers: new Set<number>(), outbox: new Set<number>() };
  readonly #isFetching = { timers: false, outbox: false };
  readonly #fetchAgain = { timers: false, outbox: false };
  readonly #lines = {
    timers: new Lines<PendingDelivery>(atOnce),
    outbox: new Lines<PendingDelivery>(atOnce),
  };
  /** Messages up to here were seen: they are in memory, or behind such as are. */
  #seen = 0;
  /** Addresses whose line has run low, while the file has more for it. */
  readonly #low = new Set<string>();
  readonly #parkingLot = new ParkingLot();
  /** Changes whenever deliveries are sent back to the file, or no longer passed over: what is fetched is then not in order. */
  #dispersals = 0;
  /** What waits for another try: what is to be done then, and for which actor, if for one. */
  readonly #retries = new Map<
    NodeJS.Timeout,
    { readonly address: string | undefined; readonly step: () => void }
  >();
  /** Actors that are woken as soon as there is room, and which attempt it is. */
  readonly #toWake: (readonly [address: string, attempt: number])[] = [];
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
        for (const address of signal.streams) this.#wakeSoon(address, 1);
    }
  }

  /** After a host has died: wakes those of its actors that had work under way, which nobody else would ask for. */
  async resumeWork(isTheirs: (address: string) => boolean): Promise<void> {
    try {
      const addresses = await this.#options.ownWork();
      this.onSignal({ kind: 'work', streams: addresses.filter(isTheirs) });
    } catch (error) {
      const kind = failureKindOf(error);
      // What a store that is closing has under way, the next run resumes.
      if (kind !== 'closed') this.#later(retryDelayMs(kind, 1), () => void this.resumeWork(isTheirs));
    }
  }

  /** Something has changed for an actor: what waits for another try with it is tried now. */
  hurry(address: string): void {
    for (const [retry, { address: waiting, step }] of [...this.#retries]) {
      if (waiting !== address) continue;
      clearTimeout(retry);
      this.#retries.delete(retry);
      step();
    }
  }

  /** Starts nothing more. What is on its way is answered or comes again with the next run. */
  close(): void {
    this.#isClosed = true;
    for (const retry of this.#retries.keys()) clearTimeout(retry);
    this.#retries.clear();
    this.#toWake.length = 0;
  }

  async #fetch(from: PendingDelivery['from']): Promise<void> {
    this.#fetchAgain[from] = true;
    if (this.#isFetching[from]) return;
    this.#isFetching[from] = true;
    try {
      while (this.#fetchAgain[from] && !this.#isClosed) {
        // What is on its way fetches again when enough of it is done: asking for a few at a time costs more than they do.
        if (this.#isBusy(from)) return;
        this.#fetchAgain[from] = false;
        const found = await this.#look(from, { after: this.#seen, only: null });
        if (found.length >= limits.deliveriesMax) this.#fetchAgain[from] = true;
        for (const delivery of found) {
          this.#take(delivery);
          if (from === 'outbox') this.#seen = Math.max(this.#seen, delivery.id);
        }
        if (from === 'outbox') await this.#fillLow();
      }
    } catch (error) {
      const kind = failureKindOf(error);
      // A line may be open by now for messages that could not be read: all are looked for again.
      this.#seen = 0;
      if (kind !== 'closed') this.#later(retryDelayMs(kind, 1), () => void this.#fetch(from));
    } finally {
      this.#isFetching[from] = false;
    }
  }

  /** What is to be delivered now. Nothing if lines were dispersed or unparked meanwhile: what was found is then not in order. */
  async #look(from: PendingDelivery['from'], range: MessageRange): Promise<readonly PendingDelivery[]> {
    const dispersals = this.#dispersals;
    const { addresses, kinds } = this.#parkingLot.places;
    const found = await this.#options.fetch(
      from,
      { ids: [...this.#underway[from]], addresses: [...addresses, ...this.#lines[from].full], kinds },
      range,
    );
    if (dispersals === this.#dispersals) return found;
    this.#fetchAgain[from] = true;
    this.#seen = 0;
    return [];
  }

  /** Lets in those who were turned away from lines that have run low. */
  async #fillLow(): Promise<void> {
    for (const address of [...this.#low]) {
      this.#low.delete(address);
      const after = this.#lines.outbox.open(address);
      if (after === undefined) continue;
      for (const delivery of await this.#look('outbox', { after, only: address })) this.#take(delivery);
    }
  }

  #take(delivery: PendingDelivery): void {
    const { from, id, address } = delivery;
    if (this.#underway[from].has(id)) return;
    const place = this.#lines[from].enter(address, delivery);
    if (place === 'turned-away') return;
    this.#underway[from].add(id);
    if (place === 'goes') void this.#try(delivery);
  }

  async #try(delivery: PendingDelivery, before?: Failures): Promise<void> {
    if (this.#isClosed) return;
    const { from, id, address } = delivery;
    try {
      if (before?.verdict !== undefined) throw before.verdict;
      await this.#options.deliver(delivery, this.#lines[from].before(address, id));
    } catch (error) {
      const kind = failureKindOf(error);
      if (kind === 'closed') return;
      const deaths = (before?.deaths ?? 0) + (kind === 'host' ? 1 : 0);
      // Who is given up holds nobody back any more, so what goes before it comes first.
      const isHopeless = (kind === 'poison' || deaths >= deathsMax) && this.#isNext(delivery);
      if (!isHopeless || !(await this.#giveUp(delivery, error))) {
        if (before !== undefined) this.#parkingLot.leave(delivery, before.kind);
        else if (!isHopeless && this.#parkingLot.holds(address)) return this.#leave(delivery, true);
        const verdict = isHopeless ? error : undefined;
        return this.#retry(delivery, { count: (before?.count ?? 0) + 1, deaths, kind, verdict }, error);
      }
    }
    if (before !== undefined) this.#unpark(delivery, before.kind);
    this.#leave(delivery, false);
  }

  /** Whether nothing that goes before it is still to be delivered. */
  #isNext({ from, id, address }: PendingDelivery): boolean {
    return from === 'timers' || this.#lines.outbox.isNext(address, id);
  }

  /** Whether enough actors are being served. What waits for another try is bounded on its own. */
  #isBusy(from: PendingDelivery['from']): boolean {
    const waiting = this.#parkingLot.waiting[from];
    if (waiting > waitingMax || this.#underway[from].size - waiting > underwayMax) return true;
    return this.#lines[from].size - waiting > limits.deliveriesMax / 2;
  }

  /** Leaves what is behind a delivery that failed to the file. */
  #park(delivery: PendingDelivery, kind: FailureKind): void {
    this.#parkingLot.enter(delivery, kind);
    this.#dispersals++;
    const behind = delivery.from === 'outbox' ? this.#lines.outbox.disperse(delivery.address) : [];
    for (const { id } of behind) this.#underway.outbox.delete(id);
    this.#fetchMore();
  }

  #unpark(delivery: PendingDelivery, kind: FailureKind): void {
    this.#parkingLot.leave(delivery, kind);
    this.#fetchAgain.timers = true;
    this.#fetchAgain.outbox = true;
    // What was passed over meanwhile lies before what was seen, and before what is being fetched just now.
    this.#seen = 0;
    this.#dispersals++;
  }

  /** It is delivered, or stays in the file behind one that cannot be. */
  #leave({ from, id, address }: PendingDelivery, isMissing: boolean): void {
    this.#underway[from].delete(id);
    const lines = this.#lines[from];
    const next = lines.leave(address, id, isMissing);
    if (next !== undefined) void this.#try(next);
    if (lines.isLow(address)) {
      if (from === 'outbox') this.#low.add(address);
      else lines.open(address);
      this.#fetchAgain[from] = true;
    }
    this.#fetchMore();
  }

  #fetchMore(): void {
    for (const from of ['timers', 'outbox'] as const) {
      if (this.#fetchAgain[from] && !this.#isBusy(from)) void this.#fetch(from);
    }
  }

  #retry(delivery: PendingDelivery, failures: Failures, error: unknown): void {
    const { count, kind } = failures;
    const { from, id, address, type } = delivery;
    deliveryDelayed.publish({ from, id, address, type, attempt: count, error });
    this.#park(delivery, kind);
    const again = (): void => {
      // What goes before it may be in the file only, and is fetched before it.
      if (this.#isNext(delivery)) return void this.#try(delivery, failures);
      this.#unpark(delivery, kind);
      this.#leave(delivery, true);
    };
    this.#later(retryDelayMs(kind, count), again, address);
  }

  #later(delayMs: number, step: () => void, address?: string): void {
    if (this.#isClosed) return;
    const retry = setTimeout(() => {
      this.#retries.delete(retry);
      step();
    }, delayMs);
    retry.unref();
    this.#retries.set(retry, { address, step });
  }

  /** Whether the delivery was removed; if the disk does not take it, it stays the first of its line. */
  async #giveUp(delivery: PendingDelivery, error: unknown): Promise<boolean> {
    try {
      await this.#options.giveUp(delivery, error);
      return true;
    } catch {
      return false;
    }
  }

  #wakeSoon(address: string, attempt: number): void {
    this.#toWake.push([address, attempt]);
    this.#wakeNext();
  }

  #wakeNext(): void {
    while (this.#waking < wakesMax && !this.#isClosed) {
      const next = this.#toWake.shift();
      if (next === undefined) return;
      this.#waking++;
      void this.#wake(...next).finally(() => {
        this.#waking--;
        this.#wakeNext();
      });
    }
  }

  async #release(address: string): Promise<void> {
    try {
      await this.#options.releaseWork(address);
    } catch {
      // The store is closing, or the disk is full: the end of this run releases it.
    }
  }

  async #wake(address: string, attempt: number): Promise<void> {
    try {
      await this.#options.wake(address);
    } catch (error) {
      const kind = failureKindOf(error);
      // An actor that kills whatever hosts it is not woken again.
      if (this.#isClosed || kind === 'closed' || kind === 'poison') return;
      // Another application of the same file may know the kind.
      if (kind === 'kind') return this.#release(address);
      // Those that cannot be read may never be: until its next try, each leaves its place to another.
      this.#later(retryDelayMs(kind, attempt), () => this.#wakeSoon(address, attempt + 1), address);
    }
  }
}
