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
  readonly #wantReader: () => void;
  readonly #unanswered = new Set<(of: RequestClient<LoadRequests>) => void>();
  #reader: RequestClient<LoadRequests> | undefined;
  #reads = 0;

  /** `wantReader` may be called more than once. */
  constructor(store: MessagePort, wantReader: () => void) {
    this.#store = new RequestClient(store);
    this.#wantReader = wantReader;
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
    this.#unanswered.add(ask);
    ask(this.#store);
    return promise.finally(() => {
      clearTimeout(late);
      this.#unanswered.delete(ask);
    });
  }
}
