import type { EventStoreBackend } from '../ports/event-store-backend.ts';
import { limits } from '../protocol/limits.ts';
import type { RecordedEvent } from '../protocol/recorded-event.ts';

/**
 * Yields every event after a position, then every new one as it arrives. Readers go by position only, and positions
 * become visible in order, so nothing is missed or given twice, whoever appends. Ends when `stop` is aborted.
 */
export async function* follow(
  backend: EventStoreBackend,
  after: number,
  stop: AbortSignal,
): AsyncGenerator<RecordedEvent, void, void> {
  const arrival = new Arrival();
  const unwatch = backend.watch(
    (position) => arrival.moveTo(position),
    (reason) => arrival.fail(reason),
  );
  const onStop = () => arrival.moveTo(Number.POSITIVE_INFINITY);
  stop.addEventListener('abort', onStop, { once: true });
  try {
    let cursor = after;
    while (!stop.aborted) {
      await arrival.after(cursor);
      if (stop.aborted) return;
      const page = await backend.readLog({
        after: cursor,
        limit: limits.pageEventsMax,
        direction: 'forward',
      });
      // What was read while it was being ended is not given out any more.
      if (stop.aborted) return;
      for (const event of page) {
        yield event;
        cursor = event.position;
        if (stop.aborted) return;
      }
    }
  } catch (error) {
    // A read under way fails when the store is closed, which is an end like any other.
    if (!stop.aborted) throw error;
  } finally {
    stop.removeEventListener('abort', onStop);
    unwatch();
  }
}

/** The last known position of the log, and a way to wait until it is beyond a cursor. */
class Arrival {
  #position = 0;
  #wake: (() => void) | undefined;
  #failure: Error | undefined;

  /** Nothing will arrive any more. */
  fail(reason: Error): void {
    this.#failure = reason;
    this.#wake?.();
  }

  moveTo(position: number): void {
    this.#position = Math.max(this.#position, position);
    this.#wake?.();
  }

  async after(cursor: number): Promise<void> {
    while (this.#position <= cursor) {
      if (this.#failure !== undefined) throw this.#failure;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
