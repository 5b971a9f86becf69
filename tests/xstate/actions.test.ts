import { expect, test } from 'vitest';
import { assign } from 'xstate';
import { bump, does, keep, put, raises, sends, tells } from '../support/statechart-actions.ts';
import { behaviours } from '../support/statechart-behaviours.ts';
import { chart } from '../support/statechart-chart.ts';
import { HostedRun } from '../support/statechart-run.ts';
import { send } from '../support/statechart-step.ts';

behaviours({
  'exit actions come first, then those of the transition, then entry actions': {
    machine: (world) =>
      chart({
        initial: 'a',
        states: {
          a: { ...tells(world, 'a'), on: { GO: { target: 'b', actions: does(world, 'go') } } },
          b: tells(world, 'b'),
        },
      }),
    script: [send('GO')],
    performed: ['enter a', 'exit a', 'go', 'enter b'],
  },
  'nested states are entered from the outside and left from the inside': {
    machine: (world) =>
      chart({
        ...tells(world, 'root'),
        initial: 'a',
        states: {
          a: {
            ...tells(world, 'a'),
            initial: 'b',
            states: { b: { ...tells(world, 'b'), initial: 'c', states: { c: tells(world, 'c') } } },
            on: { OUT: 'd' },
          },
          d: tells(world, 'd'),
        },
      }),
    script: [send('OUT')],
    performed: ['enter root', 'enter a', 'enter b', 'enter c', 'exit c', 'exit b', 'exit a', 'enter d'],
  },
  'only what lies between source and target is left and entered': {
    machine: (world) =>
      chart({
        initial: 'p',
        states: {
          p: {
            ...tells(world, 'p'),
            initial: 'a',
            states: {
              a: { ...tells(world, 'a'), on: { NEXT: 'b' } },
              b: { ...tells(world, 'b'), on: { UP: '#other' } },
            },
          },
          other: { id: 'other', ...tells(world, 'other') },
        },
      }),
    script: [send('NEXT'), send('UP')],
    performed: ['enter p', 'enter a', 'exit a', 'enter b', 'exit b', 'exit p', 'enter other'],
  },
  'a transition to a child of its own state does not leave that state': {
    machine: (world) =>
      chart({
        initial: 'p',
        states: {
          p: {
            ...tells(world, 'p'),
            initial: 'a',
            on: { B: '.b', B_ANEW: { target: '.b', reenter: true } },
            states: { a: tells(world, 'a'), b: tells(world, 'b') },
          },
        },
      }),
    script: [send('B'), send('B_ANEW')],
    performed: ['enter p', 'enter a', 'exit a', 'enter b', 'exit b', 'exit p', 'enter p', 'enter b'],
  },
  'a transition to its own state leaves it alone, unless it is to enter it again': {
    machine: (world) =>
      chart({
        initial: 'a',
        states: { a: { ...tells(world, 'a'), on: { SAME: 'a', ANEW: { target: 'a', reenter: true } } } },
      }),
    script: [send('SAME'), send('ANEW')],
    performed: ['enter a', 'exit a', 'enter a'],
  },
  'a transition without a target only acts': {
    machine: (world) =>
      chart({
        initial: 'a',
        states: { a: { ...tells(world, 'a'), on: { X: { actions: does(world, 'x') } } } },
      }),
    script: [send('X'), send('X')],
    performed: ['enter a', 'x', 'x'],
  },
  'an action may have a name and parameters': {
    machine: (world) =>
      chart(
        {
          context: { who: 'ann' },
          on: {
            X: {
              actions: [
                'plain',
                { type: 'fixed', params: { by: 2 } },
                {
                  type: 'computed',
                  params: ({ context, event }: { context: { who: string }; event: { n: number } }) => ({
                    who: context.who,
                    n: event.n,
                  }),
                },
              ],
            },
          },
        },
        {
          actions: {
            plain: () => world.did('plain'),
            fixed: (_args, { by }) => world.did(`by ${by}`),
            computed: (_args, { who, n }) => world.did(`${who} ${n}`),
          },
        },
      ),
    script: [send('X', { n: 3 })],
    performed: ['plain', 'by 2', 'ann 3'],
  },
  'an action sees the context as it is at its place in the list': {
    machine: (world) =>
      chart({
        context: { n: 0 },
        on: {
          X: {
            actions: [
              ({ context }) => world.did(`before ${context.n}`),
              bump('n'),
              ({ context }) => world.did(`between ${context.n}`),
              bump('n'),
              ({ context }) => world.did(`after ${context.n}`),
            ],
          },
        },
      }),
    script: [send('X')],
    performed: ['before 0', 'between 1', 'after 2'],
  },
  'an assignment may compute several properties from the same state': {
    machine: () =>
      chart({
        context: { a: 1, b: 2 },
        on: { SWAP: { actions: assign(({ context }) => ({ a: context['b'], b: context['a'] })) } },
      }),
    script: [send('SWAP')],
    last: { context: { a: 2, b: 1 } },
  },
  'assignments of entry, exit and transition all count': {
    machine: () =>
      chart({
        initial: 'a',
        context: { n: 0 },
        entry: bump('n'),
        states: {
          a: { entry: bump('n'), exit: bump('n'), on: { GO: { target: 'b', actions: bump('n') } } },
          b: { entry: bump('n') },
        },
      }),
    script: [send('GO')],
    last: { context: { n: 5 } },
  },
  'a raised event is handled before the next one from outside, and seen by nobody between': {
    machine: () =>
      chart({
        initial: 'a',
        states: {
          a: { on: { GO: { target: 'b', actions: raises({ type: 'ON' }) } } },
          b: { on: { ON: 'c' } },
          c: { on: { GO: 'd' } },
          d: {},
        },
      }),
    script: [send('GO'), send('GO')],
    values: ['a', 'c', 'd'],
  },
  'raised events form a chain, in which each sees what those before it did': {
    machine: () =>
      chart({
        context: { trail: '' },
        on: {
          GO: { actions: [raises({ type: 'B' }), raises({ type: 'C' }), assign({ trail: 'a' })] },
          B: { actions: [raises({ type: 'D' }), assign({ trail: ({ context }) => `${context['trail']}b` })] },
          C: { actions: assign({ trail: ({ context }) => `${context['trail']}c` }) },
          D: { actions: assign({ trail: ({ context }) => `${context['trail']}d` }) },
        },
      }),
    script: [send('GO')],
    last: { context: { trail: 'abcd' } },
  },
  'a raised event may be computed': {
    machine: () =>
      chart({
        context: { n: 3 },
        on: {
          GO: { actions: raises(({ context, event }) => ({ type: 'SUM', sum: context.n + event.n })) },
          SUM: { actions: keep('n', 'sum') },
        },
      }),
    script: [send('GO', { n: 4 })],
    last: { context: { n: 7 } },
  },
  'what a machine sends to itself comes after what it raises': {
    machine: () =>
      chart({
        context: { trail: '' },
        on: {
          GO: { actions: [sends(({ self }) => self, { type: 'SENT' }), raises({ type: 'RAISED' })] },
          SENT: { actions: assign({ trail: ({ context }) => `${context['trail']} sent` }) },
          RAISED: { actions: assign({ trail: ({ context }) => `${context['trail']} raised` }) },
        },
      }),
    script: [send('GO')],
    last: { context: { trail: ' raised sent' } },
  },
  'what an action sends through self comes after the step': {
    machine: (world) =>
      chart({
        initial: 'a',
        states: {
          a: { on: { GO: { target: 'b', actions: ({ self }) => self.send({ type: 'NEXT', by: 4 }) } } },
          b: { entry: does(world, 'b'), on: { NEXT: { target: 'c', actions: keep('by') } } },
          c: { entry: does(world, 'c') },
        },
      }),
    script: [send('GO')],
    values: ['a', 'c'],
    performed: ['b', 'c'],
    last: { context: { by: 4 } },
  },
  'an event that an action sends and nobody takes changes nothing': {
    machine: () =>
      chart({
        initial: 'a',
        states: {
          a: { on: { GO: { target: 'b', actions: ({ self }) => self.send({ type: 'NOBODY' }) } } },
          b: { on: { GO: 'a' } },
        },
      }),
    script: [send('GO'), send('GO'), send('GO')],
    values: ['a', 'b', 'a', 'b'],
  },
  'an action knows the id of its actor': {
    machine: (world) => chart({ on: { X: { actions: ({ self }) => world.did(`I am ${self.id}`) } } }),
    script: [send('X')],
    performed: ['I am 1'],
  },
  'a context that is a list, a map, a date or a big number stays what it is': {
    machine: () =>
      chart({
        context: {
          list: [1],
          map: new Map([['a', { n: 1 }]]),
          date: new Date(0),
          big: 10n ** 20n,
          nothing: undefined,
        },
        on: {
          X: {
            actions: assign({
              list: ({ context }) => [...context['list'], context['list'].length + 1],
              map: ({ context }) => new Map(context['map']).set('b', { n: context['map'].size }),
              date: ({ context }) => new Date(context['date'].getTime() + 1),
              big: ({ context }) => context['big'] + 1n,
            }),
          },
        },
      }),
    script: [send('X'), send('X')],
    last: {
      context: {
        list: [1, 2, 3],
        map: new Map([
          ['a', { n: 1 }],
          ['b', { n: 2 }],
        ]),
        date: new Date(2),
        big: 10n ** 20n + 2n,
      },
    },
  },
  'actions may depend on an implementation that is provided later': {
    machine: (world) =>
      chart({ on: { X: { actions: ['act', 'set'] } }, context: { n: 0 } }).provide({
        actions: { act: () => world.did('provided'), set: put('n', 1) },
      } as never),
    script: [send('X')],
    performed: ['provided'],
    last: { context: { n: 1 } },
  },
});

