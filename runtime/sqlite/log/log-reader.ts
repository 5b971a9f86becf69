import type { PageQuery } from '../../ports/event-store-backend.ts';
import type { EncodedSnapshot } from '../../protocol/append.ts';
import { isUsable } from '../../protocol/code-fingerprint.ts';
import { entropyKey } from '../../protocol/entropy-key.ts';
import { limits } from '../../protocol/limits.ts';
import type { LoadedStream, LoadRequest } from '../../protocol/load.ts';
import type { RecordedEvent } from '../../protocol/recorded-event.ts';
import { storeLimits } from '../../protocol/store-limits.ts';
import { inOneRead } from '../connection/in-one-read.ts';
import type { SqliteDatabase, SqliteStatement } from '../driver.ts';
import {
  besideShortPayload,
  type FoundPayload,
  lengthOfPayload,
  readPage,
  shortPayload,
} from './read-page.ts';

type TailRow = [
  version: number,
  type: string,
  schemaVersion: number,
  data: string,
  position: number,
  seed: string | null,
];
/** Rows as they are found: what lies behind a long payload was left out. */
type FoundTailRow = [
  ...key: [version: number, type: string, schemaVersion: number],
  data: FoundPayload,
  ...unknown[],
];

type FoundEvent = Omit<RecordedEvent, 'data'> & { readonly data: FoundPayload };

const before = `e.position, e.id, s.name as stream, e.version, e.type, e.schema_version as schemaVersion`;
const columns = `${before}, ${shortPayload} as data, ${besideShortPayload('e.metadata')} as metadata,
  ${besideShortPayload('e.recorded_at')} as recordedAt`;
const wholeEvent = `select ${before}, e.data, e.metadata, e.recorded_at as recordedAt
  from events e join streams s on s.stream_id = e.stream_id where e.position = ?`;

/** What an event draws time and chance from: see `LoadedStream`. */
const seed = `e.id || '@' || e.hlc_ms`;
/** The same, for events that are known to have drawn. */
const seedIfMarked = `iif(e.metadata is null, null, iif(instr(e.metadata, '"${entropyKey}":true') = 0, null, ${seed}))`;

/** The events of a stream after a version, and one of them. */
function tailWith(seeds: string): { readonly found: string; readonly whole: string } {
  const select = (payload: string, seeded: string) =>
    `select e.version, e.type, e.schema_version, ${payload}, e.position, ${seeded} from streams s
     join events e on e.stream_id = s.stream_id where s.name = ? and e.version`;
  return {
    found: `${select(shortPayload, besideShortPayload(seeds))} > ? order by e.version limit ?`,
    whole: `${select('e.data', seeds)} = ?`,
  };
}

const tailWithSeeds = tailWith(seed);
const tailWithMarkedSeeds = tailWith(seedIfMarked);

/** Reads pages of the log. Each page is one consistent view. */
export class LogReader {
  readonly #database: SqliteDatabase;
  readonly #loadEventsMax: number;
  readonly #statements = new Map<string, SqliteStatement>();

  constructor(database: SqliteDatabase, loadEventsMax: number = storeLimits.loadEventsMax) {
    this.#database = database;
    this.#loadEventsMax = loadEventsMax;
  }

