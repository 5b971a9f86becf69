import { deserialize } from 'node:v8';
import { holdfastError } from '../errors/holdfast-error.ts';
import { toWireError } from '../errors/wire-error.ts';
import type { Clock } from '../ports/clock.ts';
import type {
  Generation,
  LaneEffects,
  ProjectionApplied,
  ProjectionBatch,
  ProjectionStanding,
  ProjectionSummary,
  ReactorMessage,
  RefusedEvent,
} from '../protocol/projection.ts';
import { insertMessage } from './consequence-writer.ts';
import type { SqliteDatabase, SqliteStatement, SqliteValue } from './driver.ts';
import type { LogWriter } from './log-writer.ts';
import { buildingName, buildingNames, ProjectionTables } from './projection-tables.ts';
import { withNames } from './sql-tokens.ts';
import { StatementGuard } from './statement-guard.ts';
import { isRefusal } from './storage-error.ts';
import { projectionInvalid } from './table-definitions.ts';

const statementsMax = 1_000;

interface Row extends Generation {
  readonly name: string;
  readonly role: 'serving' | 'building';
  readonly tables: string;
  readonly tableNames: string;
}

/** The statements of one generation, prepared. */
interface Prepared {
  /** Another process may have put the generation to service meanwhile, which renames its tables. */
  readonly role: Row['role'];
  readonly guard: StatementGuard;
  readonly names: ReadonlyMap<string, string>;
  readonly statements: Map<string, SqliteStatement>;
}

const columns = 'generation, name, role, version, position, tables, table_names as tableNames';

/** Applies what events do to projections, in the transaction that moves their checkpoints. */
export class ProjectionWriter {
  readonly #writer: LogWriter;
  readonly #tables: ProjectionTables;
  readonly #database: SqliteDatabase;
  readonly #prepared = new Map<number, Prepared>();
  /** The event whose statement has just ended the transaction. */
  #refused: RefusedEvent | undefined;
  readonly #byName: SqliteStatement<Row>;
  readonly #byGeneration: SqliteStatement<Row>;
  readonly #move: SqliteStatement;
  readonly #saveState: SqliteStatement;
  readonly #insertMessage: SqliteStatement;
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
   * `again`, unless one is under way.
   *
   * @throws HOLDFAST_ERR_PROJECTION_NEWER, HOLDFAST_ERR_PROJECTION_INVALID.
   */
  open(summary: ProjectionSummary, again = false): ProjectionStanding {
    const { name, version } = summary;
    const tables = summary.tables ?? '';
    return this.#writer.write(() => {
      const { serving, building } = this.#rows(name);
      if (summary.startAt !== undefined)
        return standing(serving ?? this.#beginReactor(name, summary.startAt), undefined);
      const newest = Math.max(serving?.version ?? 0, building?.version ?? 0);
      if (newest > version) throw newer(name, version, newest);
      const isCurrent = serving?.version === version;
      if (isCurrent && serving.tables !== tables) throw changed(name, version);
      const isUnderWay = building?.version === version && building.tables === tables;
      if (building !== undefined && !isUnderWay) this.#discard(building);
      if (isUnderWay || (isCurrent && !again)) return standing(serving, isUnderWay ? building : undefined);
      return standing(serving, this.#begin(name, version, tables));
    });
  }

