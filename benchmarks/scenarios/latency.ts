import { ratio, type Scenario } from '../scenario.ts';

const size = 3_000;
const raw = 'raw commit of one row';
const actor = 'one command of an actor';

export const latency: Scenario = {
  name: 'latency',
  title: 'One durable command at a time',
  note:
    'The value is the median over sequential commands of one run, after 500 that are not counted. ' +
    'A command of an actor wakes three threads one after the other, a bare message and its answer two. A disk that is left ' +
    'alone for a moment is slower to commit than one that is kept busy: that is the second contender.',
  rounds: 5,
  contenders: [
    { name: raw, program: 'raw-latency.ts', task: { size } },
    { name: 'raw commit, each after 0.2 ms', program: 'raw-latency.ts', task: { size, subject: 'paused' } },
    { name: actor, program: 'actor-latency.ts', task: { size } },
    { name: 'one append to the store', program: 'store-latency.ts', task: { size } },
    { name: 'a bare message to a thread and back', program: 'round-trip.ts', task: { size } },
  ],
  budgets: [ratio(actor, raw, { atMost: 1.8 })],
};
