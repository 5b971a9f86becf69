import type { ProjectionSummary } from '../protocol/projection.ts';
import { tokensOf } from '../sqlite/projections/sql-tokens.ts';
import { readTableDefinitions } from '../sqlite/projections/table-definitions.ts';
import { type RowChanges, rowChanges } from './row-changes.ts';

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
 * names, and yields if its rows are others. Changes that come while the caller is busy are seen together.
 */
export async function* liveQuery<Row extends object>(
  sql: string,
  own: string,
  key: string | undefined,
  stop: AbortSignal,
  ports: LivePorts<Row>,
): AsyncGenerator<LiveRows<Row>, void, void> {
  const names = new Set(
    tokensOf(sql).flatMap(({ kind, value }) => (kind === 'name' ? [value.toLowerCase()] : [])),
  );
  let isDue = true;
  let wake: (() => void) | undefined;
  const notice = (): void => wake?.();
  const unlisten = ports.onChanged((changed) => {
    if (changed.name !== own && !tablesOf(changed).some((table) => names.has(table))) return;
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
      const changes = rowChanges(rows ?? [], next, key);
      const isFirst = rows === undefined;
      rows = next;
      const hasChanged = changes.added.length + changes.removed.length + changes.changed.length > 0;
      if (isFirst || hasChanged) yield { rows: next, ...changes };
    }
  } finally {
    stop.removeEventListener('abort', notice);
    unlisten();
  }
}

function tablesOf({ name, tables }: ProjectionSummary): string[] {
  return tables === null ? [] : readTableDefinitions(name, tables).tables.map((table) => table.toLowerCase());
}
