import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AnyProjectionDefinition } from '../../runtime/projections/define-projection.ts';
import { Projector } from '../../runtime/projections/projector.ts';
import { createEventId } from '../../runtime/protocol/event-id.ts';
import type { Generation } from '../../runtime/protocol/projection.ts';
import type { SqliteDatabase } from '../../runtime/sqlite/driver.ts';
import { LogWriter } from '../../runtime/sqlite/log-writer.ts';
import { openForWriting } from '../../runtime/sqlite/open-database.ts';
import { ProjectionReader } from '../../runtime/sqlite/projection-reader.ts';
import { ProjectionWriter } from '../../runtime/sqlite/projection-writer.ts';

/** A file with a log and one projection, on the calling thread: what the threads do, step by step. */
export class ProjectionWorld {
  readonly #folder = mkdtempSync(join(tmpdir(), 'holdfast-world-'));
  readonly database: SqliteDatabase;
  readonly #log: LogWriter;
  readonly #writer: ProjectionWriter;
  readonly #reader: ProjectionReader;
  readonly #definition: AnyProjectionDefinition;
  #projector: Projector;
  #now = 1_000_000;

  constructor(definition: AnyProjectionDefinition) {
    const path = join(this.#folder, 'app.db');
    this.#definition = definition;
    this.database = openForWriting({ path, lockTimeoutMs: 0 });
    const clock = { now: () => this.#now++ };
    this.#log = new LogWriter(this.database, { path, lockTimeoutMs: 0, clock, run: '' });
    this.#writer = new ProjectionWriter(this.database, this.#log, clock, () => undefined);
    this.#reader = new ProjectionReader(this.database);
    this.#projector = this.#newProjector();
  }

  get head(): number {
    return this.#log.position;
  }

  append(stream: string, type: string, data: object): void {
    const event = {
      id: createEventId(),
      type,
      schemaVersion: 1,
      data: JSON.stringify(data),
      metadata: null,
      hash: '',
    };
    this.#log.appendGroup([
      {
        stream,
        events: [event],
        expectedVersion: 'any',
        expectedHead: null,
        idsAreKeys: false,
        idempotencyKey: null,
        fingerprint: '',
        reply: null,
        snapshot: null,
        consequences: null,
      },
    ]);
  }

  /** Takes in what is new, so many events at a time. */
  async catchUp(rangeMax: number): Promise<void> {
    const { serving, building } = this.#writer.open(this.#projector.summary);
    const generation = building ?? serving;
    if (generation !== null) await this.#feed(generation, rangeMax, building !== null);
  }

  /** Builds it anew, so many events at a time. */
  async rebuild(rangeMax: number): Promise<void> {
    const { building } = this.#writer.open(this.#projector.summary, true);
    if (building !== null) await this.#feed(building, rangeMax, true);
  }

  /** Forgets what is in the memory of the thread that has the handlers. */
  loseThread(): void {
    this.#projector = this.#newProjector();
  }

  /** All rows of the tables, or all states. */
  content(): unknown {
    const rows = (sql: string) => this.database.prepare(sql).all();
    const tables = rows('select value as name from projections, json_each(table_names)') as {
      name: string;
    }[];
    return {
      tables: tables.map(({ name }) => [name, rows(`select rowid, * from "${name}" order by rowid`)]),
      states: rows('select partition, state from projection_states order by partition'),
    };
  }

  close(): void {
    this.database.close();
    rmSync(this.#folder, { recursive: true });
  }

  #newProjector(): Projector {
    const read = async (generation: number, partition: string) => this.#reader.state(generation, partition);
    return new Projector(this.#definition, new Map(), read);
  }

  async #feed(start: Generation, rangeMax: number, isBuilding: boolean): Promise<void> {
    const { generation } = start;
    const { name, onError } = this.#projector.summary;
    let { position } = start;
    for (let isLast = false; !isLast; ) {
      const upTo = Math.min(position + rangeMax, this.head);
      const page = this.#reader.page({ after: position, upTo, types: this.#projector.types });
      const request = { name, generation, after: position, upTo, skip: [] };
      const result = await this.#projector.run(request, page, () => undefined);
      isLast = result.reached === this.head;
      const applied = this.#writer.apply({
        name,
        generation,
        from: position,
        to: result.reached,
        effects: result.effects,
        skipped: result.skipped.map((each) => each.position),
        isLast: isLast && isBuilding,
        skipsRefused: onError === 'skip',
      });
      if (applied.outcome === 'moved') throw new Error('nobody else is there');
      if (result.failure !== null) throw new Error(result.failure.error.message);
      if (applied.failure !== null) throw new Error(applied.failure.error.message);
      position = applied.position;
    }
  }
}
