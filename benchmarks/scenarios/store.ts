import type { Contender, Scenario } from '../scenario.ts';

const raw = (inFlight: number, size: number, name: string): Contender => ({
  name,
  program: 'raw-inserts.ts',
  task: { size, inFlight },
});
const store = (inFlight: number, size: number): Contender => ({
  name: `store, ${inFlight.toLocaleString('en')} callers`,
  program: 'store-throughput.ts',
  task: { size, inFlight },
});

export const eventStore: Scenario = {
  name: 'store',
  title: 'Appends to the event store alone',
  note: '1,000 streams, one event an append, without actors: `holdfast/store`. Rows and file as in `throughput`.',
  rounds: 5,
  contenders: [
    raw(1, 10_000, 'raw inserts, each committed'),
    store(1, 10_000),
    store(64, 100_000),
    raw(256, 200_000, 'raw inserts, 256 a transaction'),
    store(1_024, 200_000),
  ],
  budgets: [],
};
