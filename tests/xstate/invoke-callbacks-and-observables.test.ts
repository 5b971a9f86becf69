import { assign, forwardTo, fromCallback, fromObservable, spawnChild, stopChild } from 'xstate';
import { bump, keep, sends } from '../support/statechart-actions.ts';
import { behaviours } from '../support/statechart-behaviours.ts';
import { chart } from '../support/statechart-chart.ts';
import { complete, next, reject, send, sendBack } from '../support/statechart-step.ts';

behaviours({
  'a callback sends events, receives events and is disposed of with its state': {
    machine: (world) =>
      chart(
        {
          initial: 'on',
          context: { n: 0 },
          states: {
            on: {
              invoke: { id: 'cb', src: 'cb' },
              on: { TICK: { actions: bump('n') }, PING: { actions: forwardTo('cb') }, OFF: 'off' },
            },
            off: { on: { ON: 'on' } },
          },
        },
        { actors: { cb: world.callback('cb') } },
      ),
    script: [
      sendBack('cb', 'TICK'),
      send('PING'),
      send('OFF'),
      sendBack('cb', 'TICK'),
      send('ON'),
      send('PING'),
    ],
    performed: ['cb received PING', 'cb disposed', 'cb received PING'],
    last: { context: { n: 1 } },
  },
  'a callback that sends while it starts is heard': {
    machine: () =>
      chart(
        {
          initial: 'idle',
          context: { n: 0 },
          states: {
            idle: { on: { GO: 'on' } },
            on: { invoke: { src: 'eager' }, on: { TICK: { actions: bump('n') }, END: 'idle' } },
          },
        },
        {
          actors: {
            eager: fromCallback(({ sendBack: tell }) => {
              tell({ type: 'TICK' });
              tell({ type: 'TICK' });
              tell({ type: 'END' });
            }),
          },
        },
      ),
    script: [send('GO')],
    last: { value: 'idle', context: { n: 2 } },
  },
  'a callback that ends its state while it starts is heard to its end': {
    machine: () =>
      chart(
        {
          initial: 'idle',
          context: { n: 0 },
          on: { TICK: { actions: bump('n') } },
          states: { idle: { on: { GO: 'on' } }, on: { invoke: { src: 'eager' }, on: { END: 'idle' } } },
        },
        {
          actors: {
            eager: fromCallback(({ sendBack: tell }) => {
              tell({ type: 'END' });
              tell({ type: 'TICK' });
            }),
          },
        },
      ),
    script: [send('GO')],
    last: { value: 'idle', context: { n: 1 } },
  },
  'what a callback sends once its machine has decided to stop it is not heard': {
    machine: () => {
      let tell = (_event: { type: string }): void => undefined;
      // The callback speaks after the decision that stops it, and before that is durable.
      const soon = assign(() => {
        queueMicrotask(() => tell({ type: 'TICK' }));
        return {};
      });
      return chart(
        {
          context: { n: 0 },
          on: {
            START: { actions: spawnChild('cb', { id: 'cb' }) },
            STOP: { actions: [soon, stopChild('cb')] },
            TICK: { actions: bump('n') },
          },
        },
        {
          actors: {
            cb: fromCallback(({ sendBack }) => {
              tell = sendBack;
            }),
          },
        },
      );
    },
    script: [send('START'), send('STOP')],
    last: { context: { n: 0 } },
  },
  'a callback that throws while it starts is handled like a rejection': {
    machine: () =>
      chart(
        {
          initial: 'idle',
          states: {
            idle: { on: { GO: 'on' } },
            on: { invoke: { src: 'bad', onError: 'failed' } },
            failed: {},
          },
        },
        {
          actors: {
            bad: fromCallback(() => {
              throw new Error('no');
            }),
          },
        },
      ),
    script: [send('GO')],
    last: { value: 'failed' },
  },
  'events that a machine sends while it enters a state reach the callback of that state': {
    machine: (world) =>
      chart(
        {
          initial: 'idle',
          states: {
            idle: { on: { GO: 'on' } },
            on: {
              entry: [sends('cb', { type: 'FIRST' }), sends('cb', { type: 'SECOND' })],
              invoke: { id: 'cb', src: 'cb' },
            },
          },
        },
        { actors: { cb: world.callback('cb') } },
      ),
    script: [send('GO')],
    performed: ['cb received FIRST', 'cb received SECOND'],
  },
  'values of an observable come as snapshots, and its end is heard': {
    machine: (world) =>
      chart(
        {
          initial: 'on',
          context: { seen: [], end: false },
          states: {
            on: {
              invoke: {
                src: 'o',
                onSnapshot: { actions: ({ event }) => world.did(`saw ${event.snapshot.context}`) },
                onDone: 'off',
              },
            },
            off: {},
          },
        },
        { actors: { o: world.observable('o') } },
      ),
    script: [next('o', 1), next('o', 2), complete('o')],
    values: ['on', 'on', 'on', 'off'],
    performed: ['saw undefined', 'saw 1', 'saw 2'],
  },
  'an observable may tell nothing, and say so': {
    machine: (world) =>
      chart(
        {
          context: { n: 0 },
          invoke: { src: 'o', onSnapshot: { actions: bump('n') } },
        },
        { actors: { o: world.observable('o') } },
      ),
    script: [next('o', undefined), next('o', undefined)],
    last: { context: { n: 3 } },
  },
  'an observable that fails is handled like a rejection': {
    machine: (world) =>
      chart(
        {
          initial: 'on',
          states: {
            on: { invoke: { src: 'o', onError: { target: 'failed', actions: keep('error') } } },
            failed: {},
          },
        },
        { actors: { o: world.observable('o') } },
      ),
    script: [next('o', 1), reject('o', 'broken')],
    values: ['on', 'on', 'failed'],
    last: { context: { error: 'broken' } },
  },
  'an observable is unsubscribed from when its state is left': {
    machine: (world) =>
      chart(
        {
          initial: 'on',
          context: { n: 0 },
          states: {
            on: { invoke: { src: 'o', onSnapshot: { actions: bump('n') } }, on: { OFF: 'off' } },
            off: {},
          },
        },
        { actors: { o: world.observable('o') } },
      ),
    script: [next('o', 1), send('OFF'), next('o', 2)],
    performed: ['o unsubscribed'],
    last: { context: { n: 2 } },
  },
  'an observable that tells all and completes while it is subscribed to is heard': {
    machine: (world) =>
      chart(
        {
          initial: 'idle',
          states: {
            idle: { on: { GO: 'on' } },
            on: {
              invoke: {
                src: 'all',
                onSnapshot: { actions: ({ event }) => world.did(`saw ${event.snapshot.context}`) },
                onDone: 'end',
              },
            },
            end: {},
          },
        },
        {
          actors: {
            all: fromObservable(
              () =>
                ({
                  subscribe: (observer: { next(value: number): void; complete(): void }) => {
                    for (const value of [1, 2, 3]) observer.next(value);
                    observer.complete();
                    return { unsubscribe: () => undefined };
                  },
                }) as never,
            ),
          },
        },
      ),
    script: [send('GO')],
    performed: ['saw undefined', 'saw 1', 'saw 2', 'saw 3'],
    last: { value: 'end' },
  },
  'an event that an observable does not take is no new value of it': {
    machine: (world) =>
      chart(
        {
          invoke: { id: 'o', src: 'o' },
          on: { POKE: { actions: sends('o', { type: 'POKE' }) } },
        },
        { actors: { o: world.observable('o') } },
      ),
    script: [next('o', 7), send('POKE')],
    last: { children: { o: { context: 7 } } },
  },
  'events of an observable of events come as the events that they are': {
    machine: (world) =>
      chart(
        {
          context: { n: 0 },
          initial: 'on',
          states: {
            on: { invoke: { src: 'e', onDone: 'off' }, on: { TICK: { actions: bump('n') } } },
            off: {},
          },
        },
        { actors: { e: world.eventObservable('e') } },
      ),
    script: [next('e', { type: 'TICK' }), next('e', { type: 'TICK' }), complete('e')],
    last: { value: 'off', context: { n: 2 } },
  },
});
