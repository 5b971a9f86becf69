import { spawnChild, stopChild } from 'xstate';
import { bump, keep, sends, spawns, tellsParent } from '../support/statechart-actions.ts';
import { behaviours } from '../support/statechart-behaviours.ts';
import { chart } from '../support/statechart-chart.ts';
import { advance, resolve, send } from '../support/statechart-step.ts';

const counter = chart({ context: { n: 0 }, on: { ADD: { actions: bump('n') } } });

behaviours({
  'an actor with a system id is found by it': {
    machine: () =>
      chart(
        {
          invoke: { src: 'counter', id: 'c', systemId: 'count' },
          on: { ADD: { actions: sends(({ system }) => system.get('count'), { type: 'ADD' }) } },
        },
        { actors: { counter } },
      ),
    script: [send('ADD'), send('ADD')],
    last: { children: { c: { context: { n: 2 } } } },
  },
  'an actor that was spawned with a system id is found by it': {
    machine: () =>
      chart(
        {
          context: {},
          entry: spawns('ref', 'counter', { systemId: 'count', id: 'c' }),
          on: { ADD: { actions: sends(({ system }) => system.get('count'), { type: 'ADD' }) } },
        },
        { actors: { counter } },
      ),
    script: [send('ADD'), send('ADD')],
    last: { children: { c: { context: { n: 2 } } } },
  },
  'actors of one system find each other across the tree': {
    machine: () =>
      chart(
        {
          entry: [spawnChild('counter', { id: 'c', systemId: 'count' }), spawnChild('middle', { id: 'm' })],
          on: { GO: { actions: sends('m', { type: 'GO' }) } },
        },
        {
          actors: {
            counter,
            middle: chart(
              {
                entry: spawnChild('inner', { id: 'i' }),
                on: { GO: { actions: sends('i', { type: 'GO' }) } },
              },
              {
                actors: {
                  inner: chart({
                    on: { GO: { actions: sends(({ system }) => system.get('count'), { type: 'ADD' }) } },
                  }),
                },
              },
            ),
          },
        },
      ),
    script: [send('GO'), send('GO')],
    last: { children: { c: { context: { n: 2 } } } },
  },
  'an actor that was stopped is not found any more, and its system id is free': {
    machine: (world) =>
      chart(
        {
          entry: spawnChild('counter', { id: 'c', systemId: 'count' }),
          on: {
            STOP: { actions: stopChild('c') },
            LOOK: {
              actions: ({ system }) => world.did(system.get('count') === undefined ? 'nobody' : 'somebody'),
            },
            NEW: { actions: spawnChild('counter', { id: 'd', systemId: 'count' }) },
          },
        },
        { actors: { counter } },
      ),
    script: [send('LOOK'), send('STOP'), send('LOOK'), send('NEW'), send('LOOK')],
    performed: ['somebody', 'nobody', 'somebody'],
  },
  'an actor that has ended is not found any more': {
    machine: (world) =>
      chart(
        {
          invoke: { src: 'p', systemId: 'work', onDone: { actions: keep('output') } },
          on: {
            LOOK: {
              actions: ({ system }) => world.did(system.get('work') === undefined ? 'nobody' : 'somebody'),
            },
          },
        },
        { actors: { p: world.promise('p') } },
      ),
    script: [send('LOOK'), resolve('p', 1), send('LOOK')],
    performed: ['somebody', 'nobody'],
  },
  'a child that is found by its system id gets delayed events': {
    machine: () =>
      chart(
        {
          entry: [
            spawnChild('counter', { id: 'c', systemId: 'count' }),
            sends(({ system }) => system.get('count'), { type: 'ADD' }, { delay: 10 }),
          ],
        },
        { actors: { counter } },
      ),
    script: [advance(9), advance(1)],
    last: { children: { c: { context: { n: 1 } } } },
  },
  'a state that is entered again registers its actor again': {
    machine: () =>
      chart(
        {
          initial: 'a',
          context: { told: 0 },
          states: {
            a: {
              invoke: { src: 'answering', id: 'c', systemId: 'answering' },
              on: {
                AGAIN: { target: 'a', reenter: true },
                ASK: { actions: sends(({ system }) => system.get('answering'), { type: 'ASK' }) },
              },
            },
          },
          on: { TOLD: { actions: bump('told') } },
        },
        { actors: { answering: chart({ on: { ASK: { actions: tellsParent({ type: 'TOLD' }) } } }) } },
      ),
    script: [send('ASK'), send('AGAIN'), send('ASK')],
    last: { context: { told: 2 } },
  },
});
