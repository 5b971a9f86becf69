import { bump, does, keep, raises, tells } from '../support/statechart-actions.ts';
import { behaviours } from '../support/statechart-behaviours.ts';
import { chart } from '../support/statechart-chart.ts';
import { advance, send } from '../support/statechart-step.ts';

behaviours({
  'a final state of the root ends the machine': {
    machine: () => chart({ initial: 'a', states: { a: { on: { END: 'b' } }, b: { type: 'final' } } }),
    script: [send('END')],
    values: ['a', 'b'],
    last: { status: 'done', output: undefined },
  },
  'a machine that has ended takes no event': {
    machine: (world) =>
      chart({
        initial: 'a',
        on: { X: { actions: does(world, 'x') } },
        states: { a: { on: { END: 'b' } }, b: { type: 'final' } },
      }),
    script: [send('X'), send('END'), send('X')],
    performed: ['x'],
  },
  'a machine may end as it begins': {
    machine: () => chart({ initial: 'a', states: { a: { type: 'final' } }, output: 'over' }),
    script: [send('X')],
    last: { status: 'done', output: 'over', value: 'a' },
  },
  'a final child state is the done event of its parent': {
    machine: () =>
      chart({
        initial: 'p',
        states: {
          p: { initial: 'a', states: { a: { on: { END: 'z' } }, z: { type: 'final' } }, onDone: 'q' },
          q: {},
        },
      }),
    script: [send('END')],
    values: [{ p: 'a' }, 'q'],
  },
  'a final child state without an answer to its end just stays': {
    machine: () =>
      chart({
        initial: 'p',
        states: { p: { initial: 'a', states: { a: { on: { END: 'z' } }, z: { type: 'final' } } } },
      }),
    script: [send('END'), send('END')],
    values: [{ p: 'a' }, { p: 'z' }, { p: 'z' }],
    last: { status: 'active' },
  },
  'the output of a final state comes with the done event of its parent': {
    machine: () =>
      chart({
        initial: 'p',
        context: { n: 2 },
        states: {
          p: {
            initial: 'a',
            states: {
              a: { on: { END: 'z' } },
              z: { type: 'final', output: ({ context, event }) => context.n * event.by },
            },
            onDone: { target: 'q', actions: keep('result', 'output') },
          },
          q: {},
        },
      }),
    script: [send('END', { by: 21 })],
    last: { value: 'q', context: { n: 2, result: 42 } },
  },
  'the output of the machine is computed from its context and from the final state': {
    machine: () =>
      chart({
        initial: 'a',
        context: { n: 1 },
        states: { a: { on: { ADD: { actions: bump('n') }, END: 'z' } }, z: { type: 'final', output: 'z' } },
        output: ({ context, event }) => ({ n: context.n, of: event.output }),
      }),
    script: [send('ADD'), send('END')],
    last: { status: 'done', output: { n: 2, of: 'z' } },
  },
  'done events go up one level after the other': {
    machine: (world) =>
      chart({
        initial: 'one',
        states: {
          one: {
            initial: 'two',
            onDone: { target: 'end', actions: does(world, 'one is done') },
            states: {
              two: {
                initial: 'a',
                onDone: { target: 'three', actions: does(world, 'two is done') },
                states: { a: { on: { END: 'z' } }, z: { type: 'final' } },
              },
              three: { type: 'final' },
            },
          },
          end: { type: 'final' },
        },
      }),
    script: [send('END')],
    performed: ['two is done', 'one is done'],
    last: { status: 'done', value: 'end' },
  },
  'the answer to a done event may be guarded': {
    machine: () =>
      chart({
        initial: 'p',
        context: { n: 0 },
        states: {
          p: {
            initial: 'a',
            entry: bump('n'),
            states: { a: { on: { END: 'z' } }, z: { type: 'final' } },
            onDone: [
              { guard: ({ context }) => context.n > 1, target: 'q' },
              { target: 'p', reenter: true },
            ],
          },
          q: {},
        },
      }),
    script: [send('END'), send('END')],
    values: [{ p: 'a' }, { p: 'a' }, 'q'],
  },
  'a machine that ends runs the exit actions of its states, innermost first': {
    machine: (world) =>
      chart({
        ...tells(world, 'root'),
        initial: 'a',
        states: { a: { ...tells(world, 'a'), on: { END: 'z' } }, z: { ...tells(world, 'z'), type: 'final' } },
      }),
    script: [send('END')],
    performed: ['enter root', 'enter a', 'exit a', 'enter z', 'exit z', 'exit root'],
  },
  'a region that is done waits for the others, and its state stays': {
    machine: (world) =>
      chart({
        type: 'parallel',
        states: {
          l: {
            initial: 'a',
            onDone: { actions: does(world, 'l is done') },
            states: { a: { on: { L: 'z' } }, z: { type: 'final' } },
          },
          r: { initial: 'a', states: { a: { after: { 10: 'z' } }, z: { type: 'final' } } },
        },
      }),
    script: [send('L'), advance(10)],
    performed: ['l is done'],
    last: { status: 'done', value: { l: 'z', r: 'z' } },
  },
  'events that were raised before the end are dropped by it': {
    machine: (world) =>
      chart({
        initial: 'a',
        on: { LATE: { actions: does(world, 'late') } },
        states: {
          a: { on: { END: { target: 'z', actions: raises({ type: 'LATE' }) } } },
          z: { type: 'final' },
        },
      }),
    script: [send('END')],
    last: { status: 'done' },
  },
});
