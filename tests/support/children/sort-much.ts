import { createRuntime } from 'holdfast';
import { document, titles } from '../fixtures/library.ts';

const [database = ''] = process.argv.slice(2);
const modules = [new URL('../fixtures/library.ts', import.meta.url)];
await using runtime = await createRuntime({ database, modules, hosts: 1 });
const { position } = await runtime.actor(document, 'plan').send({ type: 'created', title: 'Plan' });

/** Sorts more than SQLite keeps in memory for a query, and reads a table, without which it would not end the transaction. */
const sorted = `with recursive n (i) as (select 1 union all select i + 1 from n limit 300000)
  select count(*) as rows from (select hex(zeroblob(100)) || i as text from n, titles order by text limit 300000)`;

for (const sql of [sorted, 'select count(*) as rows from titles']) {
  const answer = runtime.query<{ rows: number }>(titles, sql, [], { after: position });
  await answer.then(
    ([row]) => console.log(row?.rows),
    ({ code, message }) => console.log(`${code} ${message}`),
  );
}
