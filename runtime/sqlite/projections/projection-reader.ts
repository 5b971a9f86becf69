import { limits } from '../../protocol/limits.ts';
import type { ProjectionPage, ProjectionPageQuery, StateAt } from '../../protocol/reader-control.ts';
import { storeLimits } from '../../protocol/store-limits.ts';
import { inOneRead } from '../connection/in-one-read.ts';
import type { SqliteDatabase, SqliteStatement } from '../driver.ts';

const fields = `e.position, e.id, s.name, e.version, e.type, e.schema_version, e.data, e.metadata, e.recorded_at, e.hlc_ms`;

/** Reads what projections are made of, and the states that they have come to. */
export class ProjectionReader {
  readonly #all: SqliteStatement;
  readonly #some: SqliteStatement;
  readonly #state: SqliteStatement<string>;
  readonly #stateAt: SqliteStatement<{ readonly state: string | null }>;
  readonly #served: SqliteStatement<number>;
  readonly #database: SqliteDatabase;

  constructor(database: SqliteDatabase) {
    this.#database = database;
    this.#served = database
      .prepare<number>("select generation from projections where name = ? and role = 'serving'")
      .pluck();
    const select = `select ${fields} from events e join streams s on s.stream_id = e.stream_id
      where e.position > (select ?) and e.position <= (select ?)`;
    const order = 'order by e.position limit (select ?)';
    this.#all = database.prepare(`${select} ${order}`).raw();
    this.#some = database
      .prepare(`${select} and e.type in (select value from json_each((select ?))) ${order}`)
      .raw();
    this.#state = database
      .prepare<string>('select state from projection_states where generation = ? and partition = ?')
      .pluck();
    this.#stateAt = database.prepare(
      `select s.state from projections p
       left join projection_states s on s.generation = p.generation and s.partition = ?
       where p.generation = ? and p.position = ?`,
    );
  }

  /** Events of some types in a range of positions, as far as a page goes. */
  page({ after, upTo, types }: ProjectionPageQuery): ProjectionPage {
    const limit = limits.projectionEventsMax;
    const rows = (
      types === null
        ? this.#all.iterate([after, upTo, limit])
        : this.#some.iterate([after, upTo, JSON.stringify(types), limit])
    ) as IterableIterator<unknown[]>;
    const events: unknown[] = [];
    let count = 0;
    let length = 0;
    let reached = upTo;
    for (const row of rows) {
      events.push(...row);
      length += (row[6] as string).length;
      if (++count < limit && length < storeLimits.pageLengthMax) continue;
      reached = row[0] as number;
      break;
    }
    return { events, reached };
  }

  state(generation: number, partition: string): string | undefined {
    return this.#state.get(generation, partition);
  }

  /** The same in one view with the checkpoint: only there it is what the events up to `at` have come to. */
  stateAt(generation: number, partition: string, at: number): StateAt {
    return this.#stateAt.get(partition, generation, at) ?? 'moved';
  }

  /** Reads in one view with the look which generation of a projection is served; `moved` if it is another one. */
  asServed<Found>(name: string, generation: number, read: () => Found): Found | 'moved' {
    return inOneRead(this.#database, () => (this.#served.get(name) === generation ? read() : 'moved'));
  }
}
