import { holdfastError } from '../../errors/holdfast-error.ts';
import type { Clock } from '../../ports/clock.ts';
import type {
  Generation,
  LaneEffects,
  ProjectionApplied,
  ProjectionBatch,
  ProjectionStanding,
  ProjectionSummary,
  ReactorMessage,
} from '../../protocol/projection.ts';
import type { SqliteDatabase, SqliteStatement } from '../driver.ts';
import { insertMessage } from '../log/consequence-writer.ts';
import type { LogWriter } from '../log/log-writer.ts';
import { buildingName, buildingNames, ProjectionTables } from './projection-tables.ts';
import { isToBeRepeated, StatementRunner, type StatementsRun } from './statement-runner.ts';
import { projectionInvalid } from './table-definitions.ts';

interface Row extends Generation {
  readonly name: string;
  readonly role: 'serving' | 'building';
  readonly tables: string;
  readonly tableNames: string;
}

/** What a reactor has in the place of the statements that make tables. */
const reactorTables = 'reactor';
const columns = 'generation, name, role, version, position, tables, table_names as tableNames';

/** Applies what events do to projections, in the transaction that moves their checkpoints. */
export class ProjectionWriter {
  readonly #writer: LogWriter;
  readonly #tables: ProjectionTables;
  readonly #database: SqliteDatabase;
  readonly #runners = new Map<number, { readonly role: Row['role']; readonly runner: StatementRunner }>();
  readonly #byName: SqliteStatement<Row>;
  readonly #byGeneration: SqliteStatement<Row>;
  readonly #move: SqliteStatement;
  readonly #saveState: SqliteStatement;
  readonly #insertMessage: SqliteStatement;
  readonly #served: SqliteStatement<string>;
  #knownServed = '';
  readonly #clock: Clock;
  readonly #onMessages: () => void;

