import type { HoldfastError } from '../../errors/holdfast-error.ts';
import type { AppendReceipt, AppendRequest } from '../../protocol/append.ts';
import { idempotencyConflict, type KnownEvent, repeatedByIds } from '../../protocol/duplicate.ts';
import type { SqliteDatabase, SqliteStatement } from '../driver.ts';

type InboxRow = {
  fingerprint: string;
  version: number;
  position: number;
  head: string;
  reply: string | null;
};

/** Recognises appends that were made before, by their idempotency key or by the event ids their caller chose. */
export class Inbox {
  readonly #select: SqliteStatement<InboxRow>;
  readonly #insert: SqliteStatement;
  readonly #eventById: SqliteStatement<KnownEvent>;

  constructor(database: SqliteDatabase) {
    this.#select = database.prepare<InboxRow>(
      'select fingerprint, version, position, head, reply from inbox where stream = ? and key = ?',
    );
    this.#insert = database.prepare('insert into inbox values (?, ?, ?, ?, ?, ?, ?, ?)');
    this.#eventById = database.prepare<KnownEvent>(`
      select s.name as stream, e.version, e.position, e.type, e.data, e.metadata
      from events e join streams s on s.stream_id = e.stream_id where e.id = (select ?)`);
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

  #repeatedById(request: AppendRequest): AppendReceipt | HoldfastError | undefined {
    const known = request.events.map(({ id }) => this.#eventById.get(id));
    return repeatedByIds(request, known);
  }
}

function repeatedByKey(request: AppendRequest, kept: InboxRow): AppendReceipt | HoldfastError {
  if (kept.fingerprint !== request.fingerprint) {
    return idempotencyConflict(request.stream, request.idempotencyKey ?? '');
  }
  const { version, position, head, reply } = kept;
  return { outcome: 'already-appended', version, position, head, reply };
}
