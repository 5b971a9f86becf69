import type { Scenario } from '../scenario.ts';

const size = 20;
const next = 'death to the next answer';
const budgetMs = 150;

export const restart: Scenario = {
  name: 'restart',
  title: 'From the death of a host to its next answered command',
  note:
    'A host thread ends; the value is the median time from the moment the main thread learns of it until a command that ' +
    'is sent then is durable, in one run over deaths that are each the first after a quiet period, so that no back-off ' +
    'is counted. A bare worker thread takes `bareMs` to start and answer.',
  rounds: 5,
  contenders: [{ name: next, program: 'host-restart.mjs', task: { size } }],
  budgets: [{ what: next, unit: 'ms', figure: (value) => value(next), atMost: budgetMs }],
};
