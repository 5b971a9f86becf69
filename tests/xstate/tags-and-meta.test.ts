import { expect, test } from 'vitest';
import { hostedMachine } from '../support/hosted-actor.ts';
import { bump } from '../support/statechart-actions.ts';
import { behaviours } from '../support/statechart-behaviours.ts';
import { chart } from '../support/statechart-chart.ts';
import { runEverywhere } from '../support/statechart-run.ts';
import { advance, resolve, send } from '../support/statechart-step.ts';

behaviours({
  'a state may have one tag or several': {
    machine: () =>
      chart({ initial: 'a', states: { a: { tags: 'one', on: { GO: 'b' } }, b: { tags: ['two', 'three'] } } }),
    script: [send('GO')],
    last: { tags: ['three', 'two'] },
  },
  'tags of parents count with those of their children': {
    machine: () =>
      chart({
        tags: 'root',
        initial: 'a',
        states: { a: { tags: 'a', initial: 'b', states: { b: { tags: 'b' } } } },
      }),
    last: { tags: ['a', 'b', 'root'] },
  },
  'tags of all regions count, each once': {
    machine: () =>
      chart({
        type: 'parallel',
        states: {
          l: { tags: ['busy', 'left'] },
          r: { initial: 'x', states: { x: { tags: 'busy', on: { GO: 'y' } }, y: { tags: 'right' } } },
        },
      }),
    script: [send('GO')],
    last: { tags: ['busy', 'left', 'right'] },
  },
  'a tag stays while states that have it follow each other, and goes with the last': {
    machine: (world) =>
      chart(
        {
          initial: 'loading',
          states: {
            loading: { tags: 'busy', invoke: { src: 'p', onDone: 'saving' } },
            saving: { tags: 'busy', after: { 10: 'idle' } },
            idle: {},
          },
        },
        { actors: { p: world.promise('p') } },
      ),
    script: [resolve('p'), advance(10)],
    last: { tags: [] },
  },
  'tags do not change with an action': {
    machine: () =>
      chart({
        initial: 'a',
        context: { n: 0 },
        states: { a: { tags: 'x', on: { ADD: { actions: bump('n') } } } },
      }),
    script: [send('ADD')],
    last: { tags: ['x'] },
  },
});

test('tags are those of each step', async () => {
  const seen = await runEverywhere(
    () =>
      chart({
        initial: 'a',
        states: { a: { tags: 'x', on: { GO: 'b' } }, b: { tags: ['x', 'y'], on: { GO: 'c' } }, c: {} },
      }),
    [send('GO'), send('GO')],
  );

  expect(seen.steps.map(({ tags }) => tags)).toEqual([['x'], ['x', 'y'], []]);
});

test('the meta data of states and the description of a machine change nothing of its states', async () => {
  const machine = chart({
    description: 'a lamp',
    meta: { of: 'root' },
    initial: 'off',
    states: {
      off: {
        meta: { color: 'black' },
        description: 'dark',
        on: { ON: { target: 'on', meta: { by: 'hand' } } },
      },
      on: { meta: { color: 'white' } },
    },
  });
  const hosted = hostedMachine(machine);

  const seen = await runEverywhere(() => machine, [send('ON')]);

  expect(seen.values).toEqual(['off', 'on']);
  expect(hosted.initial('1').getMeta()).toEqual({
    '(machine)': { of: 'root' },
    '(machine).off': { color: 'black' },
  });
});
