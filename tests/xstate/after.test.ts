import { cancel, raise } from 'xstate';
import { bump, does, keep, raises, sends } from '../support/statechart-actions.ts';
import { behaviours } from '../support/statechart-behaviours.ts';
import { chart } from '../support/statechart-chart.ts';
import { advance, send } from '../support/statechart-step.ts';

behaviours({
  'a delayed transition is taken when its delay is over, and not before': {
    machine: () => chart({ initial: 'a', states: { a: { after: { 100: 'b' } }, b: {} } }),
    script: [advance(99), advance(1)],
    values: ['a', 'a', 'b'],
  },
  'leaving a state cancels its delayed transition, also if the state is entered again later': {
    machine: () =>
      chart({
        initial: 'a',
        states: { a: { after: { 10: 'late' }, on: { GO: 'b' } }, b: { on: { GO: 'a' } }, late: {} },
      }),
    script: [advance(9), send('GO'), advance(5), send('GO'), advance(9), advance(1)],
    values: ['a', 'a', 'b', 'b', 'a', 'a', 'late'],
  },
  'entering a state again begins its delay again': {
    machine: () =>
      chart({
        initial: 'a',
        states: { a: { after: { 10: 'late' }, on: { AGAIN: { target: 'a', reenter: true } } }, late: {} },
      }),
    script: [advance(9), send('AGAIN'), advance(9), advance(1)],
    values: ['a', 'a', 'a', 'a', 'late'],
  },
  'a transition that stays within a state does not begin its delay again': {
    machine: () =>
      chart({
        initial: 'a',
        context: { n: 0 },
        states: { a: { after: { 10: 'late' }, on: { COUNT: { actions: bump('n') } } }, late: {} },
      }),
    script: [advance(9), send('COUNT'), advance(1)],
    values: ['a', 'a', 'a', 'late'],
  },
  'of several delays of a state the shortest is taken, and the others are cancelled': {
    machine: () =>
      chart({
        initial: 'a',
        states: { a: { after: { 30: 'slow', 10: 'quick' } }, quick: {}, slow: {} },
      }),
    script: [advance(100)],
    values: ['a', 'quick'],
  },
  'a delay may do something without leaving the state, and the next one still comes': {
    machine: (world) =>
      chart({
        initial: 'a',
        states: { a: { after: { 10: { actions: does(world, 'warn') }, 20: 'b' } }, b: {} },
      }),
    script: [advance(10), advance(10)],
    values: ['a', 'a', 'b'],
    performed: ['warn'],
  },
  'the guard of a delayed transition is asked when it is due': {
    machine: () =>
      chart({
        initial: 'a',
        context: { ready: false },
        states: {
          a: {
            on: { SET: { actions: keep('ready') } },
            after: { 10: [{ guard: ({ context }) => context['ready'], target: 'b' }, { target: 'c' }] },
          },
          b: {},
          c: {},
        },
      }),
    script: [send('SET', { ready: true }), advance(10)],
    values: ['a', 'a', 'b'],
  },
  'a delayed transition whose guard refuses is over': {
    machine: () =>
      chart({
        initial: 'a',
        context: { ready: false },
        states: {
          a: {
            on: { SET: { actions: keep('ready') } },
            after: { 10: { guard: ({ context }) => context['ready'], target: 'b' } },
          },
          b: {},
        },
      }),
    script: [advance(10), send('SET', { ready: true }), advance(100)],
    values: ['a', 'a', 'a', 'a'],
  },
  'a delay may have a name and be computed when its state is entered': {
    machine: () =>
      chart(
        {
          initial: 'idle',
          context: { ms: 0 },
          states: {
            idle: { on: { GO: { target: 'waiting', actions: keep('ms') } } },
            waiting: { after: { patience: 'idle' }, on: { SET: { actions: keep('ms') } } },
          },
        },
        { delays: { patience: ({ context }) => context['ms'] * 2 } },
      ),
    script: [send('GO', { ms: 10 }), send('SET', { ms: 99 }), advance(19), advance(1)],
    values: ['idle', 'waiting', 'waiting', 'waiting', 'idle'],
  },
  'the delay of a parent state goes on while its child states change': {
    machine: () =>
      chart({
        initial: 'p',
        states: {
          p: {
            after: { 10: 'late' },
            initial: 'a',
            states: { a: { on: { GO: 'b' } }, b: { after: { 100: 'a' } } },
          },
          late: {},
        },
      }),
    script: [advance(6), send('GO'), advance(4)],
    values: [{ p: 'a' }, { p: 'a' }, { p: 'b' }, 'late'],
  },
  'each region has its own delays': {
    machine: () =>
      chart({
        type: 'parallel',
        states: {
          l: { initial: 'a', states: { a: { after: { 10: 'b' } }, b: {} } },
          r: { initial: 'a', states: { a: { after: { 20: 'b' } }, b: {} } },
        },
      }),
    script: [advance(10), advance(10)],
    values: [
      { l: 'a', r: 'a' },
      { l: 'b', r: 'a' },
      { l: 'b', r: 'b' },
    ],
  },
  'a delay of nothing is a delay: the state is seen before it is left': {
    machine: () => chart({ initial: 'a', states: { a: { after: { 0: 'b' } }, b: {} } }),
    script: [advance(0)],
    values: ['a', 'b'],
  },
  'one delay after the other leads through a chain of states': {
    machine: () =>
      chart({
        initial: 'a',
        states: { a: { after: { 5: 'b' } }, b: { after: { 5: 'c' } }, c: { after: { 5: 'a' } } },
      }),
    script: [advance(5), advance(5), advance(4), advance(1)],
    values: ['a', 'b', 'c', 'c', 'a'],
  },
  'a delay may be longer than a timer of the platform': {
    machine: () => chart({ initial: 'a', states: { a: { after: { [2 ** 40]: 'b' } }, b: {} } }),
    script: [advance(2 ** 31), advance(2 ** 40 - 2 ** 31)],
    values: ['a', 'a', 'b'],
  },
  'a raised event may be delayed, and cancelled by its name': {
    machine: () =>
      chart({
        initial: 'a',
        entry: [raise({ type: 'GO' }, { delay: 10, id: 'first' }), raise({ type: 'END' }, { delay: 20 })],
        on: { STOP: { actions: cancel('first') } },
        states: { a: { on: { GO: 'b', END: 'c' } }, b: {}, c: {} },
      }),
    script: [send('STOP'), advance(10), advance(10)],
    values: ['a', 'a', 'a', 'c'],
  },
  'which delayed event to cancel may be computed': {
    machine: () =>
      chart({
        initial: 'a',
        entry: [raise({ type: 'X' }, { delay: 5, id: 'x' }), raise({ type: 'Y' }, { delay: 9, id: 'y' })],
        on: { FORGET: { actions: cancel(({ event }) => event['which']) } },
        states: { a: { on: { X: 'x', Y: 'y' } }, x: {}, y: {} },
      }),
    script: [send('FORGET', { which: 'x' }), advance(9)],
    values: ['a', 'a', 'y'],
  },
  'an event that is raised later may be computed when it is asked for, and so may its delay': {
    machine: () =>
      chart({
        initial: 'a',
        on: {
          ASK: {
            actions: raises(({ event }) => ({ type: 'DUE', by: event['by'] }), {
              delay: ({ event }) => event['ms'],
            }),
          },
        },
        states: { a: { on: { DUE: { target: 'b', actions: keep('by') } } }, b: {} },
      }),
    script: [send('ASK', { by: 7, ms: 5 }), advance(4), advance(1)],
    values: ['a', 'a', 'a', 'b'],
    last: { context: { by: 7 } },
  },
  'a machine may send itself a delayed event, which comes also in another state': {
    machine: () =>
      chart({
        initial: 'a',
        states: {
          a: { entry: sends(({ self }) => self, { type: 'BACK', by: 3 }, { delay: 10 }), on: { GO: 'b' } },
          b: { on: { BACK: { target: 'c', actions: keep('by') } } },
          c: {},
        },
      }),
    script: [send('GO'), advance(10)],
    values: ['a', 'b', 'c'],
    last: { context: { by: 3 } },
  },
  'cancelling what was never sent, or has come already, does nothing': {
    machine: () =>
      chart({
        initial: 'a',
        context: { n: 0 },
        on: {
          ASK: { actions: raise({ type: 'DUE' }, { delay: 5, id: 'it' }) },
          NO: { actions: cancel('it') },
        },
        states: { a: { on: { DUE: { actions: bump('n') } } } },
      }),
    script: [send('NO'), send('ASK'), advance(5), send('NO'), send('ASK'), advance(5)],
    last: { context: { n: 2 } },
  },
  'a delay that ends the machine takes all other delays with it': {
    machine: (world) =>
      chart({
        initial: 'a',
        entry: raise({ type: 'LATE' }, { delay: 50 }),
        on: { LATE: { actions: does(world, 'late') } },
        states: { a: { after: { 10: 'end' } }, end: { type: 'final' } },
      }),
    script: [advance(10), advance(100)],
    values: ['a', 'end', 'end'],
    performed: [],
    last: { status: 'done' },
  },
  'delays that are due at the same moment come in the order in which they were set': {
    machine: (world) =>
      chart({
        entry: [
          raise({ type: 'one' }, { delay: 10 }),
          raise({ type: 'two' }, { delay: 10 }),
          raise({ type: 'three' }, { delay: 9 }),
        ],
        on: { '*': { actions: ({ event }) => world.did(event.type) } },
      }),
    script: [advance(10)],
    performed: ['three', 'one', 'two'],
  },
});
