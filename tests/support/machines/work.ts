import { assign } from 'xstate';
import { bump, does, keep, sends, tellsParent } from '../statechart-actions.ts';
import { chart } from '../statechart-chart.ts';
import { advance, complete, next, reject, resolve, send, sendBack } from '../statechart-step.ts';
import type { Example } from './example.ts';

/** Fetches, and tries again later each time, up to three times. */
export const fetchWithRetry: Example = {
  machine: (world) =>
    chart(
      {
        initial: 'idle',
        context: { attempts: 0 },
        states: {
          idle: { on: { FETCH: 'loading' } },
          loading: {
            tags: 'busy',
            entry: bump('attempts'),
            invoke: {
              src: 'fetch',
              input: ({ context }) => ({ as: `attempt ${context.attempts}` }),
              onDone: { target: 'success', actions: keep('output') },
              onError: [
                { guard: ({ context }) => context.attempts < 3, target: 'waiting' },
                { target: 'failure' },
              ],
            },
            on: { CANCEL: 'idle' },
          },
          waiting: { after: { backOff: 'loading' }, on: { CANCEL: 'idle' } },
          success: { type: 'final' },
          failure: { on: { RETRY: 'loading' } },
        },
        output: ({ context }) => context.output,
      },
      {
        actors: { fetch: world.promise('fetch') },
        delays: { backOff: ({ context }) => 2 ** context.attempts * 100 },
      },
    ),
  script: [
    send('FETCH'),
    reject('attempt 1'),
    advance(199),
    advance(1),
    reject('attempt 2'),
    advance(400),
    reject('attempt 3'),
    send('RETRY'),
    resolve('attempt 4', { rows: 2 }),
  ],
};

/** Reserves, is paid within a time, and gives back what was reserved if it is not. */
export const checkout: Example = {
  machine: (world) =>
    chart(
      {
        initial: 'reserving',
        context: ({ input }) => ({ cents: input.cents, steps: [] }),
        states: {
          reserving: {
            invoke: {
              src: 'reserve',
              onDone: { target: 'paying', actions: keep('reservation', 'output') },
              onError: 'refused',
            },
          },
          paying: {
            invoke: {
              src: 'pay',
              input: ({ context }) => ({ as: `pay ${context.cents}` }),
              onDone: 'shipping',
              onError: 'releasing',
            },
            after: { 30000: 'releasing' },
            on: { CANCEL: 'releasing' },
          },
          releasing: { invoke: { src: 'release', onDone: 'refused' } },
          shipping: {
            invoke: {
              id: 'parcel',
              src: 'parcel',
              onDone: { target: 'done', actions: keep('tracking', 'output') },
            },
            on: { PICKED_UP: { actions: sends('parcel', { type: 'PICKED_UP' }) } },
          },
          refused: { type: 'final', output: 'refused' },
          done: { type: 'final', output: ({ context }) => `shipped as ${context.tracking}` },
        },
        output: ({ event }) => event.output,
      },
      {
        actors: {
          reserve: world.promise('reserve'),
          pay: world.promise('pay'),
          release: world.promise('release'),
          parcel: chart({
            initial: 'packing',
            states: {
              packing: { after: { 1000: 'ready' } },
              ready: { on: { PICKED_UP: 'gone' } },
              gone: { type: 'final' },
            },
            output: 'T1',
          }),
        },
      },
    ),
  input: { cents: 5 },
  script: [
    resolve('reserve', 'R1'),
    advance(29_999),
    resolve('pay 5'),
    send('PICKED_UP'),
    advance(1_000),
    send('PICKED_UP'),
  ],
};

/** The same, and nobody pays in time. */
export const checkoutTooLate: Example = {
  ...checkout,
  script: [resolve('reserve', 'R1'), advance(30_000), resolve('pay 5'), resolve('release')],
};

