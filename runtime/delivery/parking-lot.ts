import type { HeldBack, PendingDelivery } from '../protocol/delivery.ts';
import type { FailureKind } from './retry.ts';

/**
 * Where nothing can be delivered for now: an actor whose host is gone or whose mailbox is full, or a whole kind that
 * this process does not know. One delivery to each is tried again; the others stay in the file meanwhile, so that they
 * stand in nobody's way.
 */
export class ParkingLot {
  readonly #addresses = new Map<string, number>();
  readonly #kinds = new Map<string, number>();

  /** How many deliveries wait for another try. */
  readonly waiting = { timers: 0, outbox: 0 };

  /** What is not to be fetched. */
  get places(): Omit<HeldBack, 'ids'> {
    return { addresses: [...this.#addresses.keys()], kinds: [...this.#kinds.keys()] };
  }

  /** A delivery waits for another try. */
  enter({ from, address }: PendingDelivery, failure: FailureKind): void {
    this.waiting[from]++;
    const { places, place } = this.#placeOf(address, failure);
    places.set(place, (places.get(place) ?? 0) + 1);
  }

  /** It does not any more. */
  leave({ from, address }: PendingDelivery, failure: FailureKind): void {
    this.waiting[from]--;
    const { places, place } = this.#placeOf(address, failure);
    const others = (places.get(place) ?? 1) - 1;
    if (others === 0) places.delete(place);
    else places.set(place, others);
  }

  #placeOf(address: string, failure: FailureKind): { places: Map<string, number>; place: string } {
    return failure === 'kind'
      ? { places: this.#kinds, place: address.slice(0, address.indexOf('/')) }
      : { places: this.#addresses, place: address };
  }
}
