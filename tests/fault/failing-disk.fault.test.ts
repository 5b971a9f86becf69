import { EventStore, SqliteEventStoreBackend } from 'holdfast/store';
import { describe, expect, test } from 'vitest';
import { runChild } from '../support/child-program.ts';
import { expectWholeLog } from '../support/stored-log.ts';
import { straceArguments, whyNoStrace } from '../support/strace.ts';
import { testThoroughly } from '../support/thorough.ts';
import { writtenOnce } from '../support/written-once.ts';

/** So that the faults hit appends and not the creation of the schema. */
const newDatabase = writtenOnce(async (path) =>
  EventStore.withBackend(await SqliteEventStoreBackend.open(path)).close(),
);

const faults = [
  // After the data was written, the disk cannot say whether it is there.
  { calls: 'fsync', inject: 'error=EIO:when=10..12', code: 'HOLDFAST_ERR_OUTCOME_UNKNOWN' },
  { calls: 'pwrite64', inject: 'error=EIO:when=30..33', code: 'HOLDFAST_ERR_STORAGE_IO' },
  { calls: 'pwrite64', inject: 'error=ENOSPC:when=30..33', code: 'HOLDFAST_ERR_STORAGE_FULL' },
];

describe.each(['store', 'actors'])('one caller appends through the %s', (through) => {
  test.for(faults)(
    'and $inject on $calls is $code; repeating by key appends once',
    async (fault, { skip }) => {
      const why = whyNoStrace();
      skip(why !== undefined, why);
      const database = await newDatabase();

      const prefix = straceArguments(database, fault);
      const { code, lines, stderr } = await runChild('append-with-retries.ts', [database, through, '25'], {
        prefix,
      });

      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      const errors = lines.filter((line) => line.startsWith('error '));
      expect(errors.length).toBeGreaterThan(0);
      expect(new Set(errors)).toEqual(new Set([`error ${fault.code}`]));
      const acknowledged = lines.filter((line) => !line.startsWith('error '));
      const { ids } = await expectWholeLog(database, acknowledged);
      expect(ids).toEqual(acknowledged);
    },
  );
});

testThoroughly(
  'an index of the log that cannot grow leaves the outcome unknown: the log itself is synced by then',
  async ({ skip }) => {
    const why = whyNoStrace();
    skip(why !== undefined, why);
    const database = await newDatabase();

    // The first eight writes make the index; the next ones enlarge it.
    const prefix = straceArguments(database, {
      calls: 'pwrite64',
      inject: 'error=ENOSPC:when=10+',
      suffixes: ['-shm'],
    });
    const { lines } = await runChild('append-large.ts', [database], { prefix });

    expect(lines).toEqual(['HOLDFAST_ERR_OUTCOME_UNKNOWN']);
    await using store = EventStore.withBackend(await SqliteEventStoreBackend.open(database));
    expect((await store.verify()).ok).toBe(true);
    const repeated = await store.append('large', largeEvents(), { idempotencyKey: 'large' });
    expect(['appended', 'already-appended']).toContain(repeated.outcome);
    expect((await store.stats()).events).toBe(2);
  },
);

/** What `append-large.ts` appends. */
function largeEvents() {
  const event = { type: 'noted', data: { note: 'x'.repeat(10 * 1024 * 1024) } };
  return [event, event];
}
