import { limits } from '../../protocol/limits.ts';
import type { StreamRow } from '../../protocol/reader-control.ts';
import type { SqliteDatabase } from '../driver.ts';

/** The next streams after one of them, each with the version of its last event: a seek in an index for each. */
export function streamsPage(database: SqliteDatabase, after: number): StreamRow[] {
  return database
    .prepare<StreamRow>(
      `select s.stream_id, s.name, coalesce((select max(e.version) from events e where e.stream_id = s.stream_id), 0)
       from streams s where s.stream_id > ? order by s.stream_id limit ?`,
    )
    .raw()
    .all(after, limits.pageEventsMax) as StreamRow[];
}
