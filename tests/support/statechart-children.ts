import { bump, tellsParent } from './statechart-actions.ts';
import { chart } from './statechart-chart.ts';

/** Goes on by time, and tells its parent. */
export const sleeper = chart({
  initial: 'asleep',
  states: { asleep: { after: { 10: 'awake' } }, awake: { entry: tellsParent({ type: 'AWAKE' }) } },
});

/** Counts what it gets. */
export const counter = chart({
  context: { n: 0 },
  on: {
    ADD: { actions: bump('n') },
    TELL: { actions: tellsParent(({ context }) => ({ type: 'TOLD', n: context['n'] })) },
  },
});
