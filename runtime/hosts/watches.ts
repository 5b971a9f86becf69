import type { HostReceipt, HostRequest } from '../protocol/host-messages.ts';
import { limits } from '../protocol/limits.ts';

/** Somebody who is told of every change of an actor. */
export interface Watch {
  readonly request: HostRequest;
  readonly answer: (answer: HostReceipt | Error) => void;
  /** Nobody waits for what it tells: it keeps no process alive. */
  readonly isQuiet: boolean;
  deaths: number;
}

/**
 * Who watches the actors of one host. A watch follows its actor from one host thread to the next, some few times; then
 * the actor is taken for what kills them. Its numbers are negative, which no other request has.
 */
export class Watches {
  readonly #watches = new Map<number, Watch>();
  #lastId = 0;
  #quiet = 0;

  /** Those that somebody waits for. */
  get size(): number {
    return this.#watches.size - this.#quiet;
  }

  add(request: HostRequest, answer: (answer: HostReceipt | Error) => void, isQuiet: boolean): void {
    request.id = --this.#lastId;
    this.#watches.set(request.id, { request, answer, isQuiet, deaths: 0 });
    if (isQuiet) this.#quiet++;
  }

  /** False if it has ended already. */
  remove(id: number): boolean {
    if (this.#watches.get(id)?.isQuiet) this.#quiet--;
    return this.#watches.delete(id);
  }

  /** Tells a watch. One whose actor cannot be shown ends. */
  answer(id: number, answer: HostReceipt | Error): void {
    const watch = this.#watches.get(id);
    if (watch === undefined) return;
    if (answer instanceof Error) this.remove(id);
    watch.deaths = 0;
    watch.answer(answer);
  }

  /** What the next host thread is to be told. */
  requests(): HostRequest[] {
    return [...this.#watches.values()].map(({ request }) => request);
  }

  /** Counts a death, and takes out those that were under too many. */
  countDeath(): Watch[] {
    const failed: Watch[] = [];
    for (const watch of this.#watches.values())
      if (++watch.deaths >= limits.hostDeathsMax) failed.push(watch);
    for (const { request } of failed) this.remove(request.id);
    return failed;
  }

  takeAll(): Watch[] {
    const all = [...this.#watches.values()];
    this.#watches.clear();
    this.#quiet = 0;
    return all;
  }
}
