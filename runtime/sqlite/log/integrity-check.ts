import type { IntegrityProblem } from '../../ports/event-store-backend.ts';
import { limits } from '../../protocol/limits.ts';
import type { SealedRow } from '../../protocol/reader-control.ts';
import { describeLogDamage, findLogDamage } from '../connection/log-damage.ts';
import { logOf } from '../connection/preflight.ts';
import type { SqliteDatabase } from '../driver.ts';
import { isDamage } from '../storage-error.ts';
import { checkPayloads } from './payload-check.ts';
import {
  besideShortPayload,
  type FoundPayload,
  lengthOfPayload,
  readPage,
  shortPayload,
} from './read-page.ts';

const problemsMax = 100;

/** A row as it is found: what lies behind a long payload was left out. */
type FoundRow = readonly [
  position: number,
  id: string,
  stream: string,
  version: number,
  type: string,
  schemaVersion: number,
  data: FoundPayload,
  metadata: string | null,
  parents: string | null,
  hash: string | null,
];

/** Checks a database file and reads what is needed to check the events in it. Never writes, never repairs. */
export class IntegrityCheck {
  readonly #database: SqliteDatabase;
  readonly #path: string;

  constructor(database: SqliteDatabase, path: string) {
    this.#database = database;
    this.#path = path;
  }

  checkFile(): IntegrityProblem[] {
    const problems = [...this.#log(), ...this.#pages()];
    if (problems.length > 0) return problems;
    return [...this.#snapshotsAhead(), ...this.#counters(), ...checkPayloads(this.#database, problemsMax)];
  }

  /** What SQLite says nothing of. */
  #log(): IntegrityProblem[] {
    const log = logOf(this.#path);
    const damage = findLogDamage(log);
    return damage === undefined ? [] : [{ kind: 'file', message: `${describeLogDamage(log, damage)}.` }];
  }

  /** Row by row: where a page cannot be read at all, SQLite says what it has found so far and then fails. */
  #pages(): IntegrityProblem[] {
    const problems: IntegrityProblem[] = [];
    const check = this.#database.prepare<string>(`pragma integrity_check(${problemsMax})`).pluck();
    try {
      for (const message of check.iterate([])) if (message !== 'ok') problems.push({ kind: 'file', message });
    } catch (error) {
      if (!isDamage(error)) throw error;
      if (problems.length === 0) problems.push({ kind: 'file', message: (error as Error).message });
    }
    return problems;
  }

  /** The next events after a position. */
  sealedPage(after: number): SealedRow[] {
    const select = (
      columns: string,
    ) => `select e.position, e.id, s.name, e.version, e.type, e.schema_version, ${columns}
         from events e left join streams s on s.stream_id = e.stream_id`;
    const short = ['e.metadata', 'e.parents', 'e.hash'].map(besideShortPayload);
    const sealed = this.#database
      .prepare<FoundRow>(
        `${select(`${shortPayload}, ${short.join()}`)} where e.position > ? order by e.position limit ?`,
      )
      .raw();
    const whole = this.#database
      .prepare<SealedRow>(`${select('e.data, e.metadata, e.parents, e.hash')} where e.position = ?`)
      .raw();
    return readPage<FoundRow, SealedRow>({
      limit: limits.pageEventsMax,
      read: (last, limit) => sealed.all(last?.[0] ?? after, limit),
      lengthOf: (row) => lengthOfPayload(row[6]),
      complete: (row) => (typeof row[6] === 'string' ? row : whole.get(row[0])) as SealedRow,
    }).rows;
  }

  #snapshotsAhead(): IntegrityProblem[] {
    return this.#database
      .prepare<{ stream: string; version: number; head: number }>(
        `select p.stream, p.version, coalesce(max(e.version), 0) as head from snapshots p
         left join streams s on s.name = p.stream left join events e on e.stream_id = s.stream_id
         where p.owner = 'actor' group by p.stream having p.version > head limit ${problemsMax}`,
      )
      .all()
      .map(({ stream, version, head }) => ({
        kind: 'snapshot' as const,
        message: `The snapshot of ${stream} is at version ${version}, and the stream at ${head}.`,
      }));
  }

  /** The replica's own number of an event is no part of its hash, but tells where in the log it was recorded. */
  #counters(): IntegrityProblem[] {
    const row = this.#database
      .prepare<{ counted: number | null; highest: number; misplaced: number | null }>(
        `select (select last_sequence from replica) as counted, coalesce(max(e.origin_sequence), 0) as highest,
           min(e.position) filter (where e.origin_sequence <> 1 + coalesce((select p.origin_sequence from events p
             where p.position < e.position and p.origin = e.origin order by p.position desc limit 1), 0)) as misplaced
         from events e where e.origin = (select origin from replica)`,
      )
      .get();
    const { counted = null, highest = 0, misplaced = null } = row ?? {};
    const problem = (message: string): IntegrityProblem => ({ kind: 'counter', message });
    if (counted === null) return [problem('The identity of this replica is missing.')];
    const problems: IntegrityProblem[] = [];
    if (counted !== highest)
      problems.push(problem(`The last event of this replica is ${highest}, and ${counted} is recorded.`));
    if (misplaced !== null)
      problems.push(problem(`The event at position ${misplaced} does not stand where it was recorded.`));
    return problems;
  }
}
