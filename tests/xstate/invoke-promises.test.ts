import { expect, test } from 'vitest';
import { fromPromise, spawnChild, stopChild } from 'xstate';
import { bump, does, keep, raises, sends } from '../support/statechart-actions.ts';
import { behaviours } from '../support/statechart-behaviours.ts';
import { chart } from '../support/statechart-chart.ts';
import { HostedRun } from '../support/statechart-run.ts';
import { advance, reject, resolve, send } from '../support/statechart-step.ts';

behaviours({
  'a promise that is fulfilled leads on, with its output': {
    machine: (world) =>
      chart(
        {
          initial: 'loading',
          states: {
            loading: { invoke: { src: 'load', onDone: { target: 'loaded', actions: keep('output') } } },
            loaded: {},
          },
        },
        { actors: { load: world.promise('load') } },
      ),
    script: [resolve('load', { rows: [1, 2] })],
    values: ['loading', 'loaded'],
    last: { context: { output: { rows: [1, 2] } } },
  },
  'a promise that is rejected leads on, with its error': {
    machine: (world) =>
      chart(
        {
          initial: 'loading',
          states: {
            loading: {
              invoke: {
                src: 'load',
                onDone: 'loaded',
                onError: { target: 'failed', actions: keep('error') },
              },
            },
            loaded: {},
            failed: {},
          },
        },
        { actors: { load: world.promise('load') } },
      ),
    script: [reject('load', 'offline')],
    values: ['loading', 'failed'],
    last: { context: { error: 'offline' } },
  },
  'a promise that is rejected and not handled ends the machine with the error': {
    machine: (world) =>
      chart(
        {
          initial: 'loading',
          states: { loading: { invoke: { src: 'load', onDone: 'loaded' } }, loaded: {} },
        },
        { actors: { load: world.promise('load') } },
      ),
    script: [reject('load', new RangeError('too far')), send('ANY')],
    last: { status: 'error', error: 'too far' },
  },
  'the outcome of a promise whose state was left is not heard': {
    machine: (world) =>
      chart(
        {
          initial: 'loading',
          states: {
            loading: { invoke: { src: 'load', onDone: 'loaded' }, on: { CANCEL: 'idle' } },
            idle: {},
            loaded: {},
          },
        },
        { actors: { load: world.promise('load') } },
      ),
    script: [send('CANCEL'), resolve('load')],
    values: ['loading', 'idle', 'idle'],
    performed: ['load aborted'],
  },
  'entering a state again begins its promise again, and only the new one is heard': {
    machine: (world) =>
      chart(
        {
          initial: 'loading',
          context: { nth: 1 },
          states: {
            loading: {
              entry: bump('nth'),
              invoke: {
                id: 'load',
                src: 'load',
                input: ({ context }) => ({ as: `load ${context.nth}` }),
                onDone: { target: 'loaded', actions: keep('output') },
              },
              on: { AGAIN: { target: 'loading', reenter: true } },
            },
            loaded: {},
          },
        },
        { actors: { load: world.promise('load') } },
      ),
    script: [send('AGAIN'), resolve('load 2', 'old'), resolve('load 3', 'new')],
    values: ['loading', 'loading', 'loading', 'loaded'],
    last: { context: { nth: 3, output: 'new' } },
  },
  'a transition within a state leaves its promise alone': {
    machine: (world) =>
      chart(
        {
          initial: 'loading',
          context: { n: 0 },
          states: {
            loading: { invoke: { src: 'load', onDone: 'loaded' }, on: { ADD: { actions: bump('n') } } },
            loaded: {},
          },
        },
        { actors: { load: world.promise('load') } },
      ),
    script: [send('ADD'), send('ADD'), resolve('load')],
    values: ['loading', 'loading', 'loading', 'loaded'],
    performed: [],
  },
  'a promise gets an input that is computed from context and event': {
    machine: (world) =>
      chart(
        {
          initial: 'idle',
          context: { who: 'ann' },
          states: {
            idle: { on: { GO: 'loading' } },
            loading: {
              invoke: {
                src: 'load',
                input: ({ context, event }) => ({ as: `${context.who} ${event.what}` }),
                onDone: 'idle',
              },
            },
          },
        },
        { actors: { load: world.promise('load') } },
      ),
    script: [send('GO', { what: 'mail' }), resolve('ann mail')],
    values: ['idle', 'loading', 'idle'],
  },
  'a promise that is settled already is heard after the state was seen': {
    machine: () =>
      chart(
        {
          initial: 'idle',
          states: {
            idle: { on: { GO: 'loading' } },
            loading: { invoke: { src: 'quick', onDone: { target: 'idle', actions: keep('output') } } },
          },
        },
        { actors: { quick: fromPromise(() => Promise.resolve('at once')) } },
      ),
    script: [send('GO')],
    last: { value: 'idle', context: { output: 'at once' } },
  },
  'a function that throws before it gives a promise is handled like a rejection': {
    machine: () =>
      chart(
        {
          initial: 'idle',
          states: {
            idle: { on: { GO: 'loading' } },
            loading: { invoke: { src: 'bad', onError: 'failed' } },
            failed: {},
          },
        },
        {
          actors: {
            bad: fromPromise(async () => {
              throw new Error('no');
            }),
          },
        },
      ),
    script: [send('GO')],
    last: { value: 'failed' },
  },
  'several invocations of a state run at once, and end each for itself': {
    machine: (world) =>
      chart(
        {
          initial: 'loading',
          context: { done: 0 },
          states: {
            loading: {
              invoke: [
                { src: 'one', onDone: { actions: bump('done') } },
                { src: 'two', onDone: { actions: bump('done') } },
              ],
              always: { guard: ({ context }) => context.done === 2, target: 'loaded' },
            },
            loaded: {},
          },
        },
        { actors: { one: world.promise('one'), two: world.promise('two') } },
      ),
    script: [resolve('two'), resolve('one')],
    values: ['loading', 'loading', 'loaded'],
  },
  'the root may invoke, and hears it in any state': {
    machine: (world) =>
      chart(
        {
          initial: 'a',
          invoke: { src: 'load', onDone: '.loaded' },
          states: { a: { on: { GO: 'b' } }, b: {}, loaded: {} },
        },
        { actors: { load: world.promise('load') } },
      ),
    script: [send('GO'), resolve('load')],
    values: ['a', 'b', 'loaded'],
  },
  'logic may be given in place': {
    machine: (world) =>
      chart({ initial: 'a', states: { a: { invoke: { src: world.promise('p'), onDone: 'b' } }, b: {} } }),
    script: [resolve('p')],
    values: ['a', 'b'],
  },
  'promises one after the other each begin with the end of the one before': {
    machine: (world) =>
      chart(
        {
          initial: 'one',
          states: {
            one: { invoke: { src: 'p', input: { as: 'first' }, onDone: 'two' } },
            two: { invoke: { src: 'p', input: { as: 'second' }, onDone: 'end' } },
            end: { type: 'final' },
          },
        },
        { actors: { p: world.promise('p') } },
      ),
    script: [resolve('first'), resolve('second')],
    values: ['one', 'two', 'end'],
    last: { status: 'done' },
  },
  'a delay and a promise race, and the promise that loses is aborted': {
    machine: (world) =>
      chart(
        {
          initial: 'loading',
          states: {
            loading: { invoke: { src: 'p', onDone: 'loaded' }, after: { 100: 'late' } },
            loaded: {},
            late: {},
          },
        },
        { actors: { p: world.promise('p') } },
      ),
    script: [advance(100), resolve('p')],
    values: ['loading', 'late', 'late'],
    performed: ['p aborted'],
  },
  'a promise that wins against a delay cancels it': {
    machine: (world) =>
      chart(
        {
          initial: 'loading',
          states: {
            loading: { invoke: { src: 'p', onDone: 'loaded' }, after: { 100: 'late' } },
            loaded: {},
            late: {},
          },
        },
        { actors: { p: world.promise('p') } },
      ),
    script: [advance(99), resolve('p'), advance(1)],
    values: ['loading', 'loading', 'loaded', 'loaded'],
  },
  'what is invoked in a state that is left within the same step is never begun': {
    machine: (world) =>
      chart(
        {
          initial: 'a',
          states: {
            a: { on: { GO: 'b' } },
            b: { entry: raises({ type: 'ON' }), invoke: { src: 'p', onDone: 'wrong' }, on: { ON: 'c' } },
            c: {},
            wrong: {},
          },
        },
        { actors: { p: world.promise('p') } },
      ),
    script: [send('GO')],
    values: ['a', 'c'],
  },
  'an invocation without an id is told from others by its place': {
    machine: (world) =>
      chart(
        {
          type: 'parallel',
          states: {
            l: {
              initial: 'x',
              states: { x: { invoke: { src: 'p', input: { as: 'left' }, onDone: 'y' } }, y: {} },
            },
            r: {
              initial: 'x',
              states: { x: { invoke: { src: 'p', input: { as: 'right' }, onDone: 'y' } }, y: {} },
            },
          },
        },
        { actors: { p: world.promise('p') } },
      ),
    script: [resolve('right'), resolve('left')],
    values: [
      { l: 'x', r: 'x' },
      { l: 'x', r: 'y' },
      { l: 'y', r: 'y' },
    ],
  },
  'work that is running is stopped when the machine ends': {
    machine: (world) =>
      chart(
        {
          invoke: { src: 'cb' },
          initial: 'a',
          states: { a: { on: { END: 'end' } }, end: { type: 'final' } },
        },
        { actors: { cb: world.callback('cb') } },
      ),
    script: [send('END')],
    performed: ['cb disposed'],
    last: { status: 'done' },
  },
  'an action after the end of a promise sees its output': {
    machine: (world) =>
      chart(
        {
          initial: 'on',
          states: {
            on: {
              invoke: {
                src: 'p',
                onDone: { target: 'off', actions: ({ event }) => world.did(`got ${event.output}`) },
              },
            },
            off: { entry: does(world, 'off') },
          },
        },
        { actors: { p: world.promise('p') } },
      ),
    script: [resolve('p', 9)],
    performed: ['got 9', 'off'],
  },
});

