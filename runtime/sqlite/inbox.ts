import type { HoldfastError } from '../errors/holdfast-error.ts';
import type { AppendReceipt, AppendRequest } from '../protocol/append.ts';
import { idempotencyConflict } from '../protocol/duplicate.ts';
import type { SqliteDatabase, SqliteStatement } from './driver.ts';

type InboxRow = {
  fingerprint: string;
  version: number;
  position: number;
  head: string;
  reply: string | null;
};
type EventRow = {
  stream: string;
  version: number;
  position: number;
  type: string;
  data: string;
  metadata: string | null;
};

/** Recognises appends that were made before, by their idempotency key or by the event ids their caller chose. */
export class Inbox {
  readonly #select: SqliteStatement<InboxRow>;
  readonly #insert: SqliteStatement;
  readonly #eventById: SqliteStatement<EventRow>;

  constructor(database: SqliteDatabase) {
    this.#select = database.prepare<InboxRow>(
      'select fingerprint, version, position, head, reply from inbox where stream = ? and key = ?',
    );
    this.#insert = database.prepare('insert into inbox values (?, ?, ?, ?, ?, ?, ?, ?)');
    this.#eventById = database.prepare<EventRow>(`
      select s.name as stream, e.version, e.position, e.type, e.data, e.metadata
      from events e join streams s on s.stream_id = e.stream_id where e.id = ?`);
  }

  /** The receipt of the first append if this one repeats it, an error if it only looks like one, else `undefined`. */
  repeated(request: AppendRequest): AppendReceipt | HoldfastError | undefined {
    if (request.idempotencyKey !== null) {
      const kept = this.#select.get(request.stream, request.idempotencyKey);
      if (kept !== undefined) return repeatedByKey(request, kept);
    }
    return request.idsAreKeys ? this.#repeatedById(request) : undefined;
  }

  keep(request: AppendRequest, receipt: AppendReceipt, recordedAt: number): void {
    const { version, position, head, reply } = receipt;
    this.#insert.run(
      request.stream,
      request.idempotencyKey,
      request.fingerprint,
      version,
      position,
      head,
      reply,
      recordedAt,
    );
  }

  /** All events there, in this order and with this content: a repetition. None: new. Anything else: a conflict. */
  #repeatedById(request: AppendRequest): AppendReceipt | HoldfastError | undefined {
    let last: EventRow | undefined;
    let found = 0;
    for (const event of request.events) {
      const row = this.#eventById.get(event.id);
      if (row === undefined) continue;
      const follows = last === undefined || row.version === last.version + 1;
      const same =
        row.stream === request.stream &&
        row.type === event.type &&
        row.data === event.data &&
        row.metadata === event.metadata;
      if (!same || !follows) return idempotencyConflict(request.stream, event.id);
      last = row;
      found++;
    }
    if (last === undefined) return undefined;
    const head = request.events.at(-1)?.id ?? '';
    if (found < request.events.length) return idempotencyConflict(request.stream, head);
    return { outcome: 'already-appended', version: last.version, position: last.position, head, reply: null };
  }
}

function repeatedByKey(request: AppendRequest, kept: InboxRow): AppendReceipt | HoldfastError {
  if (kept.fingerprint !== request.fingerprint) {
    return idempotencyConflict(request.stream, request.idempotencyKey ?? '');
  }
  const { version, position, head, reply } = kept;
  return { outcome: 'already-appended', version, position, head, reply };
}
