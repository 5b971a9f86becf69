import { forwardTo } from 'xstate';
import { keep, put, tellsParent } from '../support/statechart-actions.ts';
import { behaviours } from '../support/statechart-behaviours.ts';
import { chart } from '../support/statechart-chart.ts';
import { advance, reject, resolve, send } from '../support/statechart-step.ts';

/** Ends when it is told to, with what it was told. */
const listener = chart({
  initial: 'listening',
  context: {},
  states: {
    listening: { on: { END: { target: 'ended', actions: keep('with') } } },
    ended: { type: 'final' },
  },
  output: ({ context }) => context.with,
});

behaviours({
  'a machine that is invoked ends with an output, which leads its parent on': {
    machine: () =>
      chart(
        {
          initial: 'asking',
          states: {
            asking: {
              invoke: { id: 'l', src: 'listener', onDone: { target: 'told', actions: keep('output') } },
              on: { END: { actions: forwardTo('l') } },
            },
            told: {},
          },
        },
        { actors: { listener } },
      ),
    script: [send('END', { with: 'thanks' })],
    values: ['asking', 'told'],
    last: { context: { output: 'thanks' } },
  },
  'a machine that is invoked and has ended at once leads its parent on': {
    machine: () =>
      chart(
        {
          initial: 'idle',
          states: {
            idle: { on: { GO: 'asking' } },
            asking: { invoke: { src: 'end', onDone: { target: 'told', actions: keep('output') } } },
            told: {},
          },
        },
        { actors: { end: chart({ initial: 'x', states: { x: { type: 'final' } }, output: 5 }) } },
      ),
    script: [send('GO')],
    values: ['idle', 'told'],
    last: { context: { output: 5 } },
  },
  'a machine that is invoked goes on by its own delays': {
    machine: () =>
      chart(
        { initial: 'on', states: { on: { invoke: { src: 'timer', onDone: 'off' } }, off: {} } },
        {
          actors: {
            timer: chart({
              initial: 'x',
              states: { x: { after: { 10: 'y' } }, y: { after: { 10: 'z' } }, z: { type: 'final' } },
            }),
          },
        },
      ),
    script: [advance(10), advance(10)],
    values: ['on', 'on', 'off'],
  },
  'a machine within a machine within a machine is heard through all of them': {
    machine: (world) =>
      chart(
        {
          initial: 'on',
          context: {},
          states: {
            on: { invoke: { src: 'middle', onDone: { target: 'off', actions: keep('output') } } },
            off: {},
          },
        },
        {
          actors: {
            middle: chart(
              {
                initial: 'on',
                context: {},
                states: {
                  on: { invoke: { src: 'inner', onDone: { target: 'off', actions: keep('output') } } },
                  off: { type: 'final' },
                },
                output: ({ context }) => ({ middle: context.output }),
              },
              { actors: { inner: world.promise('inner') } },
            ),
          },
        },
      ),
    script: [resolve('inner', 1)],
    values: ['on', 'off'],
    last: { context: { output: { middle: 1 } } },
  },
  'the failure of a promise in a nested machine ends that machine, and its parent handles it': {
    machine: (world) =>
      chart(
        {
          initial: 'on',
          context: {},
          states: {
            on: { invoke: { src: 'middle', onError: { target: 'failed', actions: put('failed', true) } } },
            failed: {},
          },
        },
        {
          actors: {
            middle: chart({ invoke: { src: 'inner' } }, { actors: { inner: world.promise('inner') } }),
          },
        },
      ),
    script: [reject('inner')],
    values: ['on', 'failed'],
  },
  'the failure of a promise in a nested machine that nobody handles ends them all': {
    machine: (world) =>
      chart(
        { invoke: { src: 'middle' } },
        {
          actors: {
            middle: chart({ invoke: { src: 'inner' } }, { actors: { inner: world.promise('inner') } }),
          },
        },
      ),
    script: [reject('inner', new Error('deep down'))],
    last: { status: 'error', error: 'deep down' },
  },
  'a child tells its parent something while it starts': {
    machine: () =>
      chart(
        {
          initial: 'a',
          states: { a: { on: { GO: 'b' } }, b: { invoke: { src: 'child' }, on: { HELLO: 'c' } }, c: {} },
        },
        { actors: { child: chart({ entry: tellsParent({ type: 'HELLO' }) }) } },
      ),
    script: [send('GO')],
    values: ['a', 'c'],
  },
});
