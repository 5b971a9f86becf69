import { bump, does, put, raises, tells } from '../support/statechart-actions.ts';
import { behaviours } from '../support/statechart-behaviours.ts';
import { chart } from '../support/statechart-chart.ts';
import { send } from '../support/statechart-step.ts';

const switchable = (on: string) => ({
  initial: 'off',
  states: { off: { on: { [on]: 'on' } }, on: { on: { [on]: 'off' } } },
});

behaviours({
  'all regions are entered at once': {
    machine: () =>
      chart({ type: 'parallel', states: { bold: switchable('B'), italic: switchable('I'), plain: {} } }),
    values: [{ bold: 'off', italic: 'off', plain: {} }],
  },
  'an event changes only the regions that take it': {
    machine: () => chart({ type: 'parallel', states: { bold: switchable('B'), italic: switchable('I') } }),
    script: [send('B'), send('I'), send('B')],
    values: [
      { bold: 'off', italic: 'off' },
      { bold: 'on', italic: 'off' },
      { bold: 'on', italic: 'on' },
      { bold: 'off', italic: 'on' },
    ],
  },
  'an event that several regions take changes them in one step': {
    machine: () =>
      chart({
        type: 'parallel',
        states: { one: switchable('X'), two: switchable('X'), three: switchable('Y') },
      }),
    script: [send('X')],
    values: [
      { one: 'off', two: 'off', three: 'off' },
      { one: 'on', two: 'on', three: 'off' },
    ],
  },
  'regions may be nested in regions': {
    machine: () =>
      chart({
        type: 'parallel',
        states: {
          out: { type: 'parallel', states: { l: switchable('L'), r: switchable('R') } },
          side: switchable('S'),
        },
      }),
    script: [send('R'), send('S')],
    values: [
      { out: { l: 'off', r: 'off' }, side: 'off' },
      { out: { l: 'off', r: 'on' }, side: 'off' },
      { out: { l: 'off', r: 'on' }, side: 'on' },
    ],
  },
  'a transition out of a parallel state leaves all regions, the last one first': {
    machine: (world) =>
      chart({
        initial: 'p',
        states: {
          p: {
            ...tells(world, 'p'),
            type: 'parallel',
            on: { OUT: 'q' },
            states: {
              l: { ...tells(world, 'l'), initial: 'a', states: { a: tells(world, 'l.a') } },
              r: { ...tells(world, 'r'), initial: 'a', states: { a: tells(world, 'r.a') } },
            },
          },
          q: tells(world, 'q'),
        },
      }),
    script: [send('OUT')],
    performed: [
      'enter p',
      'enter l',
      'enter l.a',
      'enter r',
      'enter r.a',
      'exit r.a',
      'exit r',
      'exit l.a',
      'exit l',
      'exit p',
      'enter q',
    ],
  },
  'a transition may enter several regions each at a place of its own': {
    machine: () =>
      chart({
        initial: 'idle',
        states: {
          idle: {
            on: { GO: { target: ['p.l.b', 'p.r.c'] } },
          },
          p: {
            type: 'parallel',
            states: {
              l: { initial: 'a', states: { a: {}, b: {} } },
              r: { initial: 'a', states: { a: {}, b: {}, c: {} } },
            },
          },
        },
      }),
    script: [send('GO')],
    values: ['idle', { p: { l: 'b', r: 'c' } }],
  },
  'what a region raises, the others hear in the same step': {
    machine: () =>
      chart({
        type: 'parallel',
        states: {
          l: {
            initial: 'a',
            states: { a: { on: { GO: { target: 'b', actions: raises({ type: 'MOVED' }) } } }, b: {} },
          },
          r: { initial: 'a', states: { a: { on: { MOVED: 'b' } }, b: {} } },
        },
      }),
    script: [send('GO')],
    values: [
      { l: 'a', r: 'a' },
      { l: 'b', r: 'b' },
    ],
  },
  'a region waits for the state of another': {
    machine: () =>
      chart({
        type: 'parallel',
        states: {
          l: { initial: 'a', states: { a: { on: { L: 'b' } }, b: {} } },
          r: {
            initial: 'waiting',
            states: {
              waiting: { always: { guard: ({ context }) => context.ready, target: 'going' } },
              going: {},
            },
          },
        },
        context: { ready: false },
        on: { READY: { actions: put('ready', true) } },
      }),
    script: [send('L'), send('READY')],
    values: [
      { l: 'a', r: 'waiting' },
      { l: 'b', r: 'waiting' },
      { l: 'b', r: 'going' },
    ],
  },
  'actions of all regions see what those before them assigned': {
    machine: (world) =>
      chart({
        type: 'parallel',
        context: { n: 0 },
        states: {
          l: { on: { X: { actions: [bump('n'), ({ context }) => world.did(`l ${context.n}`)] } } },
          r: { on: { X: { actions: [bump('n'), ({ context }) => world.did(`r ${context.n}`)] } } },
        },
      }),
    script: [send('X')],
    performed: ['l 1', 'r 2'],
  },
  'a transition of the parallel state is taken only if no region takes the event': {
    machine: (world) =>
      chart({
        type: 'parallel',
        on: { X: { actions: does(world, 'root') } },
        states: { l: { initial: 'a', states: { a: { on: { X: 'b' } }, b: {} } }, r: {} },
      }),
    script: [send('X'), send('X')],
    performed: ['root'],
    values: [
      { l: 'a', r: {} },
      { l: 'b', r: {} },
      { l: 'b', r: {} },
    ],
  },
  'entering a region again leaves and enters only that region': {
    machine: (world) =>
      chart({
        type: 'parallel',
        states: {
          l: {
            ...tells(world, 'l'),
            initial: 'a',
            on: { AGAIN: { target: 'l', reenter: true } },
            states: { a: { on: { N: 'b' } }, b: {} },
          },
          r: { ...tells(world, 'r'), initial: 'a', states: { a: { on: { N: 'b' } }, b: {} } },
        },
      }),
    script: [send('N')],
    values: [
      { l: 'a', r: 'a' },
      { l: 'b', r: 'b' },
    ],
    performed: ['enter l', 'enter r'],
  },
  'a parallel state is done when all of its regions are': {
    machine: () =>
      chart({
        initial: 'p',
        states: {
          p: {
            type: 'parallel',
            onDone: 'done',
            states: {
              l: { initial: 'a', states: { a: { on: { L: 'b' } }, b: { type: 'final' } } },
              r: { initial: 'a', states: { a: { on: { R: 'b' } }, b: { type: 'final' } } },
            },
          },
          done: {},
        },
      }),
    script: [send('R'), send('R'), send('L')],
    values: [{ p: { l: 'a', r: 'a' } }, { p: { l: 'a', r: 'b' } }, { p: { l: 'a', r: 'b' } }, 'done'],
  },
  'a machine whose root is parallel is done when all of its regions are': {
    machine: () =>
      chart({
        type: 'parallel',
        states: {
          l: { initial: 'a', states: { a: { on: { L: 'b' } }, b: { type: 'final' } } },
          r: { initial: 'a', states: { a: { on: { R: 'b' } }, b: { type: 'final' } } },
        },
        output: { all: 'done' },
      }),
    script: [send('L'), send('R')],
    last: { status: 'done', output: { all: 'done' } },
  },
});
