import { expect } from 'vitest';
import { openForWriting } from '../../runtime/sqlite/connection/open-database.ts';

/** Expects the queues of a file to be whole: what SQLite checks, and every gauge what counting gives. */
export function expectWholeQueues(path: string): ReadonlyMap<string, string> {
  const database = openForWriting({ path, lockTimeoutMs: 1_000 });
  try {
    expect(database.prepare('pragma integrity_check').all()).toEqual([{ integrity_check: 'ok' }]);
    const gauges = database
      .prepare('select queue, depth, running, bytes, kept from operation_counters')
      .all();
    const counted = database
      .prepare(
        `select queue, sum(turn is not null) as depth, sum(state = 'running') as running,
           sum(iif(turn is null, 0, bytes)) as bytes, sum(turn is null and state <> 'done') as kept
         from operations group by queue`,
      )
      .all();
    expect(gauges).toEqual(counted);
    const fronts = database
      .prepare(
        `select order_key from operations where turn is not null and turn <> 'behind' and order_key is not null
         group by queue, order_key having count(*) > 1`,
      )
      .all();
    expect(fronts, 'order keys with more than one in front').toEqual([]);
    const rows = database.prepare<{ id: string; state: string }>(
      'select operation_id as id, state from operations',
    );
    return new Map(rows.all().map(({ id, state }) => [id, state]));
  } finally {
    database.close();
  }
}
