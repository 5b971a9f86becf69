import { aggregates, depositText, idOf } from '../fixtures/commands.ts';
import { fillLog } from '../fixtures/raw-log.ts';
import { ratio, type Scenario } from '../scenario.ts';

const size = 300_000;
const projection = 'rebuild of a projection';
const raw = 'raw better-sqlite3';

export const rebuild: Scenario = {
  name: 'rebuild',
  title: 'Rebuild of a table projection',
  note:
    'A projection is built anew from 300,000 events in the file: reading, parsing, handlers on another thread, one ' +
    'upsert an event in the store, checkpoints, and the swap. Against one thread of better-sqlite3 that runs the same ' +
    'statements with values that are there already, 2,048 a transaction.',
  rounds: 5,
  contenders: [
    { name: raw, program: 'rebuild-raw.ts', task: { size } },
    { name: projection, program: 'rebuild-projection.ts' },
  ],
  budgets: [
    { what: projection, unit: 'events/s', figure: (value) => value(projection), atLeast: 100_000 },
    ratio(projection, raw, { atLeast: 0.25 }),
  ],
  prepare: (path, shrink) =>
    fillLog(
      path,
      shrink(size),
      Array.from({ length: aggregates }, (_, index) => `ledger/${idOf(index)}`),
      { type: 'deposited', dataOf: depositText },
    ),
};
