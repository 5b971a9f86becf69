import { expect, onTestFinished, test, vi } from 'vitest';
import type { QueryValues } from '../../runtime/protocol/reader-control.ts';
import { openSqlite } from '../../runtime/sqlite/driver.ts';
import { Queries } from '../../runtime/sqlite/projections/query.ts';
import { codedError } from '../support/coded-error.ts';

const endless = 'with recursive n (i) as (select 1 union all select i + 1 from n) select i from n';

test.each([0, 1, 5])('a query that is stopped after being asked %i times goes no further', (times) => {
  const database = openSqlite(':memory:', { readonly: false, busyTimeoutMs: 0 });
  onTestFinished(() => database.close());
  const queries = new Queries(database);
  let asked = 0;

  expect(() => queries.run(endless, [], () => asked++ === times)).toThrow(codedError('HOLDFAST_ERR_CLOSED'));

  expect(asked).toBe(times + 1);
  expect(queries.run(`${endless} limit 2`, [], () => false)).toEqual([{ i: 1 }, { i: 2 }]);
});

test('a whole number is bound as an integer, as it is where an event writes it', () => {
  const database = openSqlite(':memory:', { readonly: false, busyTimeoutMs: 0 });
  onTestFinished(() => database.close());
  database.exec("create table people (phone text); insert into people values ('5')");
  const queries = new Queries(database);
  const rows = (sql: string, values: QueryValues) => queries.run(sql, values, () => false);

  expect(rows('select phone from people where phone = ?', [5])).toEqual([{ phone: '5' }]);
  expect(rows(`select :half / 2 as half, '["a","b"]' ->> :at as found`, { half: 5, at: 1 })).toEqual([
    { half: 2, found: 'b' },
  ]);
  const kinds = 'select typeof(?) as a, typeof(?) as b, typeof(?) as c, typeof(?) as d, typeof(?) as e';
  expect(rows(kinds, [-0, 0.5, 2 ** 53, 'x', new Uint8Array(1)])).toEqual([
    { a: 'integer', b: 'real', c: 'real', d: 'text', e: 'blob' },
  ]);
});

test('queries of long texts are not all kept prepared', () => {
  const database = openSqlite(':memory:', { readonly: false, busyTimeoutMs: 0 });
  onTestFinished(() => database.close());
  const queries = new Queries(database);
  const prepare = vi.spyOn(database, 'prepare');
  const ask = (sql: string) => queries.run(sql, [], () => false);
  const long = (each: number) => `select ${each} as n where 1 in (${'1, '.repeat(100_000)}${each})`;

  for (const _ of [1, 2]) ask('select 1 as n');
  for (const each of [1, 2, 3]) ask(long(each));
  expect(prepare).toHaveBeenCalledTimes(4);
  for (const each of [4, 5, 5]) expect(ask(long(each))).toEqual([{ n: each }]);
  ask('select 1 as n');

  expect(prepare).toHaveBeenCalledTimes(7);
});
