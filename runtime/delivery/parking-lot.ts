import type { HeldBack, PendingDelivery } from '../protocol/delivery.ts';
import type { FailureKind } from './retry.ts';

/**
 * Where nothing can be delivered for now: an actor whose host is gone or whose mailbox is full, or a whole kind that
 * this process does not know. One delivery to each is tried again; the others stay in the file meanwhile, so that they
 * stand in nobody's way.
 */
export class ParkingLot {
  /** How many wait for the sake of an address, or of a kind, which is no address: it has no slash. */
  readonly #places = new Map<string, number>();

  /** How many deliveries wait for another try. */
  readonly waiting = { timers: 0, outbox: 0 };

  /** What is not to be fetched. */
  get places(): Omit<HeldBack, 'ids'> {
    const places = [...this.#places.keys()];
    return { addresses: places, kinds: places };
  }

  /** Whether something waits for the sake of which an address is not to be served. */
  holds(address: string): boolean {
    return this.#places.has(address) || this.#places.has(kindOf(address));
  }

  /** A delivery waits for another try. */
  enter({ from, address }: PendingDelivery, failure: FailureKind): void {
    this.waiting[from]++;
    const place = placeOf(address, failure);
    this.#places.set(place, (this.#places.get(place) ?? 0) + 1);
  }

  /** It does not any more. */
  leave({ from, address }: PendingDelivery, failure: FailureKind): void {
    this.waiting[from]--;
    const place = placeOf(address, failure);
    const others = (this.#places.get(place) ?? 1) - 1;
    if (others === 0) this.#places.delete(place);
    else this.#places.set(place, others);
  }
}

function placeOf(address: string, failure: FailureKind): string {
  return failure === 'kind' ? kindOf(address) : address;
}

function kindOf(address: string): string {
  return address.slice(0, address.indexOf('/'));
}
