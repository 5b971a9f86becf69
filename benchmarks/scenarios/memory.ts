import type { Scenario } from '../scenario.ts';

const name = '100,000 actors in memory';

export const memory: Scenario = {
  name: 'memory',
  title: 'Heap of resident actors',
  note: 'Heap in use after a collection, over that before, of a host with a disk that is always done. One event each.',
  rounds: 3,
  contenders: [{ name, program: 'resident-memory.ts', task: { size: 100_000 }, nodeArgs: ['--expose-gc'] }],
  budgets: [{ what: name, unit: 'MB', figure: (value) => value(name), atMost: 100 }],
};
