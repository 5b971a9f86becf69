import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AnyProjectionDefinition } from '../../runtime/projections/define-projection.ts';
import { Projector } from '../../runtime/projections/projector.ts';
import { createEventId } from '../../runtime/protocol/event-id.ts';
import type { Generation } from '../../runtime/protocol/projection.ts';
import { openForWriting } from '../../runtime/sqlite/connection/open-database.ts';
import type { SqliteDatabase } from '../../runtime/sqlite/driver.ts';
import { LogWriter } from '../../runtime/sqlite/log/log-writer.ts';
import { ProjectionReader } from '../../runtime/sqlite/projections/projection-reader.ts';
import { ProjectionWriter } from '../../runtime/sqlite/projections/projection-writer.ts';

/** A file with a log and one projection, on the calling thread: what the threads do, step by step. */
export class ProjectionWorld {
  readonly #folder = mkdtempSync(join(tmpdir(), 'holdfast-world-'));
  readonly database: SqliteDatabase;
  readonly #log: LogWriter;
  readonly #writer: ProjectionWriter;
  readonly #reader: ProjectionReader;
  readonly #definition: AnyProjectionDefinition;
  #projector: Projector;
  /** That of another process on the file. */
  readonly #rival: Projector;
  #beforeRead: (() => Promise<void>) | undefined;
  #rounds = 0;
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
    this.#rival = this.#newProjector();
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
  async catchUp(rangeMax: number, projector = this.#projector): Promise<void> {
    for (let hasMoved = true; hasMoved; ) {
      const { serving, building } = this.#writer.open(projector.summary);
      const generation = building ?? serving;
      if (generation === null) return;
      hasMoved = await this.#feed(projector, generation, rangeMax, building !== null);
    }
  }

  /** The same, while another process takes in as many events just before a state is read for the nth time. */
  async catchUpBesideRival(rangeMax: number, nth: number): Promise<void> {
    let reads = 0;
    this.#beforeRead = async () => {
      if (++reads !== nth) return;
      const { serving, building } = this.#writer.open(this.#rival.summary);
      const generation = building ?? serving;
      if (generation !== null) await this.#feed(this.#rival, generation, rangeMax, building !== null, 1);
    };
    await this.catchUp(rangeMax);
    this.#beforeRead = undefined;
  }

  /** Builds it anew, so many events at a time. */
  async rebuild(rangeMax: number): Promise<void> {
    const { building } = this.#writer.open(this.#projector.summary, true);
    if (building !== null) await this.#feed(this.#projector, building, rangeMax, true);
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
    const read = async (generation: number, partition: string, at: number) => {
      await this.#beforeRead?.();
      return this.#reader.stateAt(generation, partition, at);
    };
    return new Projector(this.#definition, new Map(), read);
  }

  /** Resolves with whether somebody else has gone on with it. */
  async #feed(
    projector: Projector,
    start: Generation,
    rangeMax: number,
    isBuilding: boolean,
    rangesMax = Number.POSITIVE_INFINITY,
  ): Promise<boolean> {
    const { generation } = start;
    const { name, onError } = projector.summary;
    const round = ++this.#rounds;
    let { position } = start;
    let ranges = 0;
    for (let isLast = false; !isLast && ranges < rangesMax; ranges++) {
      const upTo = Math.min(position + rangeMax, this.head);
      const page = this.#reader.page({ after: position, upTo, types: projector.types });
      const request = { name, generation, after: position, upTo, from: position, round, skip: [] };
      const result = await projector.run(request, page, { begins: () => undefined, ends: () => undefined });
      if (result === 'moved') return true;
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
      if (applied.outcome === 'moved') return true;
      if (result.failure !== null) throw new Error(result.failure.error.message);
      if (applied.failure !== null) throw new Error(applied.failure.error.message);
      position = applied.position;
      // On a slow disk a range is applied in turns.
      isLast = position === this.head;
    }
    return false;
  }
}
