import type { MessagePort } from 'node:worker_threads';
import { limits } from '../protocol/limits.ts';
import type { LoadedStream, LoadRequest } from '../protocol/load.ts';
import { RequestClient } from './request-port.ts';

/** What a host may ask a thread that reads for it. */
export interface LoadRequests {
  load(request: LoadRequest): LoadedStream;
}

/**
 * Reads actors for a host. The first few are read by the store thread, since a program that has few needs no reader
 * thread then; a reader is wanted when there are many, or when the store thread has something else to wait for.
 */
export class HostReads {
  readonly #store: RequestClient<LoadRequests>;
  readonly #onReaderWanted: () => void;
  readonly #unanswered = new Set<(of: RequestClient<LoadRequests>) => void>();
  #reader: RequestClient<LoadRequests> | undefined;
  #reads = 0;
  #isReaderWanted = false;

  /** `onReaderWanted` is called once at the most. */
  constructor(store: MessagePort, onReaderWanted: () => void) {
    this.#store = new RequestClient(store);
    this.#onReaderWanted = onReaderWanted;
  }

  /** `at-once`: see `HostLog`. */
  load(request: LoadRequest, sending?: 'at-once'): Promise<LoadedStream> {
    const from = this.#reader ?? this.#store;
    const loaded = from === this.#store ? this.#first(request) : from.request('load', request);
    if (sending === 'at-once') from.flush();
    return loaded;
  }

  /** From now on this reader is asked, also for what the store thread has not answered yet. */
  readFrom(reader: MessagePort): void {
    this.#reader = new RequestClient(reader);
    for (const ask of this.#unanswered) ask(this.#reader);
  }

  #first(request: LoadRequest): Promise<LoadedStream> {
    if (++this.#reads >= limits.firstReadsMax) this.#wantReader();
    const late = setTimeout(this.#wantReader, limits.firstReadMs);
    const { promise, resolve, reject } = Promise.withResolvers<LoadedStream>();
    const ask = (of: RequestClient<LoadRequests>): void =>
      void of.request('load', request).then(resolve, reject);
    // A flood is left to the reader, which is wanted by then: the store thread would read what is asked again of that one.
    if (this.#unanswered.size < limits.firstReadsMax) ask(this.#store);
    this.#unanswered.add(ask);
    return promise.finally(() => {
      clearTimeout(late);
      this.#unanswered.delete(ask);
    });
  }

  readonly #wantReader = (): void => {
    if (this.#isReaderWanted) return;
    this.#isReaderWanted = true;
    this.#onReaderWanted();
  };
}
