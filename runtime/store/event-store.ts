import { holdfastError } from '../errors/holdfast-error.ts';
import type {
  EventStoreBackend,
  IntegrityReport,
  LongWorkOptions,
  StoreStats,
} from '../ports/event-store-backend.ts';
import type { ExpectedVersion } from '../protocol/append.ts';
import { decode, encode } from '../protocol/codec.ts';
import { checkExpectedVersion } from '../protocol/expected-version.ts';
import { limits } from '../protocol/limits.ts';
import { checkKey, checkName, checkWhole } from '../protocol/names.ts';
import { checkOneOf, checkOptions, invalidOption } from '../protocol/options.ts';
import type { RecordedEvent } from '../protocol/recorded-event.ts';
import { stoppable } from '../stoppable.ts';
import { contentFingerprint, encodeEvents } from './encode-events.ts';
import { type EventShape, type NewEvent, type StoredEvent, toStoredEvent } from './stored-event.ts';
import { follow } from './subscription.ts';

/** Options of {@link EventStore.append}. */
export interface AppendOptions {
  /** What the stream must be at: a version (0 for a new stream) or a condition. Default `'any'`. */
  readonly expectedVersion?: ExpectedVersion;
  /** Makes a repetition harmless: the same key with the same events on the same stream appends once, for ever. */
  readonly idempotencyKey?: string;
}

/** What became of an append. */
export interface AppendResult {
  /** `already-appended` if the same events were appended before under the same key or ids; nothing was written now. */
  readonly outcome: 'appended' | 'already-appended';
  readonly stream: string;
  /** Version of the stream after the last of these events. */
  readonly version: number;
  /** Position in the log of the last of these events. */
  readonly position: number;
}

/** Options of {@link EventStore.read}. */
export interface ReadOptions {
  /** Starts beyond this version: after it going forward, before it going backward. Default: the respective end. */
  readonly after?: number;
  /** At most so many events. Default: all. */
  readonly limit?: number;
  /** Default `'forward'`. */
  readonly direction?: 'forward' | 'backward';
}

/** Options of {@link EventStore.readAll}. */
export interface ReadAllOptions {
  /** Starts after this position. Default 0, the beginning. */
  readonly after?: number;
  /** At most so many events. Default: all. */
  readonly limit?: number;
}

/** Options of {@link EventStore.subscribe}. */
export interface SubscribeOptions {
  /** Starts after this position. Default 0, the beginning. */
  readonly after?: number;
  /** Ends the subscription; its iterator then completes without an error. */
  readonly signal?: AbortSignal;
}

/** The state of a stream at a version: a cache of what its events say. */
export interface Snapshot {
  readonly version: number;
  readonly state: unknown;
}

/**
 * A log of events in streams. What `append` has acknowledged survives the end of the process and a power cut; events
 * are never changed or deleted. Safe to use from any number of callers at once.
 *
 * @example
 * const store = EventStore.withBackend(await SqliteEventStoreBackend.open('events.db'));
 * await store.append('doc-1', [{ type: 'created', data: { title: 'Plan' } }], { expectedVersion: 'no-stream' });
 * for await (const event of store.read('doc-1')) console.log(event.version, event.type);
 * await store.close();
 */
export class EventStore<Event extends EventShape = EventShape> {
  readonly #backend: EventStoreBackend;
  readonly #closesBackend: boolean;
  readonly #closing = new AbortController();

  private constructor(backend: EventStoreBackend, closesBackend: boolean) {
    this.#backend = backend;
    this.#closesBackend = closesBackend;
  }

  /** A store over a backend: {@link SqliteEventStoreBackend}, {@link InMemoryEventStoreBackend}, or one of your own. */
  static withBackend<Event extends EventShape = EventShape>(backend: EventStoreBackend): EventStore<Event> {
    if (typeof (backend as Partial<EventStoreBackend> | undefined)?.append !== 'function') {
      throw invalidOption(
        'EventStore.withBackend takes a backend, such as `await SqliteEventStoreBackend.open(path)`; was an await forgotten?',
      );
    }
    return new EventStore<Event>(backend, true);
  }

  /** A store over a backend that belongs to somebody else, who closes it. @internal */
  static sharing(backend: EventStoreBackend): EventStore {
    return new EventStore(backend, false);
  }

