import { and, not, or, stateIn } from 'xstate';
import { bump, does, keep } from '../support/statechart-actions.ts';
import { behaviours } from '../support/statechart-behaviours.ts';
import { chart } from '../support/statechart-chart.ts';
import { send } from '../support/statechart-step.ts';

const big = {
  big: ({ context, event }: { context: { n: number }; event: { n: number } }) => event.n > context.n,
};

behaviours({
  'a guard that refuses keeps the machine where it is': {
    machine: () =>
      chart({
        initial: 'a',
        states: { a: { on: { GO: { guard: ({ event }) => event.ok, target: 'b' } } }, b: {} },
      }),
    script: [send('GO', { ok: false }), send('GO', { ok: true })],
    values: ['a', 'a', 'b'],
  },
  'a guard may have a name, and is then given with the implementations': {
    machine: () =>
      chart(
        {
          initial: 'a',
          context: { n: 5 },
          states: { a: { on: { GO: { guard: 'big', target: 'b' } } }, b: {} },
        },
        { guards: big },
      ),
    script: [send('GO', { n: 5 }), send('GO', { n: 6 })],
    values: ['a', 'a', 'b'],
  },
  'a guard may have parameters, also computed ones': {
    machine: () =>
      chart(
        {
          initial: 'a',
          context: { limit: 3 },
          states: {
            a: {
              on: {
                GO: [
                  {
                    guard: {
                      type: 'over',
                      params: ({ context, event }: { context: { limit: number }; event: { n: number } }) => ({
                        n: event.n,
                        limit: context.limit,
                      }),
                    },
                    target: 'b',
                  },
                  { guard: { type: 'over', params: { n: 1, limit: 0 } }, target: 'c' },
                ],
              },
            },
            b: {},
            c: { on: { GO: 'a' } },
          },
        },
        { guards: { over: (_args, { n, limit }) => n > limit } },
      ),
    script: [send('GO', { n: 3 }), send('GO'), send('GO', { n: 4 })],
    values: ['a', 'c', 'a', 'b'],
  },
  'the first transition whose guard agrees is taken, and the last one may have none': {
    machine: () =>
      chart({
        initial: 'a',
        states: {
          a: {
            on: {
              GO: [
                { guard: ({ event }) => event.n > 10, target: 'big' },
                { guard: ({ event }) => event.n > 5, target: 'middle' },
                { target: 'small' },
              ],
            },
          },
          big: { on: { BACK: 'a' } },
          middle: { on: { BACK: 'a' } },
          small: {},
        },
      }),
    script: [send('GO', { n: 11 }), send('BACK'), send('GO', { n: 6 }), send('BACK'), send('GO', { n: 1 })],
    values: ['a', 'big', 'a', 'middle', 'a', 'small'],
  },
  'guards are combined by and, or and not': {
    machine: () =>
      chart(
        {
          initial: 'a',
          states: {
            a: {
              on: {
                BOTH: { guard: and(['left', 'right']), target: 'b' },
                ONE: { guard: or(['left', 'right']), target: 'b' },
                NONE: { guard: and([not('left'), not('right')]), target: 'b' },
              },
            },
            b: { on: { BACK: 'a' } },
          },
        },
        { guards: { left: ({ event }) => event.l, right: ({ event }) => event.r } },
      ),
    script: [
      send('BOTH', { l: true, r: false }),
      send('ONE', { l: true, r: false }),
      send('BACK'),
      send('NONE', { l: false, r: true }),
      send('NONE', { l: false, r: false }),
    ],
    values: ['a', 'a', 'b', 'a', 'a', 'b'],
  },
  'a guard may ask which state another region is in': {
    machine: () =>
      chart({
        type: 'parallel',
        states: {
          door: { initial: 'open', states: { open: { on: { CLOSE: 'closed' } }, closed: { id: 'closed' } } },
          motor: {
            initial: 'off',
            states: { off: { on: { START: { guard: stateIn('#closed'), target: 'on' } } }, on: {} },
          },
        },
      }),
    script: [send('START'), send('CLOSE'), send('START')],
    values: [
      { door: 'open', motor: 'off' },
      { door: 'open', motor: 'off' },
      { door: 'closed', motor: 'off' },
      { door: 'closed', motor: 'on' },
    ],
  },
  'a guard that refuses in a child leaves the event to its parent': {
    machine: (world) =>
      chart({
        initial: 'p',
        on: { GO: { actions: does(world, 'root took it') } },
        states: {
          p: { initial: 'a', states: { a: { on: { GO: { guard: () => false, target: 'b' } } }, b: {} } },
        },
      }),
    script: [send('GO')],
    performed: ['root took it'],
  },
  'a forbidden event does not reach the parent': {
    machine: (world) =>
      chart({
        initial: 'a',
        on: { GO: { actions: does(world, 'root took it') } },
        states: { a: { on: { GO: {}, NEXT: 'b' } }, b: {} },
      }),
    script: [send('GO'), send('NEXT'), send('GO')],
    performed: ['root took it'],
  },
  'a guard sees the context as it was before the actions of its transition': {
    machine: () =>
      chart({
        initial: 'a',
        context: { n: 0 },
        states: {
          a: {
            on: { ADD: [{ guard: ({ context }) => context.n < 2, actions: bump('n') }, { target: 'full' }] },
          },
          full: {},
        },
      }),
    script: [send('ADD'), send('ADD'), send('ADD')],
    values: ['a', 'a', 'a', 'full'],
  },
  'a wildcard takes what no other transition of the state takes': {
    machine: () =>
      chart({
        initial: 'a',
        states: {
          a: { on: { KNOWN: 'b', '*': { target: 'c', actions: keep('what', 'type') } } },
          b: { on: { '*': 'a' } },
          c: {},
        },
      }),
    script: [send('KNOWN'), send('WHATEVER'), send('ODD')],
    values: ['a', 'b', 'a', 'c'],
    last: { context: { what: 'ODD' } },
  },
  'a part of an event type with a wildcard takes all types that begin so': {
    machine: () =>
      chart({
        initial: 'a',
        states: { a: { on: { 'mouse.*': 'b', 'mouse.click': 'c' } }, b: { on: { 'mouse.*': 'a' } }, c: {} },
      }),
    script: [send('mouse.move.fast'), send('keyboard.down'), send('mouse.up'), send('mouse.click')],
    values: ['a', 'b', 'b', 'a', 'c'],
  },
});
