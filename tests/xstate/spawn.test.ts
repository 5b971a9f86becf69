import { forwardTo, fromTransition, spawnChild, stopChild } from 'xstate';
import { bump, keep, sends, spawns, tellsParent } from '../support/statechart-actions.ts';
import { behaviours } from '../support/statechart-behaviours.ts';
import { chart } from '../support/statechart-chart.ts';
import { counter, sleeper } from '../support/statechart-children.ts';
import { advance, resolve, send } from '../support/statechart-step.ts';

const answering = chart({ on: { PING: { actions: tellsParent({ type: 'PONG' }) } } });

behaviours({
  'a child that is spawned by name and id takes events': {
    machine: () =>
      chart(
        {
          context: { n: 0 },
          entry: spawnChild('counter', { id: 'c' }),
          on: {
            ADD: { actions: forwardTo('c') },
            TELL: { actions: forwardTo('c') },
            TOLD: { actions: keep('n') },
          },
        },
        { actors: { counter } },
      ),
    script: [send('ADD'), send('ADD'), send('TELL')],
    last: { context: { n: 2 }, children: { c: { context: { n: 2 } } } },
  },
  'a promise that is spawned without an id is heard': {
    machine: (world) =>
      chart(
        {
          context: { output: 0 },
          entry: spawnChild('p'),
          on: { 'xstate.done.actor.*': { actions: keep('output') } },
        },
        { actors: { p: world.promise('p') } },
      ),
    script: [resolve('p', 3)],
    last: { context: { output: 3 } },
  },
  'several promises that are spawned without ids are heard, each for itself': {
    machine: (world) =>
      chart(
        {
          context: { heard: [] },
          entry: [
            spawnChild('p', { input: { as: 'one' } }),
            spawnChild('p', { input: { as: 'two' } }),
            spawnChild('p', { input: { as: 'three' } }),
          ],
          on: {
            'xstate.done.actor.*': {
              actions: sends(
                ({ self }) => self,
                ({ event }) => ({ type: 'HEARD', what: event['output'] }),
              ),
            },
            HEARD: { actions: keep('last', 'what') },
          },
        },
        { actors: { p: world.promise('p') } },
      ),
    script: [resolve('two', 2), resolve('one', 1), resolve('three', 3)],
    last: { context: { heard: [], last: 3 } },
  },
  'a child machine without an id gets its delayed events': {
    machine: () =>
      chart(
        { context: { n: 0 }, entry: spawns('ref', 'sleeper'), on: { AWAKE: { actions: bump('n') } } },
        { actors: { sleeper } },
      ),
    script: [advance(9), advance(1)],
    last: { context: { n: 1 } },
  },
  'a child that is spawned by an assign is there at once': {
    machine: () =>
      chart(
        {
          context: { n: 0 },
          on: {
            GO: {
              actions: [
                spawns('c', 'counter', { id: 'c' }),
                sends('c', { type: 'ADD' }),
                sends('c', { type: 'TELL' }),
              ],
            },
            TOLD: { actions: keep('n') },
          },
        },
        { actors: { counter } },
      ),
    script: [send('GO')],
    last: { context: { n: 1 } },
  },
  'a child answers within the same step': {
    machine: () =>
      chart(
        {
          initial: 'a',
          entry: spawnChild('answering', { id: 'c' }),
          states: { a: { on: { ASK: { actions: sends('c', { type: 'PING' }) }, PONG: 'b' } }, b: {} },
        },
        { actors: { answering } },
      ),
    script: [send('ASK')],
    values: ['a', 'b'],
  },
  'a delayed event to a child comes to it in time': {
    machine: () =>
      chart(
        { entry: [spawnChild('counter', { id: 'c' }), sends('c', { type: 'ADD' }, { delay: 10 })] },
        { actors: { counter } },
      ),
    script: [advance(9), advance(1)],
    last: { children: { c: { context: { n: 1 } } } },
  },
  'a child may send its parent a delayed event, which is cancelled with the child': {
    machine: () =>
      chart(
        {
          context: { n: 0 },
          entry: spawnChild('child', { id: 'c' }),
          on: { LATE: { actions: bump('n') }, STOP: { actions: stopChild('c') } },
        },
        {
          actors: {
            child: chart({
              entry: [
                tellsParent({ type: 'LATE' }, { delay: 5 }),
                tellsParent({ type: 'LATE' }, { delay: 10 }),
              ],
            }),
          },
        },
      ),
    script: [advance(5), send('STOP'), advance(5)],
    last: { context: { n: 1 } },
  },
  'what a child passes on to its own child by a delay arrives': {
    machine: () =>
      chart(
        { entry: spawnChild('middle', { id: 'm' }) },
        {
          actors: {
            middle: chart(
              {
                entry: spawnChild('counter', { id: 'c' }),
                initial: 'a',
                states: { a: { after: { 10: { actions: sends('c', { type: 'ADD' }) } } } },
              },
              { actors: { counter } },
            ),
          },
        },
      ),
    script: [advance(10)],
    last: { children: { m: { children: { c: { context: { n: 1 } } } } } },
  },
  'a reducer may be a child, and keeps its state': {
    machine: () =>
      chart(
        { entry: spawnChild('sum', { id: 's' }), on: { ADD: { actions: forwardTo('s') } } },
        {
          actors: {
            sum: fromTransition(
              (state: { n: number }, event: { type: string; by?: number }) => ({
                n: state.n + (event.by ?? 0),
              }),
              {
                n: 0,
              },
            ),
          },
        },
      ),
    script: [send('ADD', { by: 2 }), send('ADD', { by: 3 })],
    last: { children: { s: { context: { n: 5 } } } },
  },
  'a child that ends tells its parent its output, and stays among the children': {
    machine: () =>
      chart(
        {
          initial: 'a',
          entry: spawnChild('child', { id: 'c' }),
          states: {
            a: {
              on: {
                GO: { actions: forwardTo('c') },
                'xstate.done.actor.c': { target: 'b', actions: keep('output') },
              },
            },
            b: {},
          },
        },
        {
          actors: {
            child: chart({
              initial: 'x',
              states: { x: { on: { GO: 'y' } }, y: { type: 'final' } },
              output: 42,
            }),
          },
        },
      ),
    script: [send('GO'), send('GO')],
    values: ['a', 'b', 'b'],
    last: { context: { output: 42 }, children: { c: { status: 'done', output: 42 } } },
  },
  'a child that has ended when it begins tells its parent so': {
    machine: () =>
      chart(
        {
          initial: 'a',
          states: {
            a: {
              on: {
                GO: { actions: spawnChild('child', { id: 'c' }) },
                'xstate.done.actor.c': { target: 'b', actions: keep('output') },
              },
            },
            b: {},
          },
        },
        {
          actors: {
            child: chart({ initial: 'x', states: { x: { type: 'final' } }, output: 'at once' }),
          },
        },
      ),
    script: [send('GO')],
    values: ['a', 'b'],
    last: { context: { output: 'at once' } },
  },
});
