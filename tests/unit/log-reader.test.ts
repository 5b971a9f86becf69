import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { limits } from '../../runtime/protocol/limits.ts';
import { storeLimits } from '../../runtime/protocol/store-limits.ts';
import { openForWriting } from '../../runtime/sqlite/connection/open-database.ts';
import type { SqliteDatabase } from '../../runtime/sqlite/driver.ts';
import { IntegrityCheck } from '../../runtime/sqlite/log/integrity-check.ts';
import { LogReader } from '../../runtime/sqlite/log/log-reader.ts';
import { LogWriter } from '../../runtime/sqlite/log/log-writer.ts';
import { foreignAppend } from '../support/hosted-actor.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const small = 40;
const large = 20;
const text = 'x'.repeat(storeLimits.pageLengthMax / 4);
const everything = { after: 0, limit: limits.pageEventsMax, direction: 'forward' } as const;

/** A file whose only stream has many small events and then large ones; and how much of their payloads was read. */
function fileOfMixedSizes() {
  const path = join(temporaryFolder(), 'app.db');
  const database = openForWriting({ path, lockTimeoutMs: 0 });
  onTestFinished(() => database.close());
  const writer = new LogWriter(database, { path, lockTimeoutMs: 0, clock: { now: () => 1 }, run: '' });
  const append = (data: object) => {
    const { events, ...request } = foreignAppend('note', 'noted', data);
    return { ...request, events: events.map((event) => ({ ...event, metadata: '{"by":"ada"}' })) };
  };
  writer.appendGroup([
    ...Array.from({ length: small }, () => append({})),
    ...Array.from({ length: large }, () => append({ text })),
  ]);
  const read = { length: 0 };
  return { database: counting(database, read), read };
}

/** The same connection, which counts the characters that its statements return. */
function counting(database: SqliteDatabase, read: { length: number }): SqliteDatabase {
  const count = <Found>(found: Found): Found => {
    read.length += JSON.stringify(found ?? null).length;
    return found;
  };
  return {
    prepare(sql: string) {
      const statement = database.prepare(sql);
      const counted = {
        get: (...values: never[]) => count(statement.get(...values)),
        all: (...values: never[]) => count(statement.all(...values)),
        raw() {
          statement.raw();
          return counted;
        },
      };
      return counted;
    },
    exec: (sql: string) => database.exec(sql),
    get inTransaction() {
      return database.inTransaction;
    },
  } as unknown as SqliteDatabase;
}

test.each([
  ['a stream', (database) => new LogReader(database).readStream('note', everything)],
  ['the log', (database) => new LogReader(database).readLog(everything)],
  ['what verify checks', (database) => new IntegrityCheck(database, '').sealedPage(0)],
  [
    'what an actor is folded from',
    (database) => {
      const request = { stream: 'note', after: 0, key: null, fingerprint: null };
      return new LogReader(database).load(request as never).data;
    },
  ],
] satisfies [string, (database: SqliteDatabase) => readonly unknown[]][])(
  'a page of %s reads no large payload that it has no room for, whatever came before',
  (_, page) => {
    const { database, read } = fileOfMixedSizes();

    const rows = page(database);

    expect(rows).toHaveLength(small + 3);
    expect(read.length).toBeLessThan(1.5 * storeLimits.pageLengthMax);
  },
);

test('large events are read as they were written, with all that belongs to them', () => {
  const { database } = fileOfMixedSizes();
  const reader = new LogReader(database);

  const [event] = reader.readStream('note', { after: small, limit: 1, direction: 'forward' });
  const [logged] = reader.readLog({ after: small, limit: 1, direction: 'forward' });
  const loaded = reader.load({
    stream: 'note',
    after: small,
    key: null,
    fingerprint: null,
    allSeeds: true,
  } as never);

  expect(event).toMatchObject({
    version: small + 1,
    data: JSON.stringify({ text }),
    metadata: '{"by":"ada"}',
  });
  expect(event?.recordedAt).toBeGreaterThan(0);
  expect(logged).toEqual(event);
  expect(loaded.data[0]).toBe(event?.data);
  expect(loaded.seeds?.[0]).toMatch(new RegExp(`^${event?.id}@\\d+$`));
});
