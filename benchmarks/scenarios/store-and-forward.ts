import { type Contender, ratio, type Scenario } from '../scenario.ts';

type Work = readonly [subject: 'enqueue' | 'drain', inFlight: number, size: number];

const works: readonly Work[] = [
  ['enqueue', 1, 2_000],
  ['enqueue', 100, 20_000],
  ['drain', 1, 2_000],
  ['drain', 8, 8_000],
];

const raw = ([subject, inFlight, size]: Work): Contender => ({
  name: `raw ${subject}, ${inFlight} a transaction`,
  program: 'queue-raw.ts',
  task: { subject, inFlight, size },
});
const queue = ([subject, inFlight, size]: Work): Contender => ({
  name: `queue, ${subject}, ${inFlight} at once`,
  program: 'queue-throughput.ts',
  task: { subject, inFlight, size },
});

export const storeAndForward: Scenario = {
  name: 'store-and-forward',
  title: 'Operations of a store-and-forward queue',
  note:
    'Operations are handed in by callers who wait until they are on the disk, and carried out by a handler that does ' +
    'nothing. Against one thread of better-sqlite3 on the same table with its indexes and triggers, without keys, orders ' +
    'and limits: it inserts so many a transaction, or marks so many as begun in one transaction and removes them in the ' +
    'next. The ratios are printed to be compared, and promise nothing.',
  rounds: 3,
  contenders: works.flatMap((work) => [raw(work), queue(work)]),
  budgets: works.map((work) => ratio(queue(work).name, raw(work).name, { atLeast: 0 })),
};
