import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { NewDeadLetter } from '../../runtime/protocol/dead-letter.ts';
import { storeLimits } from '../../runtime/protocol/store-limits.ts';
import { openForWriting } from '../../runtime/sqlite/connection/open-database.ts';
import { deadLettersPage } from '../../runtime/sqlite/deliveries/dead-letter-box.ts';
import { prepareInsertDeadLetter } from '../../runtime/sqlite/log/insert-dead-letter.ts';
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
  const database = openForWriting({ path: join(temporaryFolder(), 'app.db'), lockTimeoutMs: 1_000 });
  onTestFinished(() => database.close());
  const insert = prepareInsertDeadLetter(database);
  const all = database.prepare<number>('select dead_letter_id from dead_letters order by 1').pluck();
  const remove = database.prepare('delete from dead_letters where dead_letter_id = ?');
  return {
    database,
    inOne(work: () => void) {
      database.exec('begin');
      work();
      database.exec('commit');
    },
    insert: (data = letter.data) => insert({ ...letter, data }, 0),
    remove: (id: number) => void remove.run(id),
    ids: () => all.all(),
  };
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
