import { describe } from '../protocol/names.ts';
import { invalidOption } from '../protocol/options.ts';
import type { ProjectionSummary } from '../protocol/projection.ts';
import { tokensOf } from '../sqlite/projections/sql-tokens.ts';
import { type RowChanges, rowChanges, textOf } from './row-changes.ts';

/** One result of a live query. */
export interface LiveRows<Row> extends RowChanges<Row> {
  /** All that the query finds now. */
  readonly rows: readonly Row[];
}

/** What a live query needs from around it. */
export interface LivePorts<Row> {
  run(): Promise<readonly Row[]>;
  /** Calls the listener whenever what queries see of a projection has changed. Returns how to stop. */
  onChanged(listener: (changed: ProjectionSummary) => void): () => void;
}

/**
 * Yields what a query finds, and then every change of it: runs it again when a projection has changed whose tables it
 * names, and yields if its rows are others or in another order. Changes that come while the caller is busy are seen together.
 */
export async function* liveQuery<Row extends object>(
  sql: string,
  own: string,
  key: string | undefined,
  stop: AbortSignal,
  ports: LivePorts<Row>,
): AsyncGenerator<LiveRows<Row>, void, void> {
  const names = namesIn(sql);
  let isDue = true;
  let wake: (() => void) | undefined;
  const notice = (): void => wake?.();
  const unlisten = ports.onChanged((changed) => {
    if (changed.name !== own && !changed.tableNames.some((table) => names.has(table))) return;
    isDue = true;
    notice();
  });
  stop.addEventListener('abort', notice, { once: true });
  try {
    let rows: readonly Row[] | undefined;
    while (!stop.aborted) {
      if (!isDue) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        continue;
      }
      isDue = false;
      const next = await ports.run();
      if (stop.aborted) return;
      checkKey(key, next);
      const before = rows;
      rows = next;
      if (next.length !== before?.length || next.some((row, at) => textOf(row) !== textOf(before[at])))
        yield { rows: next, ...rowChanges(before ?? [], next, key) };
    }
  } finally {
    stop.removeEventListener('abort', notice);
    unlisten();
  }
}

/** What a text may name, in lower case: SQLite takes a string for a name where only a name can stand. */
function namesIn(sql: string): ReadonlySet<string> {
  return new Set(
    tokensOf(sql).map(({ kind, value }) =>
      (kind === 'string' ? value.slice(1, -1).replaceAll("''", "'") : value).toLowerCase(),
    ),
  );
}

/** A query that finds nothing does not tell its columns: it is checked with the first row. */
function checkKey(key: string | undefined, [row]: readonly object[]): void {
  if (key === undefined || row === undefined || Object.hasOwn(row, key)) return;
  throw invalidOption(`live: "key" must be a column of the query, got ${describe(key)}.`);
}