test('what an action throws does not end the actor, unlike in XState: the step is durable before it is acted on', async () => {
  const run = await new HostedRun(
    (world) =>
      chart({
        initial: 'a',
        states: {
          a: {
            on: {
              GO: {
                target: 'b',
                actions: [
                  () => {
                    throw new Error('no');
                  },
                  does(world, 'the next action'),
                ],
              },
            },
          },
          b: { on: { BACK: 'a' } },
        },
      }),
    'resident',
  ).start(undefined);

  await run.take(send('GO'));

  expect(await run.look()).toMatchObject({ value: 'b', status: 'active', performed: ['the next action'] });
  expect(run.failedEffects).toHaveLength(1);
});

test.each([
  ['a machine on its own', {}],
  ['a machine with children', { actors: { child: chart({}) } }],
])('an action cannot stop the actor of %s', async (_of, implementations) => {
  const run = await new HostedRun(
    () =>
      chart(
        {
          initial: 'a',
          states: {
            a: { on: { GO: { target: 'b', actions: ({ self }) => self.stop() } } },
            b: { on: { BACK: 'a' } },
          },
        },
        implementations,
      ),
    'resident',
  ).start(undefined);

  await run.take(send('GO'));
  await run.take(send('BACK'));

  expect(await run.look()).toMatchObject({ value: 'a', status: 'active' });
  expect(run.failedEffects).toHaveLength(1);
});