  /**
   * Appends events to a stream, all or none, and resolves once they are durable. Appends to one stream keep the order
   * of the calls. Repeating a call is safe with an idempotency key or with event ids of your own.
   *
   * @throws HOLDFAST_ERR_VERSION_CONFLICT with `expected` and `actual`; HOLDFAST_ERR_IDEMPOTENCY_CONFLICT;
   * HOLDFAST_ERR_PAYLOAD_INVALID, HOLDFAST_ERR_PAYLOAD_TOO_LARGE, HOLDFAST_ERR_ARGUMENT_INVALID,
   * HOLDFAST_ERR_OPTION_INVALID; HOLDFAST_ERR_STORAGE_FULL, _BUSY, _IO, _READONLY, _CORRUPT, HOLDFAST_ERR_SCHEMA_NEWER,
   * HOLDFAST_ERR_CLOSED (nothing was written); HOLDFAST_ERR_OUTCOME_UNKNOWN, HOLDFAST_ERR_THREAD_EXITED (repeat with the same
   * key).
   */
  async append(
    stream: string,
    events: readonly NewEvent<Event>[],
    options: AppendOptions = {},
  ): Promise<AppendResult> {
    checkName('The name of a stream', stream);
    checkOptions('append', options, ['expectedVersion', 'idempotencyKey']);
    const { expectedVersion = 'any', idempotencyKey } = options;
    checkExpectedVersion(expectedVersion);
    if (idempotencyKey !== undefined) checkKey('idempotencyKey', idempotencyKey);
    const batch = encodeEvents(events);
    const { outcome, version, position } = await this.#backend.append({
      stream,
      events: batch.events,
      expectedVersion,
      expectedHead: null,
      idsAreKeys: batch.idsAreKeys,
      idempotencyKey: idempotencyKey ?? null,
      fingerprint: idempotencyKey === undefined ? '' : contentFingerprint(batch.events),
      reply: null,
      snapshot: null,
      consequences: null,
    });
    return { outcome, stream, version, position };
  }

  /**
   * The events of a stream by version; none if there is no such stream. Default: all, forward. Reads page by page while it
   * is iterated, each page as the stream is then.
   *
   * @throws at once HOLDFAST_ERR_ARGUMENT_INVALID, HOLDFAST_ERR_OPTION_INVALID; while it is iterated HOLDFAST_ERR_CLOSED and
   * HOLDFAST_ERR_STORAGE_IO, _CORRUPT.
   */
  read(stream: string, options: ReadOptions = {}): AsyncIterableIterator<StoredEvent<Event>> {
    checkName('The name of a stream', stream);
    checkOptions('read', options, ['after', 'limit', 'direction']);
    const { direction = 'forward' } = options;
    checkOneOf('read', 'direction', direction, ['forward', 'backward']);
    const { after, limit } = range(options, direction === 'forward' ? 0 : Number.MAX_SAFE_INTEGER);
    const readPage = (from: number, count: number) =>
      this.#backend.readStream(stream, { after: from, limit: count, direction });
    return pages<Event>(readPage, after, limit, ({ version }) => version);
  }

  /**
   * The events of all streams by position, which is their order of arrival. Default: all. Reads page by page while it is
   * iterated.
   *
   * @throws what {@link EventStore.read} throws.
   */
  readAll(options: ReadAllOptions = {}): AsyncIterableIterator<StoredEvent<Event>> {
    checkOptions('readAll', options, ['after', 'limit']);
    const { after, limit } = range(options, 0);
    const readPage = (from: number, count: number) =>
      this.#backend.readLog({ after: from, limit: count, direction: 'forward' });
    return pages<Event>(readPage, after, limit, ({ position }) => position);
  }

  /**
   * The events of a stream after a version, by version, as an array: all of them are in memory.
   *
   * @throws what {@link EventStore.read} throws, as a rejection.
   */
  async getEventsAfter(stream: string, version: number): Promise<StoredEvent<Event>[]> {
    checkWhole('version', version);
    const events: StoredEvent<Event>[] = [];
    for await (const event of this.read(stream, { after: version })) events.push(event);
    return events;
  }

  /**
   * All events after a position, then every new one as it arrives, in order, without a gap or a duplicate, also those
   * of other processes on the same file (within about 25 ms; of one that is opened for reading only, within 100).
   * Default: from the beginning. Ends without an error on abort and on close.
   *
   * @throws at once HOLDFAST_ERR_ARGUMENT_INVALID, HOLDFAST_ERR_OPTION_INVALID; while it is iterated HOLDFAST_ERR_CLOSED if
   * the store was closed before, HOLDFAST_ERR_STORAGE_IO, _CORRUPT and HOLDFAST_ERR_THREAD_EXITED.
   */
  subscribe(options: SubscribeOptions = {}): AsyncGenerator<StoredEvent<Event>, void, void> {
    checkOptions('subscribe', options, ['after', 'signal']);
    const { after = 0, signal } = options;
    checkWhole('after', after);
    return stoppable((stop) => this.#subscribe(after, stop), signal, this.#closing.signal);
  }

  async *#subscribe(after: number, stop: AbortSignal): AsyncGenerator<StoredEvent<Event>, void, void> {
    this.#checkOpen();
    if (stop.aborted) return;
    for await (const event of follow(this.#backend, after, stop)) yield toStoredEvent<Event>(event);
  }

  /**
   * Keeps a snapshot; the newest of a stream is kept, and an older one does not replace it. It is the caller's own: its
   * version is not compared with that of the stream, which need not have events. Resolves once it is durable.
   *
   * @throws HOLDFAST_ERR_ARGUMENT_INVALID, HOLDFAST_ERR_OPTION_INVALID, HOLDFAST_ERR_PAYLOAD_INVALID,
   * HOLDFAST_ERR_PAYLOAD_TOO_LARGE, HOLDFAST_ERR_CLOSED, and the errors of the storage as for {@link EventStore.append}.
   */
  async saveSnapshot(stream: string, snapshot: Snapshot): Promise<void> {
    checkName('The name of a stream', stream);
    checkOptions('saveSnapshot', snapshot, ['version', 'state']);
    checkWhole('snapshot.version', snapshot.version);
    const state = encode(snapshot.state, 'snapshot.state');
    await this.#backend.saveSnapshot(stream, { version: snapshot.version, fingerprint: '', state });
  }

  /**
   * The newest snapshot of a stream, or `undefined`.
   *
   * @throws HOLDFAST_ERR_ARGUMENT_INVALID, HOLDFAST_ERR_CLOSED, HOLDFAST_ERR_STORAGE_IO, _CORRUPT.
   */
  async getLatestSnapshot(stream: string): Promise<Snapshot | undefined> {
    checkName('The name of a stream', stream);
    const snapshot = await this.#backend.getLatestSnapshot(stream);
    return snapshot === undefined ? undefined : { version: snapshot.version, state: decode(snapshot.state) };
  }

  /**
   * Copies the write-ahead log back into the database file. Durability does not depend on it.
   *
   * @throws HOLDFAST_ERR_CLOSED, HOLDFAST_ERR_STORAGE_FULL, _BUSY, _IO.
   */
  async flush(): Promise<void> {
    await this.#backend.flush();
  }

  /**
   * Exact counts, and sizes in bytes.
   *
   * @throws HOLDFAST_ERR_CLOSED, HOLDFAST_ERR_STORAGE_IO, _CORRUPT.
   */
  async stats(): Promise<StoreStats> {
    return this.#backend.stats();
  }

  /**
   * Copies the store as it is now into a new file, while appends go on. A file that exists is never replaced; on abort
   * or an error no file is left.
   *
   * @throws HOLDFAST_ERR_ARGUMENT_INVALID for a file that exists, or is one of SQLite's own beside the database,
   * HOLDFAST_ERR_STORAGE_PATH, _FULL, _IO, _CORRUPT, HOLDFAST_ERR_CLOSED, the reason of the signal, and what `onProgress` throws.
   */
  async backup(path: string, options: LongWorkOptions = {}): Promise<void> {
    checkOptions('backup', options, ['signal', 'onProgress']);
    await this.#backend.backup(path, options);
  }

  /**
   * Checks the file, the order of all events and the hash of each, and reports what is wrong. Changes nothing.
   *
   * @throws HOLDFAST_ERR_CLOSED, the reason of the signal, what `onProgress` throws, and HOLDFAST_ERR_STORAGE_IO where the
   * file cannot be opened once more. What is damaged is in the report.
   */
  async verify(options: LongWorkOptions = {}): Promise<IntegrityReport> {
    checkOptions('verify', options, ['signal', 'onProgress']);
    return this.#backend.verify(options);
  }

  /** Ends subscriptions, commits what was appended, and frees everything. May be called twice. */
  async close(): Promise<void> {
    this.#closing.abort();
    if (this.#closesBackend) await this.#backend.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #checkOpen(): void {
    if (!this.#closing.signal.aborted) return;
    throw holdfastError('HOLDFAST_ERR_CLOSED', 'The store is closed. Open it again to go on.');
  }
}

function range(
  options: { readonly after?: number; readonly limit?: number },
  start: number,
): { after: number; limit: number } {
  const { after = start, limit = Number.POSITIVE_INFINITY } = options;
  checkWhole('after', after);
  if (limit !== Number.POSITIVE_INFINITY) checkWhole('limit', limit);
  return { after, limit };
}

async function* pages<Event extends EventShape>(
  readPage: (after: number, limit: number) => Promise<readonly RecordedEvent[]>,
  after: number,
  limit: number,
  cursorOf: (event: { version: number; position: number }) => number,
): AsyncGenerator<StoredEvent<Event>, void, void> {
  let cursor = after;
  let left = limit;
  while (left > 0) {
    const page = await readPage(cursor, Math.min(left, limits.pageEventsMax));
    if (page.length === 0) return;
    for (const event of page) yield toStoredEvent<Event>(event);
    cursor = cursorOf(page.at(-1) as RecordedEvent);
    left -= page.length;
  }
}