/** Counts what a callback ticks. */
export const stopwatch: Example = {
  machine: (world) =>
    chart(
      {
        initial: 'stopped',
        context: { elapsed: 0, laps: [] },
        states: {
          stopped: { on: { START: 'running', RESET: { actions: assign({ elapsed: 0, laps: [] }) } } },
          running: {
            invoke: { id: 'ticker', src: 'ticker' },
            on: {
              TICK: { actions: bump('elapsed') },
              LAP: { actions: assign({ laps: ({ context }) => [...context['laps'], context['elapsed']] }) },
              STOP: 'stopped',
            },
          },
        },
      },
      { actors: { ticker: world.callback('ticker') } },
    ),
  script: [
    send('START'),
    sendBack('ticker', 'TICK'),
    sendBack('ticker', 'TICK'),
    send('LAP'),
    sendBack('ticker', 'TICK'),
    send('STOP'),
    sendBack('ticker', 'TICK'),
    send('START'),
    sendBack('ticker', 'TICK'),
    send('STOP'),
    send('RESET'),
  ],
};

const todo = chart({
  initial: 'open',
  context: ({ input }) => ({ title: input.title }),
  states: {
    open: { on: { TOGGLE: 'done', RENAME: { actions: keep('title') } } },
    done: { entry: tellsParent({ type: 'DONE' }), on: { TOGGLE: 'open' }, after: { 1000: 'archived' } },
    archived: { type: 'final' },
  },
  output: ({ context }) => context.title,
});

/** Items are actors of their own, which end some time after they are done. */
export const todoList: Example = {
  machine: () =>
    chart(
      {
        context: { items: [], done: 0, archive: [] },
        on: {
          ADD: {
            actions: assign({
              items: ({ context, event, spawn }) => [
                ...context['items'],
                spawn('todo' as never, { id: event['id'], input: { title: event['title'] } } as never),
              ],
            }),
          },
          TOGGLE: {
            actions: sends(
              ({ event }) => event.id,
              ({ event }) => ({ type: 'TOGGLE', id: event.id }),
            ),
          },
          RENAME: {
            actions: sends(
              ({ event }) => event.id,
              ({ event }) => ({ type: 'RENAME', title: event.title }),
            ),
          },
          DONE: { actions: bump('done') },
          'xstate.done.actor.*': {
            actions: assign({ archive: ({ context, event }) => [...context['archive'], event['output']] }),
          },
        },
      },
      { actors: { todo } },
    ),
  script: [
    send('ADD', { id: 'a', title: 'milk' }),
    send('ADD', { id: 'b', title: 'bread' }),
    send('TOGGLE', { id: 'a' }),
    advance(500),
    send('RENAME', { id: 'b', title: 'rye bread' }),
    send('TOGGLE', { id: 'b' }),
    send('TOGGLE', { id: 'b' }),
    advance(500),
    send('TOGGLE', { id: 'b' }),
    advance(1_000),
  ],
};

/** Shows how far it is, and may be cancelled. */
export const fileUpload: Example = {
  machine: (world) =>
    chart(
      {
        initial: 'idle',
        context: { percent: 0 },
        states: {
          idle: { on: { UPLOAD: 'uploading' } },
          uploading: {
            invoke: {
              src: 'upload',
              onSnapshot: {
                guard: ({ event }) => event.snapshot.context !== undefined,
                actions: assign({
                  percent: ({ event }) =>
                    (event as unknown as { snapshot: { context: number } }).snapshot.context,
                }),
              },
              onDone: 'uploaded',
              onError: 'failed',
            },
            on: { CANCEL: 'idle' },
          },
          uploaded: { entry: does(world, 'uploaded') },
          failed: { on: { UPLOAD: 'uploading' } },
        },
      },
      { actors: { upload: world.observable('upload') } },
    ),
  script: [
    send('UPLOAD'),
    next('upload', 10),
    next('upload', 50),
    reject('upload'),
    send('UPLOAD'),
    next('upload', 70),
    complete('upload'),
  ],
};
