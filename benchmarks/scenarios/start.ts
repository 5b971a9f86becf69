import { depositText, streamNames } from '../fixtures/commands.ts';
import { fillLog } from '../fixtures/raw-log.ts';
import { type Contender, over, type Scenario } from '../scenario.ts';

const budgetMs = 120;
const events = 1_000_000;
const nowhere = { database: '' };

const start = (name: string, program: string, task: Contender['task'] = {}): Contender => ({
  name,
  program,
  task,
  timesStart: true,
});
const bare = start('bare Node.js', 'start-bare.mjs');
const appends = [
  start('store, new file', 'start-store.mjs', nowhere),
  start('store, 1 M events', 'start-store.mjs'),
];
const commands = [
  start('actor, new file', 'start-actor.mjs', nowhere),
  start('actor, 1 M events', 'start-actor.mjs'),
];

export const startUp: Scenario = {
  name: 'start',
  title: 'From the start of the process to the first durable event',
  note:
    'Wall time from the spawn of `node` until the program says that its first append, or the first command of an ' +
    'actor, is durable; a bare `node` says something at once. The file system cache is warm.',
  rounds: 15,
  contenders: [bare, ...appends, ...commands],
  budgets: appends.map(({ name }) => over(name, bare.name, 'ms', budgetMs)),
  prepare: (path, shrink) =>
    fillLog(path, shrink(events), streamNames(10_000), { type: 'deposited', dataOf: depositText }),
};