  readStream(stream: string, query: PageQuery): RecordedEvent[] {
    const [compare, order] = query.direction === 'forward' ? ['>', 'asc'] : ['<', 'desc'];
    const events = this.#prepare<FoundEvent>(
      `select ${columns} from streams s join events e on e.stream_id = s.stream_id
       where s.name = ? and e.version ${compare} ? order by e.version ${order} limit ?`,
    );
    return this.#eventsPage(pageLimit(query), (last, limit) =>
      events.all(stream, last?.version ?? query.after, limit),
    );
  }

  readLog(query: PageQuery): RecordedEvent[] {
    const [compare, order] = query.direction === 'forward' ? ['>', 'asc'] : ['<', 'desc'];
    const events = this.#prepare<FoundEvent>(
      `select ${columns} from events e join streams s on s.stream_id = e.stream_id
       where e.position ${compare} ? order by e.position ${order} limit ?`,
    );
    return this.#eventsPage(pageLimit(query), (last, limit) =>
      events.all(last?.position ?? query.after, limit),
    );
  }

  /** Events that one led to, and it itself, in order of arrival. */
  correlated(correlationId: string, after: number): RecordedEvent[] {
    const events = this.#prepare<FoundEvent>(
      `select ${columns} from (
         select position from events where id = ?
         union
         select position from events
           where metadata is not null and json_extract(metadata, '$.correlationId') = ? and position > ?
         order by position limit ?
       ) found join events e on e.position = found.position join streams s on s.stream_id = e.stream_id
       where e.position > ? order by e.position`,
    );
    return this.#eventsPage(limits.pageEventsMax, (last, limit) => {
      const from = last?.position ?? after;
      // The first one is found each time.
      return events.all(correlationId, correlationId, from, limit + 1, from);
    });
  }

  /** Position of the last event. */
  head(): number {
    const row = this.#prepare<{ head: number }>(
      'select coalesce(max(position), 0) as head from events',
    ).get();
    return row?.head ?? 0;
  }

  getLatestSnapshot(stream: string): EncodedSnapshot | undefined {
    return this.#prepare<EncodedSnapshot>(
      "select version, fingerprint, state from snapshots where stream = ? and owner = 'caller'",
    ).get(stream);
  }

  /** What a host needs to activate an actor, or to catch up: a usable snapshot and the events after it, page by page. */
  load(request: LoadRequest): LoadedStream {
    return inOneRead(this.#database, () => this.#loadPage(request));
  }

  #loadPage(request: LoadRequest): LoadedStream {
    const { stream, fingerprint, key } = request;
    const snapshot = fingerprint === null ? undefined : this.#usableSnapshot(request);
    const after = snapshot?.version ?? request.after;
    const { found, whole } = request.allSeeds === true ? tailWithSeeds : tailWithMarkedSeeds;
    const tail = this.#prepare<FoundTailRow>(found, 'raw');
    const { rows, more } = readPage<FoundTailRow, TailRow>({
      limit: this.#loadEventsMax,
      read: (last, limit) => tail.all(stream, last?.[0] ?? after, limit),
      lengthOf: (row) => lengthOfPayload(row[3]),
      complete: (row) =>
        (typeof row[3] === 'string' ? row : this.#prepare(whole, 'raw').get(stream, row[0])) as TailRow,
    });
    const types: string[] = [];
    const schemaVersions: number[] = [];
    const data: string[] = [];
    const positions: number[] = [];
    let seeds: (string | null)[] | undefined;
    for (const row of rows) {
      types.push(row[1]);
      schemaVersions.push(row[2]);
      data.push(row[3]);
      positions.push(row[4]);
      if (row[5] !== null) seeds ??= new Array<null>(data.length - 1).fill(null);
      seeds?.push(row[5]);
    }
    const version = rows.at(-1)?.[0] ?? after;
    const [head, position] = this.#headAt(stream, version);
    return {
      ...(snapshot === undefined ? {} : { snapshot }),
      types,
      schemaVersions,
      data,
      positions,
      ...(seeds === undefined ? {} : { seeds }),
      version,
      head,
      position,
      more,
      workOwner: this.#workOwner(stream),
      reply: key === null ? null : this.#keptReply(stream, key),
    };
  }

  #eventsPage(
    limit: number,
    read: (last: RecordedEvent | undefined, limit: number) => FoundEvent[],
  ): RecordedEvent[] {
    const lengthOf = ({ data }: FoundEvent): number => lengthOfPayload(data);
    const complete = (event: FoundEvent): RecordedEvent =>
      (typeof event.data === 'string'
        ? event
        : this.#prepare(wholeEvent).get(event.position)) as RecordedEvent;
    return readPage({ limit, read, lengthOf, complete }).rows;
  }

  #usableSnapshot(request: LoadRequest): EncodedSnapshot | undefined {
    const snapshot = this.actorSnapshot(request.stream);
    return snapshot !== undefined && isUsable(snapshot.fingerprint, request) ? snapshot : undefined;
  }

  /** The snapshot that a host saved, whatever code folded it, unless it is of a version that the stream has not. */
  actorSnapshot(stream: string): EncodedSnapshot | undefined {
    return this.#prepare<EncodedSnapshot>(
      `select p.version, p.fingerprint, p.state from snapshots p join streams s on s.name = p.stream
       join events e on e.stream_id = s.stream_id and e.version = p.version where p.stream = ? and p.owner = 'actor'`,
    ).get(stream);
  }

  /** Id and position of one event. */
  #headAt(stream: string, version: number): [id: string, position: number] {
    return (
      this.#prepare<[string, number]>(
        `select e.id, e.position from streams s join events e on e.stream_id = s.stream_id
         where s.name = ? and e.version = ?`,
        'raw',
      ).get(stream, version) ?? ['', 0]
    );
  }

  #workOwner(stream: string): string | null {
    const work = this.#prepare<{ owner: string }>('select owner from work where stream = ?').get(stream);
    return work?.owner ?? null;
  }

  #keptReply(stream: string, key: string): LoadedStream['reply'] {
    return (
      this.#prepare<NonNullable<LoadedStream['reply']>>(
        'select fingerprint, version, position, head, reply from inbox where stream = ? and key = ?',
      ).get(stream, key) ?? null
    );
  }

  #prepare<Row>(sql: string, mode: 'objects' | 'raw' = 'objects'): SqliteStatement<Row> {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      // SQLite plans a statement anew for each value that its planner can see: ten times the cost of a lookup. Behind
      // a subquery it sees none (https://www.sqlite.org/queryplanner-ng.html, "the query planner stability guarantee").
      statement = this.#database.prepare(sql.replaceAll('?', '(select ?)'));
      if (mode === 'raw') statement.raw();
      this.#statements.set(sql, statement);
    }
    return statement as SqliteStatement<Row>;
  }
}

function pageLimit(query: PageQuery): number {
  return Math.min(query.limit, limits.pageEventsMax);
}
