import type { IntegrityProblem } from '../../ports/event-store-backend.ts';
import { isJson } from '../../protocol/is-json.ts';
import type { SqliteDatabase } from '../driver.ts';

/**
 * What is kept as JSON beside the events, whose payloads have their hashes, and what to call it. An operation
 * that is done keeps nothing.
 */
const keptAsJson = [
  { column: 'state', table: 'snapshots', what: "'The snapshot of ' || stream" },
  { column: 'reply', table: 'inbox', what: "'The answer that ' || stream || ' gave under the key ' || key" },
  { column: 'data', table: 'timers', what: "'The timer ' || name || ' of ' || stream" },
  { column: 'data', table: 'outbox', what: "'Message ' || message_id || ' to ' || target" },
  { column: 'data', table: 'dead_letters', what: "'Dead letter ' || dead_letter_id" },
  {
    column: "nullif(payload, '')",
    table: 'operations',
    what: "'Operation ' || operation_id || ' of ' || queue",
  },
  { column: 'state', table: 'projection_states', what: "'The state ' || partition || ' of a projection'" },
] as const;

/** Finds what no longer can be read beside the events: at most `problemsMax`. */
export function checkPayloads(database: SqliteDatabase, problemsMax: number): IntegrityProblem[] {
  const problems: IntegrityProblem[] = [];
  for (const { column, table, what } of keptAsJson) {
    const suspects = database.prepare<{ what: string; payload: string }>(
      `select ${what} as what, ${column} as payload from ${table} where ${column} is not null and not json_valid(${column})`,
    );
    for (const { what, payload } of suspects.iterate([])) {
      // SQLite reads no JSON of more than a thousand levels, and a state may have more.
      if (isJson(payload)) continue;
      problems.push({ kind: 'payload', message: `${what} is not JSON.` });
      if (problems.length >= problemsMax) return problems;
    }
  }
  return problems;
}
