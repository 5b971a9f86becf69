import { expect, onTestFinished, test } from 'vitest';
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
