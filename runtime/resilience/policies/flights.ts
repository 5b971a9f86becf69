import { orAborted } from '../../waiting/or-aborted.ts';

/** A call under way for a key. */
interface Flight {
  readonly controller: AbortController;
  result: Promise<unknown>;
  passengers: number;
  /** Goes on without passengers. */
  isUnattended: boolean;
}

/** At most one call under way for each key. Whoever wants the same key meanwhile waits for the same result. */
export class Flights {
  readonly #flights = new Map<string, Flight>();

  /** Whether a call is the one under way for its key: not if the key was invalidated or the call given up meanwhile. */
  isCurrent(key: string, signal: AbortSignal): boolean {
    return this.#flights.get(key)?.controller.signal === signal;
  }

  /** Waits for the call under way, or for a new one. When the last who waits gives up, the call is aborted. */
  async join<T>(key: string, signal: AbortSignal, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const flight = this.#flights.get(key) ?? this.#start(key, call);
    flight.passengers++;
    try {
      return (await orAborted(flight.result, signal)) as T;
    } finally {
      flight.passengers--;
      const isOver = !this.isCurrent(key, flight.controller.signal);
      if (!isOver && flight.passengers === 0 && !flight.isUnattended) this.#abort(key, flight, signal.reason);
    }
  }

  /** Sees to it that a call is under way, for which nobody has to wait. */
  launch(key: string, call: (signal: AbortSignal) => Promise<unknown>): void {
    (this.#flights.get(key) ?? this.#start(key, call)).isUnattended = true;
  }

  /** Whoever waits gets the result, but it is nobody's any more who comes later. */
  forget(key: string): void {
    this.#flights.delete(key);
  }

  abortAll(reason: unknown): void {
    for (const [key, flight] of this.#flights) this.#abort(key, flight, reason);
  }

  #start(key: string, call: (signal: AbortSignal) => Promise<unknown>): Flight {
    const controller = new AbortController();
    const flight = { controller, passengers: 0, isUnattended: false } as Omit<Flight, 'result'> as Flight;
    // Before the call begins, since it may look for itself.
    this.#flights.set(key, flight);
    flight.result = orAborted(
      call(controller.signal).finally(() => {
        if (this.#flights.get(key) === flight) this.#flights.delete(key);
      }),
      controller.signal,
    );
    // Nobody may be waiting for it.
    flight.result.catch(() => undefined);
    return flight;
  }

  #abort(key: string, flight: Flight, reason: unknown): void {
    this.#flights.delete(key);
    flight.controller.abort(reason);
  }
}
