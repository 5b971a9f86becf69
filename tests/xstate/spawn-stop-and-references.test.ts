import { assign, cancel, forwardTo, spawnChild, stopChild } from 'xstate';
import {
  bump,
  keep,
  note,
  put,
  raises,
  sends,
  spawns,
  tells,
  tellsParent,
} from '../support/statechart-actions.ts';
import { behaviours } from '../support/statechart-behaviours.ts';
import { type Args, chart } from '../support/statechart-chart.ts';
import { counter, sleeper } from '../support/statechart-children.ts';
import { advance, complete, next, resolve, send, sendBack } from '../support/statechart-step.ts';

behaviours({
  'children are spawned one after the other, and each is reached by its reference': {
    machine: () =>
      chart(
        {
          context: { heard: [] },
          on: {
            NEW: { actions: spawns('newest', 'counter') },
            ADD: { actions: sends(({ context }) => context['newest'], { type: 'ADD' }) },
            TELL: { actions: sends(({ context }) => context['newest'], { type: 'TELL' }) },
            TOLD: { actions: keep('n') },
          },
        },
        { actors: { counter } },
      ),
    script: [send('NEW'), send('ADD'), send('NEW'), send('ADD'), send('ADD'), send('TELL')],
    last: { context: { heard: [], n: 2 } },
  },
  'a child that is stopped hears nothing any more, and is no child any more': {
    machine: () =>
      chart(
        {
          context: { n: 0 },
          entry: spawnChild('counter', { id: 'c' }),
          on: {
            STOP: { actions: stopChild('c') },
            TELL: {
              actions: sends(({ self }) => self.getSnapshot().children['c'] ?? self, { type: 'NOTHING' }),
            },
          },
        },
        { actors: { counter } },
      ),
    script: [send('STOP'), send('TELL')],
    last: { children: {} },
  },
  'stopping a child does not run its exit actions': {
    machine: (world) =>
      chart(
        { entry: spawnChild('child', { id: 'c' }), on: { STOP: { actions: stopChild('c') } } },
        {
          actors: {
            child: chart({
              ...tells(world, 'child'),
              initial: 'a',
              states: { a: tells(world, 'a') },
            }),
          },
        },
      ),
    script: [send('STOP')],
    performed: ['enter child', 'enter a'],
  },
  'stopping a child cancels its delayed events': {
    machine: () =>
      chart(
        {
          context: { n: 0 },
          entry: spawnChild('sleeper', { id: 'c' }),
          on: { STOP: { actions: stopChild('c') }, AWAKE: { actions: bump('n') } },
        },
        { actors: { sleeper } },
      ),
    script: [advance(5), send('STOP'), advance(10)],
    last: { context: { n: 0 } },
  },
  'stopping a child stops its children, with their delays': {
    machine: () =>
      chart(
        {
          context: { n: 0 },
          entry: spawnChild('middle', { id: 'm' }),
          on: { STOP: { actions: stopChild('m') }, AWAKE: { actions: bump('n') } },
        },
        {
          actors: {
            middle: chart(
              {
                entry: spawnChild('sleeper', { id: 's' }),
                on: { AWAKE: { actions: tellsParent({ type: 'AWAKE' }) } },
              },
              { actors: { sleeper } },
            ),
          },
        },
      ),
    script: [advance(5), send('STOP'), advance(10)],
    last: { context: { n: 0 }, children: {} },
  },
  'a child that is stopped and spawned again under its id begins anew': {
    machine: () =>
      chart(
        {
          context: { n: -1 },
          entry: spawnChild('counter', { id: 'c' }),
          on: {
            AGAIN: { actions: [stopChild('c'), spawnChild('counter', { id: 'c' })] },
            ADD: { actions: forwardTo('c') },
            TELL: { actions: forwardTo('c') },
            TOLD: { actions: keep('n') },
          },
        },
        { actors: { counter } },
      ),
    script: [send('ADD'), send('AGAIN'), send('TELL'), send('ADD'), send('TELL')],
    last: { context: { n: 1 } },
  },
  'a child that is stopped as its parent begins, and spawned again under its id, has its delays': {
    machine: () =>
      chart(
        {
          context: { n: 0 },
          entry: [
            spawns('child', 'sleeper', { id: 'c' }),
            stopChild('c'),
            spawns('child', 'sleeper', { id: 'c' }),
          ],
          on: { AWAKE: { actions: bump('n') } },
        },
        { actors: { sleeper } },
      ),
    script: [advance(10)],
    last: { context: { n: 1 } },
  },
  'what such a child cancels before it is stopped is its own, and not of the one in its place': {
    machine: () =>
      chart(
        {
          context: { n: 0 },
          entry: [
            spawns('child', 'planner', { id: 'c' }),
            sends('c', { type: 'CALL_OFF' }),
            stopChild('c'),
            spawns('child', 'planner', { id: 'c' }),
          ],
          on: { DUE: { actions: bump('n') } },
        },
        {
          actors: {
            planner: chart({
              entry: raises({ type: 'IN' }, { delay: 10, id: 'in' }),
              on: { IN: { actions: tellsParent({ type: 'DUE' }) }, CALL_OFF: { actions: cancel('in') } },
            }),
          },
        },
      ),
    script: [advance(10)],
    last: { context: { n: 1 } },
  },
  'an event that was delayed for a child does not reach another one of the same id': {
    machine: () =>
      chart(
        {
          entry: spawnChild('counter', { id: 'c' }),
          on: {
            LATER: { actions: sends('c', { type: 'ADD' }, { delay: 10 }) },
            AGAIN: { actions: [stopChild('c'), spawnChild('counter', { id: 'c' })] },
          },
        },
        { actors: { counter } },
      ),
    script: [send('LATER'), advance(5), send('AGAIN'), send('LATER'), advance(5), advance(5)],
    last: { children: { c: { context: { n: 1 } } } },
  },
  'an event that was delayed for a child that never began does not reach another one of the same id': {
    machine: () =>
      chart(
        {
          entry: spawnChild('counter', { id: 'c' }),
          on: {
            GO: {
              actions: [
                stopChild('c'),
                spawnChild('counter', { id: 'c' }),
                sends('c', { type: 'ADD' }, { delay: 10 }),
                stopChild('c'),
                spawnChild('counter', { id: 'c' }),
              ],
            },
          },
        },
        { actors: { counter } },
      ),
    script: [send('GO'), advance(10)],
    last: { children: { c: { context: { n: 0 } } } },
  },
  'an event that was delayed for a callback does not reach another one of the same id': {
    machine: (world) =>
      chart(
        {
          entry: spawnChild('cb', { id: 'c' }),
          on: {
            LATER: { actions: sends('c', { type: 'ADD' }, { delay: 10 }) },
            AGAIN: { actions: [stopChild('c'), spawnChild('cb', { id: 'c' })] },
          },
        },
        { actors: { cb: world.callback('cb') } },
      ),
    script: [send('LATER'), send('AGAIN'), advance(10), send('LATER'), advance(10)],
    performed: ['cb disposed', 'cb received ADD'],
  },
  'a callback that is spawned by an assign sends and receives': {
    machine: (world) =>
      chart(
        {
          context: { n: 0 },
          entry: spawns('cb', 'cb'),
          on: {
            TICK: { actions: bump('n') },
            PING: { actions: sends(({ context }) => context['cb'], { type: 'PING' }) },
          },
        },
        { actors: { cb: world.callback('cb') } },
      ),
    script: [sendBack('cb', 'TICK'), send('PING'), sendBack('cb', 'TICK')],
    performed: ['cb received PING'],
    last: { context: { n: 2 } },
  },
  'a reference to the parent that a child was given stays good': {
    machine: () =>
      chart(
        {
          context: { n: 0 },
          entry: spawnChild('child', {
            id: 'c',
            input: ({ self }: { self: unknown }) => ({ parent: self }),
          } as never),
          on: { GO: { actions: forwardTo('c') }, HI: { actions: bump('n') } },
        },
        {
          actors: {
            child: chart({
              context: ({ input }) => ({ parent: (input as { parent: unknown }).parent }),
              on: { GO: { actions: sends(({ context }) => context['parent'], { type: 'HI' }) } },
            }),
          },
        },
      ),
    script: [send('GO'), send('GO')],
    last: { context: { n: 2 } },
  },
  'a callback may be given a reference to its parent': {
    machine: (world) =>
      chart(
        {
          context: { n: 0 },
          entry: spawnChild('cb', {
            id: 'c',
            input: ({ self }: { self: unknown }) => ({ parent: self }),
          } as never),
          on: { TICK: { actions: bump('n') } },
        },
        { actors: { cb: world.callback('cb') } },
      ),
    script: [sendBack('cb', 'TICK'), sendBack('cb', 'TICK')],
    last: { context: { n: 2 } },
  },
  'siblings that know each other exchange events': {
    machine: () =>
      chart(
        {
          context: { n: 0 },
          entry: [
            spawns('a', 'counter', { id: 'a' }),
            spawnChild('b', {
              id: 'b',
              input: ({ context }: { context: { a: unknown } }) => ({ other: context.a }),
            } as never),
          ],
          on: { GO: { actions: forwardTo('b') } },
        },
        {
          actors: {
            counter,
            b: chart({
              context: ({ input }) => ({ other: (input as { other: unknown }).other }),
              on: { GO: { actions: sends(({ context }) => context['other'], { type: 'ADD' }) } },
            }),
          },
        },
      ),
    script: [send('GO'), send('GO')],
    last: { children: { a: { context: { n: 2 } } } },
  },
  'a reference to a child that was stopped may stay in the context, and leads nowhere': {
    machine: () =>
      chart(
        {
          context: { n: 0 },
          entry: spawns('ref', 'counter', { id: 'c' }),
          on: {
            STOP: { actions: stopChild('c') },
            ADD: { actions: [sends(({ context }) => context['ref'], { type: 'ADD' }), bump('n')] },
          },
        },
        { actors: { counter } },
      ),
    script: [send('ADD'), send('STOP'), send('ADD')],
    last: { context: { n: 2 }, children: {} },
  },
  'a child may be kept in a list in the context': {
    machine: () =>
      chart(
        {
          context: { list: [], made: 0 },
          on: {
            NEW: { actions: [bump('made'), spawns('one', 'counter'), note('list', 'made')] },
            CLEAR: { actions: put('list', []) },
          },
        },
        { actors: { counter } },
      ),
    script: [send('NEW'), send('NEW'), send('CLEAR')],
    last: { context: { list: [], made: 2 } },
  },
  'snapshots of a child that is synchronised come to its parent': {
    machine: (world) =>
      chart(
        {
          context: { n: 0 },
          entry: spawnChild('counter', { id: 'c', syncSnapshot: true }),
          on: {
            ADD: { actions: forwardTo('c') },
            'xstate.snapshot.c': { actions: ({ event }) => world.did(`saw ${event['snapshot'].context.n}`) },
          },
        },
        { actors: { counter } },
      ),
    script: [send('ADD'), send('ADD')],
    performed: ['saw 0', 'saw 1', 'saw 2'],
  },
  'snapshots of a promise that its parent keeps are what XState makes of it': {
    machine: (world) =>
      chart(
        {
          context: { snapshot: null, read: null },
          entry: spawnChild('p', { id: 'p', input: { as: 'p' }, syncSnapshot: true }),
          on: {
            'xstate.snapshot.p': { actions: keep('snapshot') },
            READ: {
              actions: assign(({ self }: Args) => ({
                read: self.getSnapshot().children.p.getSnapshot(),
              })) as object,
            },
          },
        },
        { actors: { p: world.promise('p') } },
      ),
    script: [send('READ'), resolve('p', 5), send('READ')],
    last: { context: { snapshot: { status: 'active' }, read: { status: 'done', output: 5 } } },
  },
  'values of an observable that is synchronised come to its parent': {
    machine: (world) =>
      chart(
        {
          context: { at: 0, seen: 0 },
          entry: spawnChild('o', { id: 'o', syncSnapshot: true }),
          on: {
            'xstate.snapshot.o': {
              actions: [({ event }) => world.did(`saw ${event['snapshot'].context}`), bump('seen')],
            },
          },
        },
        { actors: { o: world.observable('o') } },
      ),
    script: [next('o', 1), next('o', 2), complete('o')],
    last: { context: { at: 0, seen: 3 } },
  },
});
