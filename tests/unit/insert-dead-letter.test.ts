import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../runtime/ports/clock.ts';
import type { NewDeadLetter } from '../../runtime/protocol/dead-letter.ts';
import { storeLimits } from '../../runtime/protocol/store-limits.ts';
import { openForWriting } from '../../runtime/sqlite/connection/open-database.ts';
import { DeadLetterBox, deadLettersPage } from '../../runtime/sqlite/deliveries/dead-letter-box.ts';
import type { SqliteDatabase } from '../../runtime/sqlite/driver.ts';
import { DeadLetterInsertion } from '../../runtime/sqlite/log/insert-dead-letter.ts';
import { LogWriter } from '../../runtime/sqlite/log/log-writer.ts';
import { foreignAppend } from '../support/hosted-actor.ts';
import { nobody } from '../support/open-run.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const letter: NewDeadLetter = {
  address: 'hostile/a',
  operation: 'send',
  type: 'harmed',
  data: '{}',
  metadata: null,
  expectedVersion: null,
  idempotencyKey: null,
  reason: 'poison',
  detail: null,
  cause: null,
  evidence: null,
};

/** An empty box, and a way to put into it and take out of it in one transaction. */
function openBox() {
  const path = join(temporaryFolder(), 'app.db');
  const database = openForWriting({ path, lockTimeoutMs: 1_000 });
  onTestFinished(() => database.close());
  const insertion = new DeadLetterInsertion(database);
  const all = database.prepare<number>('select dead_letter_id from dead_letters order by 1').pluck();
  const remove = database.prepare('delete from dead_letters where dead_letter_id = ?');
  return {
    database,
    path,
    inOne(work: () => void) {
      database.exec('begin');
      work();
      database.exec('commit');
    },
    insert(data = letter.data): number {
      const id = insertion.insert({ ...letter, data }, 0);
      insertion.trim();
      return id;
    },
    remove: (id: number) => void remove.run(id),
    ids: () => all.all(),
  };
}

/** How often statements are run that are prepared from now on and begin like this. */
function countRuns(database: SqliteDatabase, beginning: string) {
  const count = { runs: 0 };
  const prepare = database.prepare.bind(database);
  database.prepare = ((sql: string) => {
    const statement = prepare(sql);
    if (!sql.startsWith(beginning)) return statement;
    return {
      run(...values: readonly unknown[]) {
        count.runs++;
        return statement.run(...(values as never[]));
      },
    };
  }) as typeof database.prepare;
  return count;
}

test('a dead letter stays, however many others come and go', () => {
  const box = openBox();
  const first = box.insert();

  box.inOne(() => {
    for (let time = 0; time < storeLimits.deadLettersMax + 1; time++) box.remove(box.insert());
  });
  const last = box.insert();

  expect(box.ids()).toEqual([first, last]);
});

test('the newest dead letters are kept up to the limit, whatever is missing between them', () => {
  const box = openBox();
  const inserted: number[] = [];

  box.inOne(() => {
    for (let count = 0; count < storeLimits.deadLettersMax; count++) inserted.push(box.insert());
    for (const id of inserted.splice(5_000, 100)) box.remove(id);
    for (let count = 0; count < 103; count++) inserted.push(box.insert());
  });

  expect(inserted).toHaveLength(storeLimits.deadLettersMax + 3);
  expect(box.ids()).toEqual(inserted.slice(3));
});

test('what is too many is removed once for all that died together, and once for a group of appends', () => {
  const { database, path, ids } = openBox();
  const trim = countRuns(database, 'delete from dead_letters where dead_letter_id <=');
  const writer = new LogWriter(database, { path, lockTimeoutMs: 0, clock: systemClock, run: '' });
  const letters = Array.from({ length: storeLimits.deadLettersMax + 5 }, () => letter);
  const undeliverable = () => ({
    ...foreignAppend('order/a', 'said', {}),
    consequences: { ...nobody, deadLetter: letter },
  });

  const died = new DeadLetterBox(database, writer).record(letters, 0);

  expect(trim.runs).toBe(1);
  expect(ids()).toEqual(died.slice(5));

  writer.appendGroup([undeliverable(), undeliverable(), undeliverable()]);

  expect(trim.runs).toBe(2);
  expect(ids().slice(0, -3)).toEqual(died.slice(8));
});

test('dead letters are read page by page, and few at once where they are long', () => {
  const { database, insert } = openBox();
  const half = storeLimits.pageLengthMax / 2;
  const ids = [half, half, 1, half, half].map((length) => insert('x'.repeat(length)));

  const pages: number[][] = [];
  for (let after = 0; ; ) {
    const page = deadLettersPage(database, after).map(({ deadLetterId }) => deadLetterId);
    if (page.length === 0) break;
    pages.push(page);
    after = page.at(-1) ?? after;
  }

  expect(pages).toEqual([ids.slice(0, 2), ids.slice(2)]);
});
