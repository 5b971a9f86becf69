import { limits } from '../protocol/limits.ts';
import type { PendingRequest } from './pending-request.ts';

const roundsMax = 0x1_ffff;

/**
 * Requests that are with the host thread. Each gets a number whose lower part is its place here and in the marks of
 * `host-board.ts`; the upper part changes with every use of a place. Numbers are positive and small integers.
 */
export class InFlight {
  readonly #places: (PendingRequest | undefined)[] = [];
  readonly #free: number[] = [];
  #round = 0;
  #order = 0;
  #size = 0;
  /** Characters of their payloads. */
  #length = 0;

  get isFull(): boolean {
    return this.#size >= limits.hostInFlightMax || this.#length >= limits.hostInFlightLengthMax;
  }

  get size(): number {
    return this.#size;
  }

  /** Numbers a request. There must be room. */
  add(pending: PendingRequest): number {
    const place = this.#free.pop() ?? this.#places.length;
    this.#round = this.#round === roundsMax ? 1 : this.#round + 1;
    const id = this.#round * limits.hostInFlightMax + place;
    pending.request.id = id;
    pending.order = ++this.#order;
    pending.phase = 'sent';
    this.#places[place] = pending;
    this.#size++;
    this.#length += pending.request.payload.length;
    return id;
  }

  /** The request with this number, which is free from now on. */
  take(id: number): PendingRequest | undefined {
    const place = id % limits.hostInFlightMax;
    const pending = this.#places[place];
    if (pending?.request.id !== id) return undefined;
    this.#places[place] = undefined;
    this.#free.push(place);
    this.#size--;
    this.#length -= pending.request.payload.length;
    return pending;
  }

  /** Everything, in the order in which it left. */
  takeAll(): PendingRequest[] {
    const all = this.values().sort((a, b) => a.order - b.order);
    for (const { request } of all) this.take(request.id);
    return all;
  }

  values(): PendingRequest[] {
    return this.#places.filter((pending) => pending !== undefined);
  }
}
