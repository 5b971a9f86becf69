import { type HoldfastError, holdfastError } from '../errors/holdfast-error.ts';
import type {
  EventStoreBackend,
  IntegrityReport,
  LongWorkOptions,
  PageQuery,
  StoreStats,
} from '../ports/event-store-backend.ts';
import type { AppendReceipt, AppendRequest, EncodedSnapshot } from '../protocol/append.ts';
import { idempotencyConflict, repeatedByIds } from '../protocol/duplicate.ts';
import { versionConflict, violatesExpectation } from '../protocol/expected-version.ts';
import type { RecordedEvent } from '../protocol/recorded-event.ts';

/**
 * The same store without a file, for tests and scratch work: it passes the same contract, and everything in it is gone
 * with the process. `backup` is refused, since there is no file to copy.
 */
export class InMemoryEventStoreBackend implements EventStoreBackend {
  readonly #log: RecordedEvent[] = [];
  readonly #streams = new Map<string, RecordedEvent[]>();
  readonly #ids = new Map<string, RecordedEvent>();
  readonly #keys = new Map<string, { fingerprint: string; receipt: AppendReceipt }>();
  readonly #snapshots = new Map<string, EncodedSnapshot>();
  readonly #watchers = new Set<{ moved: (position: number) => void; failed: (reason: Error) => void }>();
  #isClosed = false;

  async append(request: AppendRequest): Promise<AppendReceipt> {
    this.#checkOpen();
    const repeated = this.#repeated(request);
    if (repeated !== undefined) return settled(repeated);
    const events = this.#streams.get(request.stream) ?? [];
    if (violatesExpectation(request, events.length, events.at(-1)?.id ?? '')) {
      throw versionConflict(request, events.length);
    }
    return this.#insert(request, events);
  }

  async readStream(stream: string, query: PageQuery): Promise<readonly RecordedEvent[]> {
    this.#checkOpen();
    return page(this.#streams.get(stream) ?? [], query);
  }

  async readLog(query: PageQuery): Promise<readonly RecordedEvent[]> {
    this.#checkOpen();
    return page(this.#log, query);
  }

  async saveSnapshot(stream: string, snapshot: EncodedSnapshot): Promise<void> {
    this.#checkOpen();
    this.#keepNewest(stream, snapshot);
  }

  async getLatestSnapshot(stream: string): Promise<EncodedSnapshot | undefined> {
    this.#checkOpen();
    return this.#snapshots.get(stream);
  }

  watch(moved: (position: number) => void, failed: (reason: Error) => void): () => void {
    this.#checkOpen();
    const watcher = { moved, failed };
    this.#watchers.add(watcher);
    queueMicrotask(() => this.#watchers.has(watcher) && moved(this.#log.length));
    return () => void this.#watchers.delete(watcher);
  }

  async flush(): Promise<void> {
    this.#checkOpen();
  }

  async stats(): Promise<StoreStats> {
    this.#checkOpen();
    return {
      events: this.#log.length,
      streams: this.#streams.size,
      snapshots: this.#snapshots.size,
      deadLetters: 0,
      timers: 0,
      messages: 0,
      position: this.#log.length,
      databaseBytes: 0,
      walBytes: 0,
      journalMode: 'memory',
      synchronous: 0,
      schemaVersion: 0,
    };
  }

  async backup(): Promise<void> {
    this.#checkOpen();
    throw holdfastError('HOLDFAST_ERR_ARGUMENT_INVALID', 'A store in memory has no file to back up.');
  }

  async verify({ signal }: LongWorkOptions = {}): Promise<IntegrityReport> {
    this.#checkOpen();
    signal?.throwIfAborted();
    return { ok: true, problems: [], events: this.#log.length };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const { failed } of this.#watchers) failed(closedError());
    this.#watchers.clear();
  }

  #insert(request: AppendRequest, events: RecordedEvent[]): AppendReceipt {
    const { stream, idempotencyKey, fingerprint, reply } = request;
    const now = Date.now();
    for (const { id, type, schemaVersion, data, metadata, recordedAt = now } of request.events) {
      const position = this.#log.length + 1;
      const version = events.length + 1;
      const event = { position, id, stream, version, type, schemaVersion, data, metadata, recordedAt };
      this.#log.push(event);
      events.push(event);
      this.#ids.set(id, event);
    }
    if (events.length > 0) this.#streams.set(stream, events);
    const head = events.at(-1)?.id ?? '';
    const receipt: AppendReceipt = {
      outcome: 'appended',
      version: events.length,
      position: this.#log.length,
      head,
      reply,
    };
    if (idempotencyKey !== null) this.#keys.set(`${stream}\n${idempotencyKey}`, { fingerprint, receipt });
    if (request.snapshot !== null) this.#keepNewest(stream, request.snapshot);
    for (const { moved } of this.#watchers) moved(this.#log.length);
    return receipt;
  }

  /** Actors are hosted over a file only, so that every snapshot here is one of a caller. */
  #keepNewest(stream: string, snapshot: EncodedSnapshot): void {
    if (snapshot.version >= (this.#snapshots.get(stream)?.version ?? 0))
      this.#snapshots.set(stream, snapshot);
  }

  #repeated(request: AppendRequest): AppendReceipt | HoldfastError | undefined {
    const { stream, idempotencyKey } = request;
    const kept = idempotencyKey === null ? undefined : this.#keys.get(`${stream}\n${idempotencyKey}`);
    if (kept !== undefined) {
      if (kept.fingerprint !== request.fingerprint) return idempotencyConflict(stream, idempotencyKey ?? '');
      return { ...kept.receipt, outcome: 'already-appended' };
    }
    return request.idsAreKeys ? this.#repeatedById(request) : undefined;
  }

  #repeatedById(request: AppendRequest): AppendReceipt | HoldfastError | undefined {
    const known = request.events.map(({ id }) => this.#ids.get(id));
    return repeatedByIds(request, known);
  }

  #checkOpen(): void {
    if (this.#isClosed) throw closedError();
  }
}

function closedError(): HoldfastError {
  return holdfastError('HOLDFAST_ERR_CLOSED', 'The store in memory is closed.');
}

function settled(outcome: AppendReceipt | HoldfastError): AppendReceipt {
  if (outcome instanceof Error) throw outcome;
  return outcome;
}

/** Both versions and positions count from one without gaps, so the index of an event is its number minus one. */
function page(events: readonly RecordedEvent[], { after, limit, direction }: PageQuery): RecordedEvent[] {
  if (direction === 'forward') return events.slice(after, after + limit);
  const end = Math.max(0, Math.min(after - 1, events.length));
  return events.slice(Math.max(0, end - limit), end).reverse();
}
