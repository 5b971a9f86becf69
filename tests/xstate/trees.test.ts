import { cancel, fromCallback, fromTransition, spawnChild, stopChild } from 'xstate';
import {
  bump,
  does,
  note,
  put,
  raises,
  sends,
  spawns,
  tells,
  tellsParent,
} from '../support/statechart-actions.ts';
import { behaviours } from '../support/statechart-behaviours.ts';
import { chart } from '../support/statechart-chart.ts';
import { advance, reject, resolve, send, sendBack } from '../support/statechart-step.ts';

const counter = chart({ context: { n: 0 }, on: { ADD: { actions: bump('n') } } });

behaviours({
  'a delayed event to a child is cancelled by its name': {
    machine: () =>
      chart(
        {
          entry: [
            spawnChild('counter', { id: 'c' }),
            sends('c', { type: 'ADD' }, { delay: 10, id: 'later' }),
          ],
          on: { NO: { actions: cancel('later') } },
        },
        { actors: { counter } },
      ),
    script: [send('NO'), advance(10)],
    last: { children: { c: { context: { n: 0 } } } },
  },
  'timers of the same name in parent and child do not disturb each other': {
    machine: (world) =>
      chart(
        {
          entry: [spawnChild('c', { id: 'c' }), raises({ type: 'MINE' }, { delay: 10, id: 'same' })],
          on: { MINE: { actions: does(world, 'parent') }, NO: { actions: cancel('same') } },
        },
        {
          actors: {
            c: chart({
              entry: raises({ type: 'MINE' }, { delay: 10, id: 'same' }),
              on: { MINE: { actions: does(world, 'child') } },
            }),
          },
        },
      ),
    script: [send('NO'), advance(10)],
    performed: ['child'],
  },
  'two children of one machine go on by their own delays': {
    machine: () =>
      chart(
        {
          context: { heard: [] },
          entry: [
            spawnChild('c', { id: 'slow', input: { ms: 20, name: 'slow' } }),
            spawnChild('c', { id: 'quick', input: { ms: 10, name: 'quick' } }),
          ],
          on: { SLOW: { actions: note('heard', 'slow') }, QUICK: { actions: note('heard', 'quick') } },
        },
        {
          actors: {
            c: chart(
              {
                context: ({ input }) => input,
                initial: 'a',
                states: {
                  a: { after: { own: 'b' } },
                  b: { entry: tellsParent(({ context }) => ({ type: context.name.toUpperCase() })) },
                },
              },
              { delays: { own: ({ context }) => context.ms } },
            ),
          },
        },
      ),
    script: [advance(10), advance(10)],
    last: { context: { heard: ['quick', 'slow'] } },
  },
  'an event to a child that has ended goes nowhere': {
    machine: () =>
      chart(
        {
          context: { n: 0 },
          entry: spawnChild('c', { id: 'c' }),
          on: { GO: { actions: [sends('c', { type: 'GO' }), bump('n')] } },
        },
        { actors: { c: chart({ initial: 'a', states: { a: { on: { GO: 'b' } }, b: { type: 'final' } } }) } },
      ),
    script: [send('GO'), send('GO')],
    last: { context: { n: 2 } },
  },
  'a child that fails takes nothing with it if its parent handles that': {
    machine: () =>
      chart(
        {
          context: { error: null },
          invoke: { id: 'c', src: 'c', onError: { actions: put('error', 'handled') } },
          entry: spawnChild('counter', { id: 'other' }),
          on: {
            GO: { actions: sends('c', { type: 'GO' }) },
            ADD: { actions: sends('other', { type: 'ADD' }) },
          },
        },
        {
          actors: {
            counter,
            c: chart({
              on: {
                GO: {
                  guard: () => {
                    throw new Error('bad guard');
                  },
                },
              },
            }),
          },
        },
      ),
    script: [send('GO'), send('ADD')],
    last: { context: { error: 'handled' }, children: { other: { context: { n: 1 } } } },
  },
  'a child may be invoked again after it failed': {
    machine: (world) =>
      chart(
        {
          initial: 'on',
          states: {
            on: { invoke: { id: 'c', src: 'p', onError: 'off', onDone: 'end' } },
            off: { on: { AGAIN: 'on' } },
            end: {},
          },
        },
        { actors: { p: world.promise('p') } },
      ),
    script: [reject('p'), send('AGAIN'), resolve('p')],
    values: ['on', 'off', 'on', 'end'],
  },
  'a promise in a child and one in its parent do not disturb each other': {
    machine: (world) =>
      chart(
        {
          initial: 'a',
          states: {
            a: {
              invoke: [
                { id: 'p', src: 'p', input: { as: 'outer' }, onDone: 'b' },
                { id: 'c', src: 'c' },
              ],
            },
            b: {},
          },
        },
        {
          actors: {
            p: world.promise('p'),
            c: chart(
              {
                initial: 'x',
                states: { x: { invoke: { id: 'p', src: 'p', input: { as: 'inner' }, onDone: 'y' } }, y: {} },
              },
              { actors: { p: world.promise('p') } },
            ),
          },
        },
      ),
    script: [resolve('inner'), resolve('outer')],
    values: ['a', 'a', 'b'],
  },
  'an action of a child sends to the child itself, after the step': {
    machine: () =>
      chart(
        { entry: spawnChild('c', { id: 'c' }), on: { GO: { actions: sends('c', { type: 'GO' }) } } },
        {
          actors: {
            c: chart({
              context: { n: 0 },
              on: { GO: { actions: ({ self }) => self.send({ type: 'ADD' }) }, ADD: { actions: bump('n') } },
            }),
          },
        },
      ),
    script: [send('GO')],
    last: { children: { c: { context: { n: 1 } } } },
  },
  'a child is spawned as the context is made': {
    machine: () =>
      chart(
        {
          context: ({ spawn }) => ({ ref: spawn('counter', { id: 'c' }) }),
          on: { ADD: { actions: sends(({ context }) => context.ref, { type: 'ADD' }) } },
        },
        { actors: { counter } },
      ),
    script: [send('ADD'), send('ADD')],
    last: { children: { c: { context: { n: 2 } } } },
  },
  'a callback without anything to dispose of is left like any other': {
    machine: () =>
      chart(
        {
          initial: 'on',
          states: { on: { invoke: { src: 'cb' }, on: { OFF: 'off' } }, off: { on: { ON: 'on' } } },
        },
        { actors: { cb: fromCallback(() => undefined) } },
      ),
    script: [send('OFF'), send('ON'), send('OFF')],
    values: ['on', 'off', 'on', 'off'],
  },
  'a callback in a child machine tells that child': {
    machine: (world) =>
      chart(
        { entry: spawnChild('c', { id: 'c' }) },
        {
          actors: {
            c: chart(
              { context: { n: 0 }, invoke: { src: 'cb' }, on: { TICK: { actions: bump('n') } } },
              { actors: { cb: world.callback('cb') } },
            ),
          },
        },
      ),
    script: [sendBack('cb', 'TICK'), sendBack('cb', 'TICK')],
    last: { children: { c: { context: { n: 2 } } } },
  },
  'what a callback tells a child goes on to the grandchild, though the child stays as it is': {
    machine: (world) =>
      chart(
        { entry: spawnChild('c', { id: 'c' }) },
        {
          actors: {
            c: chart(
              {
                invoke: { src: 'cb' },
                entry: spawnChild('counter', { id: 'n' }),
                on: { TICK: { actions: sends('n', { type: 'ADD' }) } },
              },
              { actors: { cb: world.callback('cb'), counter } },
            ),
          },
        },
      ),
    script: [sendBack('cb', 'TICK'), sendBack('cb', 'TICK')],
    last: { children: { c: { children: { n: { context: { n: 2 } } } } } },
  },
  'a reducer passes on to its parent': {
    machine: () =>
      chart(
        {
          context: { n: 0 },
          invoke: { id: 'r', src: 'r' },
          on: { GO: { actions: sends('r', { type: 'GO' }) } },
        },
        {
          actors: {
            r: fromTransition(
              (state: number, event: { type: string }) => (event.type === 'GO' ? state + 1 : state),
              0,
            ),
          },
        },
      ),
    script: [send('GO'), send('GO')],
    last: { children: { r: { context: 2 } } },
  },
  'a state is left because of its child, in the step in which the child is told': {
    machine: (world) =>
      chart(
        {
          initial: 'on',
          states: {
            on: {
              ...tells(world, 'on'),
              invoke: { id: 'c', src: 'c', onDone: 'off' },
              on: { GO: { actions: sends('c', { type: 'GO' }) } },
            },
            off: tells(world, 'off'),
          },
        },
        {
          actors: {
            c: chart({
              initial: 'a',
              states: { a: { on: { GO: 'b' } }, b: { ...tells(world, 'end'), type: 'final' } },
            }),
          },
        },
      ),
    script: [send('GO')],
    performed: ['enter on', 'enter end', 'exit end', 'exit on', 'enter off'],
  },
  'a child that was stopped while its promise ran is not woken by it': {
    machine: (world) =>
      chart(
        {
          context: { n: 0 },
          entry: spawnChild('c', { id: 'c' }),
          on: { STOP: { actions: stopChild('c') }, TOLD: { actions: bump('n') } },
        },
        {
          actors: {
            c: chart(
              { invoke: { src: 'p', onDone: { actions: tellsParent({ type: 'TOLD' }) } } },
              { actors: { p: world.promise('p') } },
            ),
          },
        },
      ),
    script: [send('STOP'), resolve('p')],
    performed: ['p aborted'],
    last: { context: { n: 0 }, children: {} },
  },
  'many children come and go': {
    machine: () =>
      chart(
        {
          context: { made: 0 },
          on: {
            NEW: {
              actions: [
                bump('made'),
                spawnChild('counter', {
                  id: ({ context }: { context: { made: number } }) => `c${context.made}`,
                } as never),
              ],
            },
            DROP: { actions: stopChild(({ event }) => event['which']) },
            ADD: { actions: sends(({ event }) => event.which, { type: 'ADD' }) },
          },
        },
        { actors: { counter } },
      ),
    script: [
      send('NEW'),
      send('NEW'),
      send('ADD', { which: 'c1' }),
      send('DROP', { which: 'c1' }),
      send('NEW'),
      send('ADD', { which: 'c3' }),
    ],
    last: { children: { c2: { context: { n: 0 } }, c3: { context: { n: 1 } } } },
  },
  'a child hears a raised delayed event although its parent has gone on': {
    machine: () =>
      chart(
        {
          context: {},
          initial: 'a',
          entry: spawns('ref', 'c', { id: 'c' }),
          states: { a: { after: { 5: 'b' } }, b: { on: { LATE: 'end' } }, end: {} },
        },
        {
          actors: {
            c: chart({
              entry: raises({ type: 'X' }, { delay: 10 }),
              on: { X: { actions: tellsParent({ type: 'LATE' }) } },
            }),
          },
        },
      ),
    script: [advance(5), advance(5)],
    values: ['a', 'b', 'end'],
  },
});
