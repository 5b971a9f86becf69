import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../runtime/ports/clock.ts';
import { findLogDamage } from '../../runtime/sqlite/connection/log-damage.ts';
import { openForWriting } from '../../runtime/sqlite/connection/open-database.ts';
import { LogWriter } from '../../runtime/sqlite/log/log-writer.ts';
import { codedError } from '../support/coded-error.ts';
import { foreignAppend } from '../support/hosted-actor.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const blockBytes = 4_096;

/** A file whose log is cut off from power at each commit, at the moment at which the most of it is not synced. */
class CutLog {
  readonly #path = join(temporaryFolder(), 'app.db');
  #syncedBytes = 0;
  syncs = 0;

  writer(): { append(): void; derive(): void } {
    const options = { path: this.#path, lockTimeoutMs: 0 };
    const database = openForWriting(options);
    onTestFinished(() => database.close());
    database.exec('create table if not exists derived (text text)');
    this.#syncedBytes = statSync(`${this.#path}-wal`).size;
    const writer = new LogWriter(database, { ...options, clock: systemClock, run: '' });
    return {
      append: () => {
        writer.appendGroup([foreignAppend('notes', 'noted', {})]);
        this.#committed(true);
      },
      derive: () => {
        const isSynced = writer.writeDerived(() => {
          database.exec('insert into derived values (hex(randomblob(5000)))');
          return database.pragma('synchronous', { simple: true }) === 2;
        });
        this.#committed(isSynced);
      },
    };
  }

  /** Any block that was not synced before the commit may be missing. */
  #committed(isSynced: boolean): void {
    const log = readFileSync(`${this.#path}-wal`);
    for (let at = this.#syncedBytes; at < log.length; at += blockBytes) {
      const cut = Buffer.from(log).fill(0, at, Math.min(at + blockBytes, log.length));
      writeFileSync(`${this.#path}-cut`, cut);
      expect(findLogDamage(`${this.#path}-cut`), `without byte ${at} of ${log.length}`).toBe(undefined);
    }
    if (!isSynced) return;
    this.#syncedBytes = log.length;
    this.syncs++;
  }
}

test('a power cut in the midst of what is not synced leaves no damaged log', () => {
  const log = new CutLog();
  const writer = log.writer();

  writer.append();
  for (let count = 0; count < 12; count++) writer.derive();
  writer.append();

  // Two of the appends, and few of the others.
  expect(log.syncs).toBe(5);
});

test('nor does one in the midst of what several processes have not synced', () => {
  const log = new CutLog();
  const writers = [log.writer(), log.writer(), log.writer()];

  for (const { append } of writers) append();
  for (let count = 0; count < 12; count++) writers[count % 3]?.derive();

  expect(log.syncs).toBeGreaterThan(3);
});

test('what is made again from the log costs no sync where appends come in between', () => {
  const log = new CutLog();
  const writer = log.writer();
  writer.append();
  const appends = 5;

  for (let count = 0; count < appends; count++) {
    writer.derive();
    writer.derive();
    writer.append();
  }

  expect(log.syncs).toBe(1 + appends);
});

test('a file that cannot say whether others have written fails the write with a code', () => {
  const options = { path: join(temporaryFolder(), 'app.db'), lockTimeoutMs: 0 };
  const database = openForWriting(options);
  onTestFinished(() => database.close());
  const busy = {
    pluck: () => ({
      get() {
        throw Object.assign(new Error('database is locked'), { code: 'SQLITE_BUSY_RECOVERY' });
      },
    }),
  };
  const prepare = (sql: string) => (sql === 'pragma data_version' ? busy : database.prepare(sql));
  const asked = Object.create(database, {
    prepare: { value: prepare },
    exec: { value: (sql: string) => database.exec(sql) },
    inTransaction: { get: () => database.inTransaction },
  }) as typeof database;
  const writer = new LogWriter(asked, { ...options, clock: systemClock, run: '' });

  expect(() => writer.writeDerived(() => 0)).toThrow(codedError('HOLDFAST_ERR_STORAGE_BUSY'));
});
