import { EventStore, SqliteEventStoreBackend } from 'holdfast/store';
import { expect } from 'vitest';

/** What a database holds, for comparison with what was acknowledged. */
export interface StoredLog {
  /** `data.id` of every event, in order of arrival. */
  readonly ids: readonly string[];
  readonly streams: number;
}

/**
 * Opens a database as the next start of an application would, and expects it to be whole: verified, positions and
 * versions without gaps, and every acknowledged id there exactly once.
 */
export async function expectWholeLog(path: string, acknowledged: readonly string[]): Promise<StoredLog> {
  const store = EventStore.withBackend(await SqliteEventStoreBackend.open(path));
  try {
    const ids: string[] = [];
    const versions = new Map<string, number>();
    const gaps: string[] = [];
    let position = 0;
    for await (const event of store.readAll()) {
      ids.push((event.data as { id: string }).id);
      const version = (versions.get(event.stream) ?? 0) + 1;
      if (event.version !== version) gaps.push(`${event.stream}: ${event.version} instead of ${version}`);
      if (event.position !== ++position) gaps.push(`position ${event.position} instead of ${position}`);
      versions.set(event.stream, version);
    }
    const stored = new Set(ids);

    expect(gaps).toEqual([]);
    expect(ids.length, 'no id is stored twice').toBe(stored.size);
    expect(
      acknowledged.filter((id) => !stored.has(id)),
      'acknowledged and lost',
    ).toEqual([]);
    expect(await store.verify()).toEqual({ ok: true, problems: [], events: ids.length });
    return { ids, streams: versions.size };
  } finally {
    await store.close();
  }
}
