import { expect, onTestFinished, test } from 'vitest';
import { openSqlite } from '../../runtime/sqlite/driver.ts';
import { StatementRunner } from '../../runtime/sqlite/projections/statement-runner.ts';

const careful = { to: 1, skipsRefused: false, carefully: true };

test("a function of dates is not given 'now', however many other statements were run before", () => {
  const database = openSqlite(':memory:', { readonly: false, busyTimeoutMs: 0 });
  onTestFinished(() => database.close());
  database.exec('create table days (day text)');
  const owner = { projection: 'days', names: new Map<string, string>(), tables: ['days'] };
  const runner = new StatementRunner(database, owner);
  const runWith = (text: string, ...values: string[]) =>
    runner.run({ texts: [text], calls: [1, 1, 0, values.length, ...values] }, careful).failure;
  const insert = 'insert into days values (date(?))';

  expect(runWith(insert, '2026-01-01')).toBeNull();
  expect(runWith(insert, 'now')).not.toBeNull();
  for (let number = 0; number < 1_100; number++) {
    expect(runWith(`insert into days values (date('2026-01-01', '+${number} days'))`)).toBeNull();
  }

  expect(runWith(insert, '2026-01-01')).toBeNull();
  expect(runWith(insert, 'now')?.error.code).toBe('HOLDFAST_ERR_PROJECTION_INVALID');
});
