import { join } from 'node:path';
import { balancesTable, depositStatement } from '../fixtures/balances.ts';
import { aggregates, depositData, idOf } from '../fixtures/commands.ts';
import { openRawLog } from '../fixtures/raw-log.ts';
import { readTask, report } from '../measurement.ts';

const perTransaction = 2_048;

const { folder, size } = readTask();
const database = await openRawLog(join(folder, 'raw.db'));
database.exec(balancesTable);
const values = Array.from({ length: size }, (_, index) => {
  return [idOf(index % aggregates), depositData(index).amount] as const;
});
const [deposit, begin, commit] = [depositStatement, 'begin immediate', 'commit'].map((sql) =>
  database.prepare(sql),
);

const start = performance.now();
for (let from = 0; from < size; from += perTransaction) {
  begin?.run();
  for (const [id, amount] of values.slice(from, from + perTransaction)) deposit?.run(id, amount);
  commit?.run();
}
const seconds = (performance.now() - start) / 1_000;

database.close();
report({ value: size / seconds, unit: 'events/s', detail: { events: size, seconds } });
