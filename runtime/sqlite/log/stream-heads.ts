import { storeLimits } from '../../protocol/store-limits.ts';
import type { SqliteDatabase, SqliteStatement } from '../driver.ts';

/** The last event of a stream, as the writer last saw or made it. */
export interface StreamHead {
  streamId: number;
  version: number;
  /** Id of the last event. */
  head: string;
}

type HeadRow = { streamId: number; version: number; head: string };

/** Remembers the heads of streams between appends. Forgotten whenever another connection has written. */
export class StreamHeads {
  readonly #known = new Map<string, StreamHead>();
  readonly #select: SqliteStatement<HeadRow>;

  constructor(database: SqliteDatabase) {
    // `(select ?)`: a bare value would be planned for anew at each call, see `log-reader.ts`.
    this.#select = database.prepare<HeadRow>(`
      select s.stream_id as streamId, e.version as version, e.id as head
      from streams s join events e on e.stream_id = s.stream_id
      where s.name = (select ?) order by e.version desc limit 1`);
  }

  /** The head of a stream, or `undefined` if it has no events. */
  of(stream: string): StreamHead | undefined {
    const known = this.#known.get(stream);
    if (known !== undefined) return known;
    const head = this.#select.get(stream);
    if (head !== undefined) this.remember(stream, head);
    return head;
  }

  remember(stream: string, head: StreamHead): void {
    if (this.#known.size >= storeLimits.streamHeadsMax) this.#known.clear();
    this.#known.set(stream, head);
  }

  forget(): void {
    this.#known.clear();
  }
}
