import { join } from 'node:path';
import { EventStore, importEvents, SqliteEventStoreBackend } from 'holdfast/store';
import { beforeEach, expect, test } from 'vitest';
import { createOldestLog } from '../support/oldest-log.ts';
import { afterEachCut, recordRuns } from '../support/power-cut.ts';
import { expectPromisedNotes, notesIn, saidWith } from '../support/promised-notes.ts';
import { expectPromisesOfRuntime } from '../support/promises-of-runtime.ts';
import { expectReadable, openStoreInThisThread } from '../support/store-in-this-thread.ts';
import { whyNoStrace } from '../support/strace.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { isThorough, testThoroughly, times } from '../support/thorough.ts';

beforeEach(({ skip }) => {
  const why = whyNoStrace();
  skip(why !== undefined, why);
});

const keepLog = { program: 'keep-promises.ts', args: ['log'] };

/** What the next start of the application finds. */
async function expectLog(folder: string, said: readonly string[]): Promise<void> {
  await using opened = openStoreInThisThread(join(folder, 'app.db'));
  await expectPromisedNotes(opened.store, said);
}

test('a power cut loses nothing of what a store has promised, from the first start of an application on', async () => {
  const record = await recordRuns(temporaryFolder(), [keepLog]);

  await afterEachCut(record, times(25, 1_500), async (folder, said, chance) => {
    if (chance.next() < 0.2) expectReadable(join(folder, 'app.db'));
    if (chance.next() < 0.95) return expectLog(folder, said);
    await using store = EventStore.withBackend(await SqliteEventStoreBackend.open(join(folder, 'app.db')));
    await expectPromisedNotes(store, said);
  });
});

test('a power cut while a file of an older version is brought up to date loses none of its events', async () => {
  const folder = temporaryFolder();
  createOldestLog(join(folder, 'app.db'), 300);
  const record = await recordRuns(folder, [keepLog]);

  await afterEachCut(record, times(10, 700), async (after, said) => {
    await expectLog(after, said);
    await using opened = openStoreInThisThread(join(after, 'app.db'));
    const older = await opened.store.getEventsAfter('notes', 0);
    expect(older.map(({ data }) => data)).toEqual(Array.from({ length: 300 }, (_, at) => ({ n: at + 1 })));
  });
});

test('what a killed process was syncing, and the next one has found, is not lost to a power cut any more', async () => {
  let found = 0;
  // The first seven make the file, its schema, and keep the first note.
  for (const sync of isThorough ? [5, 6, 7, 8, 9, 10, 11, 12] : [8]) {
    const killed = { ...keepLog, inject: `fsync,fdatasync:signal=KILL:when=${sync}` };
    const record = await recordRuns(temporaryFolder(), [killed, { ...keepLog, args: ['again'] }]);
    const said = record.said(record.lines);
    const again = Number(saidWith('again', said)[0]);
    found += again - (saidWith('kept', said).length - again);

    await afterEachCut(record, times(10, 150), expectLog);
  }
  expect(found, 'notes that the killed process had written and not promised').toBeGreaterThan(0);
});

testThoroughly('a power cut loses nothing of a log that SQLite copies back by itself', async () => {
  const record = await recordRuns(temporaryFolder(), [{ ...keepLog, args: ['large'] }]);

  await afterEachCut(record, 150, async (folder, said) => {
    await expectLog(folder, said);
    await using opened = openStoreInThisThread(join(folder, 'app.db'));
    const grown = await opened.store.getEventsAfter('ballast', 0);
    expect(grown.length).toBeGreaterThanOrEqual(Number(saidWith('grown', said).at(-1) ?? 0));
  });
});

testThoroughly('a power cut loses nothing of what two processes have promised at once', async () => {
  const together = { program: 'run-together.ts', args: ['keep-promises.ts', 'log'] };
  const record = await recordRuns(temporaryFolder(), [together]);
  await afterEachCut(record, 500, expectLog);

  const runtimes = { ...together, args: ['run-promises.ts'] };
  await afterEachCut(await recordRuns(temporaryFolder(), [runtimes]), 60, expectPromisesOfRuntime);
});

test('a power cut takes no backup, no export and no import that has resolved', async () => {
  const record = await recordRuns(temporaryFolder(), [{ ...keepLog, args: ['copies'] }]);

  await afterEachCut(record, times(8, 300), async (folder, said) => {
    await expectLog(folder, said);
    for (const [name = '', events] of [...saidWith('copied', said), ...saidWith('imported', said)]) {
      await using copy = openStoreInThisThread(join(folder, name));
      expect((await notesIn(copy.store)).size).toBeGreaterThanOrEqual(Number(events));
      expect(await copy.store.verify()).toMatchObject({ problems: [] });
    }
    for (const [name = '', events] of saidWith('exported', said)) {
      await using other = openStoreInThisThread(join(folder, 'another.db'));
      const { written } = await importEvents(other.backend, join(folder, name));
      expect(written).toBeGreaterThanOrEqual(Number(events));
    }
  });
});

test('a power cut loses no command, timer, message, work or operation, and none is carried out twice', async () => {
  const record = await recordRuns(temporaryFolder(), [{ program: 'run-promises.ts' }]);

  await afterEachCut(record, times(3, 100), expectPromisesOfRuntime);
});
