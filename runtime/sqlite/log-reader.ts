import type { PageQuery } from '../ports/event-store-backend.ts';
import type { EncodedSnapshot } from '../protocol/append.ts';
import { isUsable } from '../protocol/code-fingerprint.ts';
import { entropyKey } from '../protocol/entropy-key.ts';
import { limits } from '../protocol/limits.ts';
import type { LoadedStream, LoadRequest } from '../protocol/load.ts';
import type { RecordedEvent } from '../protocol/recorded-event.ts';
import type { SqliteDatabase, SqliteStatement } from './driver.ts';

type TailRow = [
  version: number,
  type: string,
  schemaVersion: number,
  data: string,
  position: number,
  seed: string | null,
];

const columns = `e.position, e.id, s.name as stream, e.version, e.type, e.schema_version as schemaVersion, e.data,
  e.metadata, e.recorded_at as recordedAt`;

/** What an event draws time and chance from: see `LoadedStream`. */
const seed = `e.id || '@' || e.hlc_ms`;
/** The same, for events that are known to have drawn. */
const seedIfMarked = `iif(e.metadata is null, null, iif(instr(e.metadata, '"${entropyKey}":true') = 0, null, ${seed}))`;

/** Reads pages of the log on a connection that cannot write. Each page is one consistent view. */
export class LogReader {
  readonly #database: SqliteDatabase;
  readonly #statements = new Map<string, SqliteStatement>();

  constructor(database: SqliteDatabase) {
    this.#database = database;
  }

  readStream(stream: string, query: PageQuery): RecordedEvent[] {
    const [compare, order] = query.direction === 'forward' ? ['>', 'asc'] : ['<', 'desc'];
    const rows = this.#prepare<RecordedEvent>(
      `select ${columns} from streams s join events e on e.stream_id = s.stream_id
       where s.name = ? and e.version ${compare} ? order by e.version ${order} limit ?`,
    ).all(stream, query.after, pageLimit(query));
    return cutToLength(rows);
  }

  readLog(query: PageQuery): RecordedEvent[] {
    const [compare, order] = query.direction === 'forward' ? ['>', 'asc'] : ['<', 'desc'];
    const rows = this.#prepare<RecordedEvent>(
      `select ${columns} from events e join streams s on s.stream_id = e.stream_id
       where e.position ${compare} ? order by e.position ${order} limit ?`,
    ).all(query.after, pageLimit(query));
    return cutToLength(rows);
  }

  /** Events that one led to, and it itself, in order of arrival. */
  correlated(correlationId: string, after: number): RecordedEvent[] {
    const rows = this.#prepare<RecordedEvent>(
      `select ${columns} from (
         select position from events where id = ?
         union
         select position from events
           where metadata is not null and json_extract(metadata, '$.correlationId') = ? and position > ?
         order by position limit ${limits.pageEventsMax}
       ) found join events e on e.position = found.position join streams s on s.stream_id = e.stream_id
       where e.position > ? order by e.position`,
    ).all(correlationId, correlationId, after, after);
    return cutToLength(rows);
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
    this.#database.exec('begin');
    try {
      return this.#loadPage(request);
    } finally {
      this.#database.exec('commit');
    }
  }

  #loadPage(request: LoadRequest): LoadedStream {
    const { stream, fingerprint, key } = request;
    const snapshot = fingerprint === null ? undefined : this.#usableSnapshot(request);
    const after = snapshot?.version ?? request.after;
    const rows = this.#prepare<TailRow>(
      `select e.version, e.type, e.schema_version, e.data, e.position, ${request.allSeeds === true ? seed : seedIfMarked} from streams s
       join events e on e.stream_id = s.stream_id where s.name = ? and e.version > ? order by e.version limit ?`,
      'raw',
    ).all(stream, after, limits.loadEventsMax) as TailRow[];
    const types: string[] = [];
    const schemaVersions: number[] = [];
    const data: string[] = [];
    const positions: number[] = [];
    let seeds: (string | null)[] | undefined;
    let version = after;
    let length = 0;
    for (const row of rows) {
      length += row[3].length;
      if (endsPage(length, data.length)) break;
      version = row[0];
      types.push(row[1]);
      schemaVersions.push(row[2]);
      data.push(row[3]);
      positions.push(row[4]);
      if (row[5] !== null) seeds ??= new Array<null>(data.length - 1).fill(null);
      seeds?.push(row[5]);
    }
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
      more: data.length < rows.length || rows.length === limits.loadEventsMax,
      workOwner: this.#workOwner(stream),
      reply: key === null ? null : this.#keptReply(stream, key),
    };
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

/** Whether a page ends early, since its payloads are large; never before its first event. */
function endsPage(length: number, events: number): boolean {
  return length > limits.pageLengthMax && events > 0;
}

/** The rows of a page that {@link endsPage} allows. */
function cutToLength<Row extends { readonly data: string }>(rows: Row[]): Row[] {
  let length = 0;
  for (const [index, row] of rows.entries()) {
    length += row.data.length;
    if (endsPage(length, index)) return rows.slice(0, index);
  }
  return rows;
}