test('an output that cannot be kept is the failure of its work', async () => {
  const run = await new HostedRun(
    (world) =>
      chart(
        {
          initial: 'on',
          states: {
            on: { invoke: { src: 'p', onDone: 'wrong', onError: 'refused' } },
            wrong: {},
            refused: {},
          },
        },
        { actors: { p: world.promise('p') } },
      ),
    'replayed',
  ).start(undefined);

  await run.take(resolve('p', { open: () => 'a live object' }));

  expect((await run.look()).value).toBe('refused');
});

test('two pieces of work of one step that have the same place have different idempotency keys', async () => {
  const keys: string[] = [];
  const run = await new HostedRun(
    () =>
      chart(
        {
          on: {
            GO: { actions: [spawnChild('p', { id: 'p' }), sends(({ self }) => self, { type: 'AGAIN' })] },
            AGAIN: { actions: [stopChild('p'), spawnChild('p', { id: 'p' })] },
          },
        },
        {
          actors: {
            p: fromPromise((args) => {
              keys.push((args as unknown as { idempotencyKey: string }).idempotencyKey);
              return new Promise(() => undefined);
            }),
          },
        },
      ),
    'resident',
  ).start(undefined);

  await run.take(send('GO'));

  expect(keys).toEqual(['thing/1@2["p"]', 'thing/1@2.2["p"]']);
});
