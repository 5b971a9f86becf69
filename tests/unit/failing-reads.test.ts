import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { codedCalls } from '../../runtime/sqlite/connection/coded-calls.ts';
import { openForReading, openForWriting } from '../../runtime/sqlite/connection/open-database.ts';
import type { SqliteDatabase } from '../../runtime/sqlite/driver.ts';
import { LogReader } from '../../runtime/sqlite/log/log-reader.ts';
import { LogWriter } from '../../runtime/sqlite/log/log-writer.ts';
import { ProjectionReader } from '../../runtime/sqlite/projections/projection-reader.ts';
import { codedError } from '../support/coded-error.ts';
import { foreignAppend } from '../support/hosted-actor.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** A file whose events are in its log alone, which is taken away from a reader and given back. */
function fileWithLog() {
  const path = join(temporaryFolder(), 'app.db');
  const database = openForWriting({ path, lockTimeoutMs: 0 });
  onTestFinished(() => database.close());
  const writer = new LogWriter(database, { path, lockTimeoutMs: 0, clock: { now: () => 1 }, run: '' });
  writer.appendGroup([foreignAppend('note', 'noted', { text: 'x'.repeat(100_000) })]);
  const reading = openForReading(path);
  onTestFinished(() => reading.close());
  const log = `${path}-wal`;
  const whole = readFileSync(log);
  return {
    path,
    reading,
    takeAway: () => truncateSync(log),
    giveBack: () => writeFileSync(log, whole, { flag: 'r+' }),
  };
}

const request = { stream: 'note', after: 0, key: null, fingerprint: null } as never;

test.each([
  ['load of an actor', (database) => new LogReader(database).load(request).data],
  [
    'read of what is served',
    (database) =>
      new ProjectionReader(database).asServed('none', undefined as never, () =>
        new LogReader(database).readStream('note', { after: 0, limit: 1, direction: 'forward' }),
      ) as unknown[],
  ],
] satisfies [string, (database: SqliteDatabase) => readonly unknown[]][])(
  'a %s that the disk fails says so, and not that the file is damaged',
  (_, read) => {
    const { path, reading, takeAway, giveBack } = fileWithLog();
    const reads = codedCalls(reading, path, { read: () => read(reading) });

    takeAway();
    expect(reads.read).toThrow(codedError('HOLDFAST_ERR_STORAGE_IO'));

    giveBack();
    expect(reads.read()).toHaveLength(1);
  },
);
