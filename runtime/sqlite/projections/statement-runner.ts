import { holdfastError } from '../../errors/holdfast-error.ts';
import { toWireError } from '../../errors/wire-error.ts';
import type { RefusedEvent } from '../../protocol/projection.ts';
import type { SqliteDatabase, SqliteStatement, SqliteValue } from '../driver.ts';
import { isRefusal } from '../storage-error.ts';
import { saidOf } from './projection-tables.ts';
import { tokensOf, withNames } from './sql-tokens.ts';
import { StatementGuard } from './statement-guard.ts';
import { projectionInvalid } from './table-definitions.ts';
import { toBound } from './to-bound.ts';
import { callsDates, isNow } from './unrepeatable.ts';

/** After so long, what was done is committed, and others have their turn, in milliseconds. */
const turnMs = 20;
const statementsMax = 1_000;

/** Whose statements are run, and what its tables are called now. */
export interface StatementOwner {
  readonly projection: string;
  /** The actual names of the tables by the names in the statements, in lower case; empty if they are the same. */
  readonly names: ReadonlyMap<string, string>;
  readonly tables: readonly string[];
}

/** What became of the statements of a range. */
export interface StatementsRun {
  readonly hasChanged: boolean;
  /** All events up to here are done or passed over. */
  readonly reached: number;
  readonly refused: readonly RefusedEvent[];
  /** The event after `reached`, if it was refused and is not to be passed over. */
  readonly failure: RefusedEvent | null;
}

/** SQLite has refused a statement in a run that has no way back from it. */
class NotCareful extends Error {}

interface Prepared {
  readonly statement: SqliteStatement;
  /** Whether a value of `'now'` would mean the time to it. */
  readonly isDated: boolean;
}

/** Runs the statements of one generation, prepared once. */
export class StatementRunner {
  readonly #owner: StatementOwner;
  readonly #guard: StatementGuard;
  readonly #prepared = new Map<string, Prepared>();
  readonly #savepoint: SqliteStatement;
  readonly #release: SqliteStatement;
  readonly #rollback: SqliteStatement;

  constructor(database: SqliteDatabase, owner: StatementOwner) {
    this.#owner = owner;
    this.#guard = new StatementGuard(owner.projection, database, owner.tables);
    this.#savepoint = database.prepare('savepoint holdfast_event');
    this.#release = database.prepare('release holdfast_event');
    this.#rollback = database.prepare('rollback to holdfast_event');
  }

  /**
   * Runs the statements of the events of a range: for a while, and at least those of one. All that an event does is done,
   * or nothing of it; to know that costs a savepoint for each, so a range in which nothing is refused is run without.
   *
   * @throws NotCareful for a refusal in a run that is not careful: see {@link isToBeRepeated}.
   */
  run(
    { texts, calls }: { readonly texts: readonly string[]; readonly calls: readonly unknown[] },
    { to, skipsRefused, carefully }: { to: number; skipsRefused: boolean; carefully: boolean },
  ): StatementsRun {
    const until = performance.now() + turnMs;
    const refused: RefusedEvent[] = [];
    let changes = 0;
    for (let at = 0; at < calls.length; ) {
      const start = at;
      const position = calls[at] as number;
      if (start > 0 && performance.now() > until) {
        return { hasChanged: changes > 0, reached: position - 1, refused, failure: null };
      }
      if (carefully) this.#savepoint.run();
      const failed = this.#runEvent(texts, calls, start, (count) => {
        changes += count;
      });
      at = endOf(calls, start);
      if (failed === undefined) {
        if (carefully) this.#release.run();
        continue;
      }
      if (!carefully) throw new NotCareful();
      this.#rollback.run();
      this.#release.run();
      const event = { position, error: toWireError(failed) };
      if (!skipsRefused) return { hasChanged: changes > 0, reached: position - 1, refused, failure: event };
      refused.push(event);
    }
    return { hasChanged: changes > 0, reached: to, refused, failure: null };
  }

  /** The error of a statement that was refused. */
  #runEvent(
    texts: readonly string[],
    calls: readonly unknown[],
    start: number,
    onChanges: (count: number) => void,
  ): Error | undefined {
    let at = start + 2;
    for (let left = calls[start + 1] as number; left > 0; left--) {
      const text = texts[calls[at] as number] as string;
      const count = calls[at + 1] as number;
      const values: SqliteValue[] = new Array<SqliteValue>(count);
      for (let index = 0; index < count; index++) values[index] = toBound(calls[at + 2 + index]);
      try {
        const { statement, isDated } = this.#prepare(text, count);
        if (isDated && values.some(isNow)) throw this.#now(text);
        onChanges(statement.run(values).changes);
      } catch (error) {
        if (!isItsFault(error)) throw error;
        return statementFailed(error, this.#owner.projection, text, calls[start] as number);
      }
      at += 2 + count;
    }
    return undefined;
  }

  #now(text: string): Error {
    const why = "with a value of 'now' it would give something else when it is built again";
    return projectionInvalid(this.#owner.projection, `it may not run ${JSON.stringify(text)}: ${why}.`);
  }

  #prepare(text: string, values: number): Prepared {
    const known = this.#prepared.get(text);
    if (known !== undefined) return known;
    const { projection, names } = this.#owner;
    let statement: SqliteStatement;
    try {
      statement = this.#guard.prepare(names.size === 0 ? text : withNames(text, names), values);
    } catch (error) {
      if (isOurs(error)) throw error;
      const said = `SQLite refuses ${JSON.stringify(text)}: ${saidOf(error)}.`;
      throw projectionInvalid(projection, said, error);
    }
    if (this.#prepared.size >= statementsMax) this.#prepared.clear();
    const prepared = { statement, isDated: callsDates(tokensOf(text)) };
    this.#prepared.set(text, prepared);
    return prepared;
  }
}

/** Whether a run has failed in a way that a careful one would not. */
export function isToBeRepeated(error: unknown): boolean {
  return error instanceof NotCareful;
}

/** Where the calls of an event end. */
function endOf(calls: readonly unknown[], start: number): number {
  let at = start + 2;
  for (let left = calls[start + 1] as number; left > 0; left--) at += 2 + (calls[at + 1] as number);
  return at;
}

/** `VTAB` is what a full-text index says of a command that does not fit to what is in it. */
const faults = ['SQLITE_ERROR', 'SQLITE_MISMATCH', 'SQLITE_RANGE', 'SQLITE_CORRUPT_VTAB'];

/** Whether the statement or its values are to blame, and not the disk: SQLite says of both that there is an error. */
function isItsFault(error: unknown): boolean {
  const code = String((error as { code?: unknown } | null)?.code ?? '');
  return isRefusal(error) || isOurs(error) || faults.includes(code);
}

function isOurs(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === 'HOLDFAST_ERR_PROJECTION_INVALID';
}

function statementFailed(error: unknown, projection: string, text: string, position: number): Error {
  if (isOurs(error)) return error as Error;
  return holdfastError(
    'HOLDFAST_ERR_PROJECTION_FAILED',
    `SQLite refuses ${JSON.stringify(text)} of the projection "${projection}": ${saidOf(error)}.`,
    { projection, position },
    error,
  );
}