  /** Applies a range of events, all of it or up to the event that SQLite refuses. */
  apply(batch: ProjectionBatch): ProjectionApplied {
    const { effects, from, to } = batch;
    const decoded = effects === null ? undefined : (deserialize(effects) as LaneEffects);
    const refused: RefusedEvent[] = [];
    const skip = new Set<number>();
    let upTo = to;
    let failure: RefusedEvent | null = null;
    for (;;) {
      try {
        const applied = this.#writer.writeDerived((): ProjectionApplied => {
          const row = this.#byGeneration.get(batch.generation);
          if (row === undefined || row.position !== from) return { outcome: 'moved' };
          const hasChanged = decoded !== undefined && this.#run(row, decoded, upTo, skip);
          const skipped = batch.skipped + refused.length;
          const isMoved = upTo !== from || skipped > 0;
          if (isMoved) this.#move.run(upTo, skipped, row.generation, from);
          if (batch.isLast && failure === null && row.role === 'building') this.#serve(row);
          const isServing = row.role === 'serving' || (batch.isLast && failure === null);
          return { outcome: 'applied', position: upTo, hasChanged, isServing, refused, failure };
        });
        if (decoded !== undefined && 'messages' in decoded) this.#onMessages();
        return applied;
      } catch (error) {
        const event = this.#refused;
        this.#refused = undefined;
        if (event === undefined) throw error;
        if (batch.skipsRefused) {
          skip.add(event.position);
          refused.push(event);
        } else {
          failure = event;
          upTo = Math.max(from, event.position - 1);
        }
      }
    }
  }

  /** Runs the statements of the events up to a position. Whether any row has changed. */
  #run(row: Row, effects: LaneEffects, upTo: number, skip: ReadonlySet<number>): boolean {
    if ('messages' in effects) return this.#send(row, effects.messages, upTo);
    if ('states' in effects) {
      for (const [partition, state] of effects.states) this.#saveState.run(row.generation, partition, state);
      return effects.states.length > 0;
    }
    const prepared = this.#preparedOf(row);
    const { texts, calls } = effects;
    const statements = new Array<SqliteStatement | undefined>(texts.length);
    const values: SqliteValue[] = [];
    let changes = 0;
    for (let at = 0; at < calls.length; ) {
      const position = calls[at++] as number;
      if (position > upTo) break;
      const isSkipped = skip.has(position);
      for (let left = calls[at++] as number; left > 0; left--) {
        const index = calls[at++] as number;
        const end = at + 1 + (calls[at] as number);
        if (!isSkipped) {
          try {
            const count = calls[at] as number;
            statements[index] ??= prepare(prepared, row.name, texts[index] as string, count);
            values.length = count;
            for (let value = 0; value < count; value++) values[value] = toBound(calls[at + 1 + value]);
            changes += statements[index].run(values).changes;
          } catch (error) {
            if (!isRefusal(error) && !isOurs(error)) throw error;
            const coded = statementFailed(error, row.name, texts[index] ?? '', position);
            this.#refused = { position, error: toWireError(coded) };
            throw coded;
          }
        }
        at = end;
      }
    }
    return changes > 0;
  }

  #send({ name }: Row, messages: readonly ReactorMessage[], upTo: number): boolean {
    const now = this.#clock.now();
    for (const { position, target, type, data, cause } of messages) {
      if (position > upTo) break;
      this.#insertMessage.run(
        `holdfast.reactor/${name}`,
        target,
        type,
        data,
        now,
        cause.correlationId,
        cause.causationId,
      );
    }
    return messages.length > 0;
  }

  #preparedOf(row: Row): Prepared {
    let prepared = this.#prepared.get(row.generation);
    const isFull = prepared !== undefined && prepared.statements.size >= statementsMax;
    if (prepared?.role === row.role && !isFull) return prepared;
    const tables = JSON.parse(row.tableNames) as string[];
    const isBuilding = row.role === 'building';
    const names = isBuilding ? buildingNames(row.generation, tables) : new Map<string, string>();
    const actual = isBuilding ? tables.map((table) => buildingName(row.generation, table)) : tables;
    const guard = new StatementGuard(row.name, this.#database, actual);
    prepared = { role: row.role, guard, names, statements: new Map() };
    this.#prepared.set(row.generation, prepared);
    return prepared;
  }

  /** The generation takes the place of the one that is served. */
  #serve(row: Row): void {
    const { serving } = this.#rows(row.name);
    if (serving !== undefined) this.#discard(serving);
    this.#tables.serve(row.generation, JSON.parse(row.tableNames) as string[]);
    this.#database
      .prepare("update projections set role = 'serving' where generation = ?")
      .run(row.generation);
    this.#prepared.delete(row.generation);
  }

  /** A reactor is never built: what it has led to has happened. */
  #beginReactor(name: string, startAt: 'beginning' | 'now'): Row {
    return this.#database
      .prepare<Row>(
        `insert into projections (name, role, version, position, skipped, tables, table_names)
         select ?, 'serving', 1, iif(? = 'now', coalesce(max(position), 0), 0), 0, '', '[]' from events returning ${columns}`,
      )
      .get(name, startAt) as Row;
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
    this.#prepared.delete(generation);
  }

  #rows(name: string): { serving: Row | undefined; building: Row | undefined } {
    const rows = this.#byName.all(name);
    return {
      serving: rows.find(({ role }) => role === 'serving'),
      building: rows.find(({ role }) => role === 'building'),
    };
  }
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

function prepare(
  { guard, names, statements }: Prepared,
  name: string,
  text: string,
  values: number,
): SqliteStatement {
  let statement = statements.get(text);
  if (statement === undefined) {
    try {
      statement = guard.prepare(names.size === 0 ? text : withNames(text, names), values);
    } catch (error) {
      throw isOurs(error)
        ? error
        : projectionInvalid(
            name,
            `SQLite refuses ${JSON.stringify(text)}: ${(error as Error).message}.`,
            error,
          );
    }
    statements.set(text, statement);
  }
  return statement;
}

/** The driver binds each number as a float; what is whole is meant as an integer. */
function toBound(value: unknown): SqliteValue {
  return typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : (value as SqliteValue);
}

function isOurs(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === 'HOLDFAST_ERR_PROJECTION_INVALID';
}

function statementFailed(error: unknown, projection: string, text: string, position: number): Error {
  if (isOurs(error)) return error as Error;
  return holdfastError(
    'HOLDFAST_ERR_PROJECTION_FAILED',
    `SQLite refuses ${JSON.stringify(text)} of the projection "${projection}": ${(error as Error).message}.`,
    { projection, position },
    error,
  );
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