  /** `onMessages` is told when reactors have sent something. */
  constructor(database: SqliteDatabase, writer: LogWriter, clock: Clock, onMessages: () => void) {
    this.#clock = clock;
    this.#onMessages = onMessages;
    this.#insertMessage = database.prepare(insertMessage);
    this.#writer = writer;
    this.#database = database;
    this.#tables = new ProjectionTables(database);
    this.#byName = database.prepare<Row>(`select ${columns} from projections where name = ?`);
    this.#byGeneration = database.prepare<Row>(`select ${columns} from projections where generation = ?`);
    this.#served = database
      .prepare<string>("select json_group_array(generation) from projections where role = 'serving'")
      .pluck();
    this.#move = database.prepare(
      'update projections set position = ?, skipped = skipped + ? where generation = ? and position = ?',
    );
    this.#saveState = database.prepare(
      `insert into projection_states values (?, ?, ?) on conflict (generation, partition)
       do update set state = excluded.state`,
    );
  }

  /**
   * What there is of a projection. Where that is of an older version, or nothing, a new generation is begun; so it is on
   * `again`, also where one is under way, which may have begun with other handlers.
   *
   * @throws HOLDFAST_ERR_PROJECTION_NEWER, HOLDFAST_ERR_PROJECTION_INVALID.
   */
  open(summary: ProjectionSummary, again = false): ProjectionStanding {
    const { name, version } = summary;
    const tables = summary.tables ?? '';
    return this.#writer.write(() => {
      const { serving, building } = this.#rows(name);
      this.#refuseOtherSort(summary, serving ?? building);
      if (summary.startAt !== undefined)
        return standing(serving ?? this.#beginReactor(name, summary.startAt), undefined);
      const newest = Math.max(serving?.version ?? 0, building?.version ?? 0);
      const isCurrent = serving?.version === version;
      if (newest > version && !isCurrent) throw newer(name, version, newest);
      if (isCurrent && serving.tables !== tables) throw changed(name, version);
      // A newer application goes on with what it has begun when it is started again.
      if (newest > version) {
        if (again) throw newer(name, version, newest);
        return standing(serving, undefined);
      }
      const isUnderWay = !again && building?.version === version && building.tables === tables;
      if (building !== undefined && !isUnderWay) this.#discard(building);
      if (isUnderWay || (isCurrent && !again)) return standing(serving, isUnderWay ? building : undefined);
      return standing(serving, this.#begin(name, version, tables));
    });
  }

  /** The generations that are served, if these are others than when it was last asked. */
  servedAnew(): readonly number[] | undefined {
    const served = this.#served.get() ?? '[]';
    if (served === this.#knownServed) return undefined;
    this.#knownServed = served;
    return JSON.parse(served) as number[];
  }

  /** Applies a range of events: all of it, what there is time for, or up to the event that SQLite refuses. */
  apply(batch: ProjectionBatch): ProjectionApplied {
    const decoded = batch.effects === null ? undefined : decodeEffects(batch.effects);
    let applied: ProjectionApplied;
    try {
      applied = this.#apply(batch, decoded, false);
    } catch (error) {
      const { cause } = error as { cause?: unknown };
      if (!isToBeRepeated(cause)) throw error;
      applied = this.#apply(batch, decoded, true);
    }
    if (decoded !== undefined && 'messages' in decoded) this.#onMessages();
    return applied;
  }

  #apply(
    { generation, from, to, skipped, isLast, skipsRefused }: ProjectionBatch,
    effects: LaneEffects | undefined,
    carefully: boolean,
  ): ProjectionApplied {
    return this.#writer.writeDerived((): ProjectionApplied => {
      const row = this.#byGeneration.get(generation);
      if (row === undefined || row.position !== from) return { outcome: 'moved' };
      const run = this.#run(row, effects, { to, skipsRefused, carefully });
      const { reached, failure, refused, hasChanged } = run;
      const passedOver = skipped.filter((position) => position <= reached).length + refused.length;
      if (reached !== from || passedOver > 0) this.#move.run(reached, passedOver, generation, from);
      const isComplete = isLast && failure === null && reached === to;
      const isServing = row.role === 'serving' || (isComplete && this.#serve(row, reached));
      return { outcome: 'applied', position: reached, hasChanged, isServing, refused, failure };
    });
  }

  #run(
    row: Row,
    effects: LaneEffects | undefined,
    options: { readonly to: number; readonly skipsRefused: boolean; readonly carefully: boolean },
  ): StatementsRun {
    const done = { reached: options.to, refused: [], failure: null };
    if (effects === undefined) return { ...done, hasChanged: false };
    if ('messages' in effects) {
      this.#send(row, effects.messages);
      return { ...done, hasChanged: true };
    }
    if ('states' in effects) {
      for (const [partition, state] of effects.states) this.#saveState.run(row.generation, partition, state);
      return { ...done, hasChanged: true };
    }
    return this.#runnerOf(row).run(effects, options);
  }

  #send({ name }: Row, messages: readonly ReactorMessage[]): void {
    const now = this.#clock.now();
    for (const { target, type, data, schemaVersion, cause } of messages) {
      this.#insertMessage.run(
        `holdfast.reactor/${name}`,
        target,
        type,
        data,
        schemaVersion,
        now,
        cause.correlationId,
        cause.causationId,
      );
    }
  }

  #runnerOf({ name, generation, role, tableNames }: Row): StatementRunner {
    const known = this.#runners.get(generation);
    // Another process may have put the generation to service meanwhile, which renames its tables.
    if (known?.role === role) return known.runner;
    const all = JSON.parse(tableNames) as string[];
    const isBuilding = role === 'building';
    const names = isBuilding ? buildingNames(generation, all) : new Map<string, string>();
    const tables = isBuilding ? all.map((table) => buildingName(generation, table)) : all;
    const runner = new StatementRunner(this.#database, { projection: name, names, tables });
    this.#runners.set(generation, { role, runner });
    return runner;
  }

  /** The generation takes the place of the one that is served, unless that has events which it has not. */
  #serve(row: Row, reached: number): boolean {
    const { serving } = this.#rows(row.name);
    if (serving !== undefined && serving.position > reached) return false;
    if (serving !== undefined) this.#discard(serving);
    this.#tables.serve(row.generation, JSON.parse(row.tableNames) as string[]);
    this.#database
      .prepare("update projections set role = 'serving' where generation = ?")
      .run(row.generation);
    this.#runners.delete(row.generation);
    return true;
  }

  /** A reactor is never built: what it has led to has happened. */
  #beginReactor(name: string, startAt: 'beginning' | 'now'): Row {
    return this.#database
      .prepare<Row>(
        `insert into projections (name, role, version, position, skipped, tables, table_names)
         select ?, 'serving', 1, iif(? = 'now', coalesce(max(position), 0), 0), 0, '${reactorTables}', '[]' from events returning ${columns}`,
      )
      .get(name, startAt) as Row;
  }

  /** What is there of a reactor is no beginning of a projection, nor the other way round. Of old reactors nothing tells. */
  #refuseOtherSort({ name, startAt }: ProjectionSummary, row: Row | undefined): void {
    if (row === undefined) return;
    const isReactor = row.tables === reactorTables;
    const hasStates = this.#database
      .prepare('select 1 from projection_states where generation = ?')
      .get(row.generation);
    const isProjection =
      row.role === 'building' || hasStates !== undefined || !['', reactorTables].includes(row.tables);
    if (startAt === undefined ? !isReactor : !isProjection) return;
    const [was, is] = startAt === undefined ? ['reactor', 'projection'] : ['projection', 'reactor'];
    throw projectionInvalid(
      name,
      `in the file it is a ${was}, and here it is a ${is}. Give the ${is} another name.`,
    );
  }

  #begin(name: string, version: number, tables: string): Row {
    const row = this.#database
      .prepare<Row>(
        `insert into projections (name, role, version, position, skipped, tables, table_names)
         values (?, 'building', ?, 0, 0, ?, '[]') returning ${columns}`,
      )
      .get(name, version, tables) as Row;
    if (tables === '') return row;
    const tableNames = JSON.stringify(this.#tables.create(name, row.generation, tables));
    this.#database
      .prepare('update projections set table_names = ? where generation = ?')
      .run(tableNames, row.generation);
    return { ...row, tableNames };
  }

  #discard({ generation, role, tableNames }: Row): void {
    const tables = JSON.parse(tableNames) as string[];
    this.#tables.drop(role === 'serving' ? tables : tables.map((table) => buildingName(generation, table)));
    this.#database.prepare('delete from projection_states where generation = ?').run(generation);
    this.#database.prepare('delete from projections where generation = ?').run(generation);
    this.#runners.delete(generation);
  }

  #rows(name: string): { serving: Row | undefined; building: Row | undefined } {
    const rows = this.#byName.all(name);
    return {
      serving: rows.find(({ role }) => role === 'serving'),
      building: rows.find(({ role }) => role === 'building'),
    };
  }
}

/** The module is loaded with the first batch: it takes a millisecond of a thread's start. */
function decodeEffects(effects: Uint8Array): LaneEffects {
  return process.getBuiltinModule('node:v8').deserialize(effects) as LaneEffects;
}

function standing(serving: Row | undefined, building: Row | undefined): ProjectionStanding {
  const generationOf = ({ generation, version, position }: Row): Generation => ({
    generation,
    version,
    position,
  });
  return {
    serving: serving === undefined ? null : generationOf(serving),
    building: building === undefined ? null : generationOf(building),
  };
}

function newer(name: string, version: number, found: number): Error {
  return holdfastError(
    'HOLDFAST_ERR_PROJECTION_NEWER',
    `The projection "${name}" is at version ${found} in the file, and this application has version ${version}. It was ` +
      'left as it is. Use the newer version of the application.',
    { projection: name, found, supported: version },
  );
}

function changed(name: string, version: number): Error {
  return projectionInvalid(
    name,
    `its tables are not those that version ${version} was built with. Raise its version, so that they are built anew.`,
  );
}
