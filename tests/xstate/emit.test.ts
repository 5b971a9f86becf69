import { expect, test } from 'vitest';
import { spawnChild } from 'xstate';
import { bump, emits } from '../support/statechart-actions.ts';
import { behaviours } from '../support/statechart-behaviours.ts';
import { chart } from '../support/statechart-chart.ts';
import { HostedRun } from '../support/statechart-run.ts';
import { advance, resolve, send } from '../support/statechart-step.ts';

behaviours({
  'an event is emitted to whoever listens': {
    machine: () => chart({ on: { GO: { actions: emits({ type: 'went' }) } } }),
    script: [send('GO'), send('GO')],
    emitted: [{ type: 'went' }, { type: 'went' }],
  },
  'an emitted event may be computed from context and event': {
    machine: () =>
      chart({
        context: { n: 1 },
        on: {
          GO: {
            actions: [
              bump('n'),
              emits(({ context, event }) => ({ type: 'went', n: context.n, to: event.to })),
            ],
          },
        },
      }),
    script: [send('GO', { to: 'x' }), send('GO', { to: 'y' })],
    emitted: [
      { type: 'went', n: 2, to: 'x' },
      { type: 'went', n: 3, to: 'y' },
    ],
  },
  'events are emitted on entry, on exit and by transitions, in order': {
    machine: () =>
      chart({
        initial: 'a',
        states: {
          a: {
            exit: emits({ type: 'left a' }),
            on: { GO: { target: 'b', actions: emits({ type: 'going' }) } },
          },
          b: { entry: emits({ type: 'entered b' }) },
        },
      }),
    script: [send('GO')],
    emitted: [{ type: 'left a' }, { type: 'going' }, { type: 'entered b' }],
  },
  'a delay and the end of a promise emit as well': {
    machine: (world) =>
      chart(
        {
          initial: 'a',
          states: {
            a: { after: { 10: { target: 'b', actions: emits({ type: 'late' }) } } },
            b: {
              invoke: {
                src: 'p',
                onDone: { actions: emits(({ event }) => ({ type: 'got', output: event.output })) },
              },
            },
          },
        },
        { actors: { p: world.promise('p') } },
      ),
    script: [advance(10), resolve('p', 3)],
    emitted: [{ type: 'late' }, { type: 'got', output: 3 }],
  },
  'an event that is not accepted emits nothing': {
    machine: () =>
      chart({ on: { GO: { guard: ({ event }) => event.ok, actions: emits({ type: 'went' }) } } }),
    script: [send('GO', { ok: false }), send('GO', { ok: true })],
    emitted: [{ type: 'went' }],
  },
});

test('what a child emits is heard from its actor, since nobody outside could listen to the child', async () => {
  const run = await new HostedRun(
    () =>
      chart(
        { entry: spawnChild('child', { id: 'c' }) },
        { actors: { child: chart({ after: { 10: { actions: emits({ type: 'fromChild' }) } } }) } },
      ),
    'replayed',
  ).start(undefined);

  await run.take(advance(10));

  expect((await run.look()).emitted).toEqual([{ type: 'fromChild' }]);
});
