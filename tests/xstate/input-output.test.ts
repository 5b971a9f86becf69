import { expect, test } from 'vitest';
import { spawnChild } from 'xstate';
import { defineAggregate } from '../../actors/definitions/define-aggregate.ts';
import { HostedDefinition } from '../../actors/definitions/hosted-definition.ts';
import { AskedHost } from '../support/hosted-actor.ts';
import { bump, keep, tellsParent } from '../support/statechart-actions.ts';
import { behaviours } from '../support/statechart-behaviours.ts';
import { chart } from '../support/statechart-chart.ts';
import { resolve, send } from '../support/statechart-step.ts';

const child = chart({
  initial: 'on',
  context: ({ input }) => ({ n: input.from }),
  states: { on: { on: { ADD: { actions: bump('n') }, END: 'off' } }, off: { type: 'final' } },
  output: ({ context }) => context.n,
});

behaviours({
  'the context is computed from the input': {
    machine: () =>
      chart({
        context: ({ input }) => ({ name: input.name, n: input.from * 2 }),
        on: { ADD: { actions: bump('n') } },
      }),
    input: { name: 'ann', from: 4 },
    script: [send('ADD')],
    last: { context: { name: 'ann', n: 9 } },
  },
  'entry actions of the root see the input': {
    machine: (world) =>
      chart({ context: { n: 0 }, entry: ({ event }) => world.did(`begun with ${event.input.n}`) }),
    input: { n: 5 },
    performed: ['begun with 5'],
  },
  'an input may be a list, a map or nothing at all': {
    machine: () => chart({ context: ({ input }) => ({ given: input }) }),
    input: [new Map([['a', 1]]), undefined, null],
    last: { context: { given: [new Map([['a', 1]]), undefined, null] } },
  },
  'a child that is invoked gets its input from context and event': {
    machine: () =>
      chart(
        {
          initial: 'idle',
          context: { base: 10 },
          states: {
            idle: { on: { GO: 'busy' } },
            busy: {
              invoke: {
                id: 'c',
                src: 'child',
                input: ({ context, event }) => ({ from: context.base + event.n }),
                onDone: { target: 'idle', actions: keep('output') },
              },
              on: { '*': { actions: ({ self, event }) => self.getSnapshot().children.c?.send(event) } },
            },
          },
        },
        { actors: { child } },
      ),
    script: [send('GO', { n: 5 }), send('ADD'), send('END')],
    values: ['idle', 'busy', 'busy', 'idle'],
    last: { context: { base: 10, output: 16 } },
  },
  'a child that is spawned gets an input': {
    machine: () =>
      chart({ entry: spawnChild('child', { id: 'c', input: { from: 7 } }) }, { actors: { child } }),
    script: [send('ANY')],
    last: { children: { c: { context: { n: 7 } } } },
  },
  'a machine without an output ends with none': {
    machine: () => chart({ initial: 'a', states: { a: { on: { END: 'b' } }, b: { type: 'final' } } }),
    script: [send('END')],
    last: { status: 'done', output: undefined },
  },
  'an output may be anything that can be kept': {
    machine: () =>
      chart({
        initial: 'a',
        states: { a: { on: { END: 'b' } }, b: { type: 'final' } },
        output: () => ({ at: new Date(5), set: new Set([1]), big: 1n, nothing: undefined }),
      }),
    script: [send('END')],
    last: { output: { at: new Date(5), set: new Set([1]), big: 1n, nothing: undefined } },
  },
  'the output of one piece of work is the input of the next': {
    machine: (world) =>
      chart(
        {
          initial: 'one',
          states: {
            one: { invoke: { src: 'p', input: { as: 'one' }, onDone: 'two' } },
            two: {
              invoke: {
                src: 'p',
                input: ({ event }) => ({ as: `after ${event.output}` }),
                onDone: { target: 'end', actions: keep('output') },
              },
            },
            end: {},
          },
        },
        { actors: { p: world.promise('p') } },
      ),
    script: [resolve('one', 'x'), resolve('after x', 'y')],
    last: { value: 'end', context: { output: 'y' } },
  },
  'what a child tells its parent on its end is heard before the end': {
    machine: () =>
      chart(
        {
          initial: 'on',
          context: {},
          states: {
            on: { invoke: { src: 'c', onDone: 'end' }, on: { LAST: { actions: keep('words') } } },
            end: {},
          },
        },
        {
          actors: {
            c: chart({
              initial: 'a',
              states: {
                a: { after: { 0: 'b' } },
                b: { type: 'final', entry: tellsParent({ type: 'LAST', words: 'bye' }) },
              },
            }),
          },
        },
      ),
    script: [{ kind: 'advance', ms: 0 }],
    last: { value: 'end', context: { words: 'bye' } },
  },
});

test('the input of a definition is computed from the id of the actor', async () => {
  const machine = chart({
    context: ({ input }) => ({ owner: input.owner }),
    on: { ANY: { actions: keep('got', 'type') } },
  });
  const definition = defineAggregate('thing', { machine, input: (id) => ({ owner: id }) });
  const host = new AskedHost(new Map([['thing', new HostedDefinition(definition)]]));

  await host.send('thing/ann', 'ANY', {});

  expect((await host.snapshot('thing/ann')).context).toEqual({ owner: 'ann', got: 'ANY' });
});
