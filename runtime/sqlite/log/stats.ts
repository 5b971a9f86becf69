import { statSync } from 'node:fs';
import type { StoreStats } from '../../ports/event-store-backend.ts';
import type { SqliteDatabase } from '../driver.ts';

/** Exact counts, read in one consistent view. Counting takes about 10 ms for a million events. */
export function readStats(database: SqliteDatabase, path: string): StoreStats {
  const counts = database
    .prepare<
      Pick<
        StoreStats,
        'events' | 'streams' | 'snapshots' | 'deadLetters' | 'timers' | 'messages' | 'position'
      >
    >(
      `select (select count(*) from events) as events,
         (select count(*) from streams) as streams,
         (select count(*) from snapshots) as snapshots,
         (select count(*) from dead_letters) as deadLetters,
         (select count(*) from timers) as timers,
         (select count(*) from outbox) as messages,
         (select coalesce(max(position), 0) from events) as position`,
    )
    .get();
  return {
    ...(counts as NonNullable<typeof counts>),
    databaseBytes: statSync(path).size,
    walBytes: statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0,
    journalMode: database.pragma('journal_mode', { simple: true }) as 'wal',
    synchronous: database.pragma('synchronous', { simple: true }) as number,
    schemaVersion: database.pragma('user_version', { simple: true }) as number,
  };
}
