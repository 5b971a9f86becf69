import type { HoldfastError } from '../../errors/holdfast-error.ts';
import { invariant } from '../../errors/invariant.ts';
import type { Clock } from '../../ports/clock.ts';
import type { AppendReceipt, AppendRequest } from '../../protocol/append.ts';
import { versionConflict, violatesExpectation } from '../../protocol/expected-version.ts';
import { sealEvent } from '../../protocol/seal-event.ts';
import type { SqliteDatabase, SqliteStatement } from '../driver.ts';
import { ConsequenceWriter } from './consequence-writer.ts';
import { type HybridTime, nextHybridTime } from './hybrid-clock.ts';
import { Inbox } from './inbox.ts';
import { type StreamHead, StreamHeads } from './stream-heads.ts';
import { ownerOf, upsertSnapshot } from './upsert-snapshot.ts';

const noHead: StreamHead = { streamId: 0, version: 0, head: '' };

type Replica = { origin: string; sequence: number; ms: number; counter: number };

/**
 * Writes appends inside a transaction that its owner begins and commits. What it remembers between transactions (the
 * heads of streams, the last position, the clock) is dropped on `reload` and after a rollback.
 */
export class AppendTransaction {
  readonly #clock: Clock;
  readonly #heads: StreamHeads;
  readonly #inbox: Inbox;
  readonly consequences: ConsequenceWriter;
  readonly #insertStream: SqliteStatement;
  readonly #streamIdOf: SqliteStatement<number>;
  readonly #insertEvent: SqliteStatement;
  readonly #upsertSnapshot: SqliteStatement;
  readonly #updateReplica: SqliteStatement;
  readonly #selectReplica: SqliteStatement<Replica>;
  readonly #selectPosition: SqliteStatement<number>;
  #position = 0;
  #origin = '';
  #sequence = 0;
  #time: HybridTime = { ms: 0, counter: 0 };
  #replicaIsDirty = false;

  constructor(database: SqliteDatabase, clock: Clock, run: string) {
    this.#clock = clock;
    this.consequences = new ConsequenceWriter(database, clock, run);
    this.#heads = new StreamHeads(database);
    this.#inbox = new Inbox(database);
    this.#insertStream = database.prepare(
      'insert into streams (name) values (?) on conflict (name) do nothing',
    );
    this.#streamIdOf = database.prepare<number>('select stream_id from streams where name = ?').pluck();
    this.#insertEvent = database.prepare(
      'insert into events values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    );
    this.#upsertSnapshot = database.prepare(upsertSnapshot);
    this.#updateReplica = database.prepare(
      'update replica set last_sequence = ?, hlc_ms = ?, hlc_counter = ? where replica = 1',
    );
    this.#selectReplica = database.prepare<Replica>(
      'select origin, last_sequence as sequence, hlc_ms as ms, hlc_counter as counter from replica',
    );
    this.#selectPosition = database.prepare<number>('select coalesce(max(position), 0) from events').pluck();
  }

  get position(): number {
    return this.#position;
  }

  /** Reads again what is remembered, after another connection has written or before the first use. */
  reload(): void {
    this.#heads.forget();
    const replica = this.#selectReplica.get();
    invariant(replica !== undefined, 'the database has no replica row');
    this.#origin = replica.origin;
    this.#sequence = replica.sequence;
    this.#time = { ms: replica.ms, counter: replica.counter };
    this.#position = this.#selectPosition.get() ?? 0;
  }

  /** After a rollback: nothing that is remembered can be trusted until the next `reload`. */
  forget(): void {
    this.#heads.forget();
    this.#replicaIsDirty = false;
  }

  /** Writes one request. What is refused is returned as an error and has written nothing. */
  append(request: AppendRequest): AppendReceipt | HoldfastError {
    const head = this.#heads.of(request.stream);
    const repeated = this.#inbox.repeated(request);
    if (repeated !== undefined) return repeated;
    const actual = head?.version ?? 0;
    const consumed = request.consequences?.consumed ?? null;
    if (consumed !== null && this.consequences.isGone(consumed)) return this.#delivered(head);
    if (consumed !== null && this.consequences.isEarly(consumed))
      return versionConflict({ ...request, expectedVersion: 'any' }, actual);
    if (violatesExpectation(request, actual, head?.head ?? '')) return versionConflict(request, actual);
    return this.#insert(request, head);
  }

  /** Somebody else has delivered what this append would deliver. */
  #delivered(head: StreamHead | undefined): AppendReceipt {
    const { version, head: id } = head ?? noHead;
    return { outcome: 'already-appended', version, position: this.#position, head: id, reply: null };
  }

  /** Before the commit: saves the counters, once for the whole group. */
  finish(): void {
    this.consequences.finish();
    if (!this.#replicaIsDirty) return;
    this.#updateReplica.run(this.#sequence, this.#time.ms, this.#time.counter);
    this.#replicaIsDirty = false;
  }

  #insert(request: AppendRequest, known: StreamHead | undefined): AppendReceipt {
    const { stream } = request;
    // A command that decided on no event writes only its key.
    const head = known ?? (request.events.length === 0 ? noHead : this.#createStream(stream));
    const recordedAt = this.#clock.now();
    for (const event of request.events) {
      const parents = head.head;
      const hash = event.hash === '' ? sealEvent({ ...event, stream }, parents) : event.hash;
      this.#time = nextHybridTime(this.#time, this.#clock);
      this.#insertEvent.run(
        ++this.#position,
        event.id,
        head.streamId,
        ++head.version,
        event.type,
        event.schemaVersion,
        event.data,
        event.metadata,
        this.#origin,
        ++this.#sequence,
        this.#time.ms,
        this.#time.counter,
        parents,
        hash,
        event.recordedAt ?? recordedAt,
      );
      head.head = event.id;
    }
    this.#replicaIsDirty = request.events.length > 0 || this.#replicaIsDirty;
    const receipt: AppendReceipt = {
      outcome: 'appended',
      version: head.version,
      position: this.#position,
      head: head.head,
      reply: request.reply,
    };
    if (request.consequences !== null) this.consequences.write(stream, request.consequences);
    if (request.idempotencyKey !== null) this.#inbox.keep(request, receipt, recordedAt);
    if (request.snapshot !== null) {
      const { version, fingerprint, state } = request.snapshot;
      this.#upsertSnapshot.run(stream, ownerOf(fingerprint), version, fingerprint, state, recordedAt);
    }
    return receipt;
  }

  #createStream(stream: string): StreamHead {
    this.#insertStream.run(stream);
    const streamId = this.#streamIdOf.get(stream);
    invariant(streamId !== undefined, 'the stream that was inserted is not there');
    const head = { streamId, version: 0, head: '' };
    this.#heads.remember(stream, head);
    return head;
  }
}
