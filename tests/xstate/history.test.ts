import { does, tells } from '../support/statechart-actions.ts';
import { behaviours } from '../support/statechart-behaviours.ts';
import { chart } from '../support/statechart-chart.ts';
import { send } from '../support/statechart-step.ts';

/** A device with a nested mode, that is switched off and on again. */
const device = (history: object) => () =>
  chart({
    initial: 'off',
    states: {
      off: { on: { ON: 'on.hist', FRESH: 'on' } },
      on: {
        initial: 'first',
        on: { OFF: 'off' },
        states: {
          first: { on: { NEXT: 'second' } },
          second: { initial: 'a', states: { a: { on: { DEEPER: 'b' } }, b: {} } },
          hist: { type: 'history', ...history },
        },
      },
    },
  });

const wander = [send('ON'), send('NEXT'), send('DEEPER'), send('OFF'), send('ON')];

behaviours({
  'shallow history goes back to the child state that was left, and enters it anew': {
    machine: device({}),
    script: wander,
    values: [
      'off',
      { on: 'first' },
      { on: { second: 'a' } },
      { on: { second: 'b' } },
      'off',
      { on: { second: 'a' } },
    ],
  },
  'deep history goes back to the innermost state that was left': {
    machine: device({ history: 'deep' }),
    script: wander,
    values: [
      'off',
      { on: 'first' },
      { on: { second: 'a' } },
      { on: { second: 'b' } },
      'off',
      { on: { second: 'b' } },
    ],
  },
  'history without a past goes to its target': {
    machine: device({ target: 'second' }),
    script: [send('ON')],
    values: ['off', { on: { second: 'a' } }],
  },
  'history without a past and without a target goes to the initial state': {
    machine: device({}),
    script: [send('ON')],
    values: ['off', { on: 'first' }],
  },
  'entering a state itself does not look at its history': {
    machine: device({ history: 'deep' }),
    script: [send('ON'), send('NEXT'), send('OFF'), send('FRESH')],
    values: ['off', { on: 'first' }, { on: { second: 'a' } }, 'off', { on: 'first' }],
  },
  'history remembers the last time, not the first': {
    machine: device({ history: 'deep' }),
    script: [...wander, send('OFF'), send('FRESH'), send('OFF'), send('ON')],
    values: [
      'off',
      { on: 'first' },
      { on: { second: 'a' } },
      { on: { second: 'b' } },
      'off',
      { on: { second: 'b' } },
      'off',
      { on: 'first' },
      'off',
      { on: 'first' },
    ],
  },
  'history of a parallel state goes back to all of its regions': {
    machine: () =>
      chart({
        initial: 'both',
        states: {
          both: {
            type: 'parallel',
            on: { OFF: 'off' },
            states: {
              l: { initial: 'a', states: { a: { on: { L: 'b' } }, b: {} } },
              r: {
                initial: 'a',
                states: {
                  a: { on: { R: 'b' } },
                  b: { initial: 'x', states: { x: { on: { R: 'y' } }, y: {} } },
                },
              },
              hist: { type: 'history', history: 'deep' },
            },
          },
          off: { on: { ON: 'both.hist' } },
        },
      }),
    script: [send('R'), send('R'), send('OFF'), send('ON')],
    values: [
      { both: { l: 'a', r: 'a' } },
      { both: { l: 'a', r: { b: 'x' } } },
      { both: { l: 'a', r: { b: 'y' } } },
      'off',
      { both: { l: 'a', r: { b: 'y' } } },
    ],
  },
  'one region may go back to its own history while the other stays': {
    machine: () =>
      chart({
        type: 'parallel',
        states: {
          l: {
            initial: 'on',
            states: {
              on: {
                initial: 'a',
                on: { PAUSE: 'paused' },
                states: { a: { on: { NEXT: 'b' } }, b: {}, hist: { type: 'history' } },
              },
              paused: { on: { RESUME: 'on.hist' } },
            },
          },
          r: { initial: 'x', states: { x: { on: { NEXT: 'y' } }, y: {} } },
        },
      }),
    script: [send('NEXT'), send('PAUSE'), send('RESUME')],
    values: [
      { l: { on: 'a' }, r: 'x' },
      { l: { on: 'b' }, r: 'y' },
      { l: 'paused', r: 'y' },
      { l: { on: 'b' }, r: 'y' },
    ],
  },
  'going back by history runs the entry actions of the states that are entered, and those of their parents': {
    machine: (world) =>
      chart({
        initial: 'on',
        states: {
          on: {
            ...tells(world, 'on'),
            initial: 'a',
            on: { OFF: 'off' },
            states: {
              a: { ...tells(world, 'a'), on: { NEXT: 'b' } },
              b: tells(world, 'b'),
              hist: { type: 'history' },
            },
          },
          off: { on: { ON: { target: 'on.hist', actions: does(world, 'switch') } } },
        },
      }),
    script: [send('NEXT'), send('OFF'), send('ON')],
    performed: [
      'enter on',
      'enter a',
      'exit a',
      'enter b',
      'exit b',
      'exit on',
      'switch',
      'enter on',
      'enter b',
    ],
  },
  'a history state may be the initial state': {
    machine: () =>
      chart({
        initial: 'on',
        states: {
          on: {
            initial: 'hist',
            on: { OFF: 'off' },
            states: { a: { on: { NEXT: 'b' } }, b: {}, hist: { type: 'history', target: 'a' } },
          },
          off: { on: { ON: 'on' } },
        },
      }),
    script: [send('NEXT'), send('OFF'), send('ON')],
    values: [{ on: 'a' }, { on: 'b' }, 'off', { on: 'b' }],
  },
  'history states at two levels are remembered each for itself': {
    machine: () =>
      chart({
        initial: 'out',
        states: {
          out: { on: { SHALLOW: 'in.hist', INNER: 'in.deep.hist', ENTER: 'in' } },
          in: {
            initial: 'deep',
            on: { LEAVE: 'out' },
            states: {
              deep: {
                initial: 'a',
                on: { SIDE: 'side' },
                states: { a: { on: { NEXT: 'b' } }, b: {}, hist: { type: 'history' } },
              },
              side: {},
              hist: { type: 'history' },
            },
          },
        },
      }),
    script: [
      send('ENTER'),
      send('NEXT'),
      send('SIDE'),
      send('LEAVE'),
      send('SHALLOW'),
      send('LEAVE'),
      send('INNER'),
    ],
    values: [
      'out',
      { in: { deep: 'a' } },
      { in: { deep: 'b' } },
      { in: 'side' },
      'out',
      { in: 'side' },
      'out',
      { in: { deep: 'b' } },
    ],
  },
});
