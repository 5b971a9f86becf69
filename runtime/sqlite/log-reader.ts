import type { PageQuery } from '../ports/event-store-backend.ts';
import type { EncodedSnapshot } from '../protocol/append.ts';
import { isUsable } from '../protocol/code-fingerprint.ts';
import { limits } from '../protocol/limits.ts';
import type { LoadedStream, LoadRequest } from '../protocol/load.ts';
import type { RecordedEvent } from '../protocol/recorded-event.ts';
import type { SqliteDatabase, SqliteStatement } from './driver.ts';

type TailRow = [
  version: number,
  id: string,
  type: string,
  schemaVersion: number,
  data: string,
  position: number,
];

const columns = `e.position, e.id, s.name as stream, e.version, e.type, e.schema_version as schemaVersion, e.data,
  e.metadata, e.recorded_at as recordedAt`;

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
      `select e.version, e.id, e.type, e.schema_version, e.data, e.position from streams s
       join events e on e.stream_id = s.stream_id where s.name = ? and e.version > ? order by e.version limit ?`,
      'raw',
    ).all(stream, after, limits.loadEventsMax) as TailRow[];
    const kept = cutToLength(rows.map((row) => ({ row, data: row[4] }))).map(({ row }) => row);
    const last = kept.at(-1);
    const [head, position] = last === undefined ? this.#headAt(stream, after) : [last[1], last[5]];
    return {
      ...(snapshot === undefined ? {} : { snapshot }),
      types: kept.map((row) => row[2]),
      schemaVersions: kept.map((row) => row[3]),
      data: kept.map((row) => row[4]),
      positions: kept.map((row) => row[5]),
      version: last?.[0] ?? after,
      head,
      position,
      more: kept.length < rows.length || rows.length === limits.loadEventsMax,
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

/** Ends a page early, but never before its first event, once its payloads are large. */
function cutToLength<Row extends { readonly data: string }>(rows: Row[]): Row[] {
  let length = 0;
  for (const [index, row] of rows.entries()) {
    length += row.data.length;
    if (length > limits.pageLengthMax && index > 0) return rows.slice(0, index);
  }
  return rows;
}
