import { bump, does, put, raises, tells } from '../support/statechart-actions.ts';
import { behaviours } from '../support/statechart-behaviours.ts';
import { chart } from '../support/statechart-chart.ts';
import { send } from '../support/statechart-step.ts';

behaviours({
  'a transition without an event is taken as soon as its state is entered': {
    machine: () => chart({ initial: 'a', states: { a: { on: { GO: 'b' } }, b: { always: 'c' }, c: {} } }),
    script: [send('GO')],
    values: ['a', 'c'],
  },
  'a machine may begin with it': {
    machine: () => chart({ initial: 'a', states: { a: { always: 'b' }, b: { always: 'c' }, c: {} } }),
    values: ['c'],
  },
  'the first alternative whose guard agrees is taken': {
    machine: () =>
      chart({
        initial: 'ask',
        context: { n: 0 },
        states: {
          ask: { on: { ADD: { target: 'sort', actions: bump('n') } } },
          sort: {
            always: [
              { guard: ({ context }) => context.n > 2, target: 'many' },
              { guard: ({ context }) => context.n > 1, target: 'some' },
              { target: 'ask' },
            ],
          },
          some: { on: { ADD: { target: 'sort', actions: bump('n') } } },
          many: {},
        },
      }),
    script: [send('ADD'), send('ADD'), send('ADD')],
    values: ['ask', 'ask', 'some', 'many'],
  },
  'its guard is asked again after each event that changes something': {
    machine: () =>
      chart({
        initial: 'filling',
        context: { n: 0 },
        states: {
          filling: {
            on: { ADD: { actions: bump('n') } },
            always: { guard: ({ context }) => context.n === 3, target: 'full' },
          },
          full: {},
        },
      }),
    script: [send('ADD'), send('ADD'), send('ADD')],
    values: ['filling', 'filling', 'filling', 'full'],
  },
  'all actions on the way are done, in order': {
    machine: (world) =>
      chart({
        initial: 'a',
        states: {
          a: { ...tells(world, 'a'), on: { GO: { target: 'b', actions: does(world, 'go') } } },
          b: { ...tells(world, 'b'), always: { target: 'c', actions: does(world, 'on') } },
          c: tells(world, 'c'),
        },
      }),
    script: [send('GO')],
    performed: ['enter a', 'exit a', 'go', 'enter b', 'exit b', 'on', 'enter c'],
  },
  'it comes before events that were raised': {
    machine: () =>
      chart({
        initial: 'a',
        states: {
          a: { on: { GO: { target: 'b', actions: raises({ type: 'X' }) } } },
          b: { always: 'c', on: { X: 'wrong' } },
          c: { on: { X: 'd' } },
          d: {},
          wrong: {},
        },
      }),
    script: [send('GO')],
    values: ['a', 'd'],
  },
  'it may do something without leaving the state, until its guard refuses': {
    machine: () =>
      chart({
        initial: 'a',
        context: { n: 0 },
        states: {
          a: {
            on: { GO: { actions: bump('n') } },
            always: { guard: ({ context }) => context.n % 4 !== 0, actions: bump('n') },
          },
        },
      }),
    script: [send('GO'), send('GO')],
    last: { context: { n: 8 } },
  },
  'one of a parent is taken whichever child is active': {
    machine: () =>
      chart({
        initial: 'p',
        context: { stop: false },
        on: { STOP: { actions: put('stop', true) } },
        states: {
          p: {
            always: { guard: ({ context }) => context.stop, target: 'q' },
            initial: 'a',
            states: { a: { on: { NEXT: 'b' } }, b: {} },
          },
          q: {},
        },
      }),
    script: [send('NEXT'), send('STOP')],
    values: [{ p: 'a' }, { p: 'b' }, 'q'],
  },
  'one of a child comes before that of its parent': {
    machine: () =>
      chart({
        initial: 'idle',
        states: {
          idle: { on: { GO: 'p' } },
          p: { always: 'q', initial: 'a', states: { a: { always: { target: '#r' } } } },
          q: {},
          r: { id: 'r' },
        },
      }),
    script: [send('GO')],
    values: ['idle', 'r'],
  },
  'it sees the event that led to it': {
    machine: () =>
      chart({
        initial: 'a',
        states: {
          a: { on: { GO: 'b' } },
          b: { always: [{ guard: ({ event }) => event.far, target: 'd' }, { target: 'c' }] },
          c: {},
          d: {},
        },
      }),
    script: [send('GO', { far: true })],
    values: ['a', 'd'],
  },
  'several regions take theirs together': {
    machine: () =>
      chart({
        type: 'parallel',
        context: { go: false },
        on: { GO: { actions: put('go', true) } },
        states: {
          l: {
            initial: 'a',
            states: { a: { always: { guard: ({ context }) => context.go, target: 'b' } }, b: {} },
          },
          r: {
            initial: 'a',
            states: { a: { always: { guard: ({ context }) => context.go, target: 'b' } }, b: {} },
          },
        },
      }),
    script: [send('GO')],
    values: [
      { l: 'a', r: 'a' },
      { l: 'b', r: 'b' },
    ],
  },
});
