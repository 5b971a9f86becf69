import { enqueueActions } from 'xstate';
import { keep, tellsParent } from '../support/statechart-actions.ts';
import { behaviours } from '../support/statechart-behaviours.ts';
import { type Args, chart } from '../support/statechart-chart.ts';
import { advance, send } from '../support/statechart-step.ts';

/** What a collector is given. */
interface Collecting extends Args {
  readonly enqueue: {
    (action: unknown): void;
    assign(changes: object): void;
    raise(event: object, options?: object): void;
    sendTo(to: unknown, event: object, options?: object): void;
    spawnChild(src: string, options?: object): void;
    stopChild(id: string): void;
    cancel(id: string): void;
    emit(event: object): void;
  };
  check(guard: unknown): boolean;
}

const collects = enqueueActions as unknown as (
  collect: (args: Collecting, params?: unknown) => void,
) => object;

behaviours({
  'actions are collected, and done in the order in which they were': {
    machine: (world) =>
      chart(
        {
          on: {
            GO: {
              actions: collects(({ enqueue }) => {
                enqueue(() => world.did('in place'));
                enqueue('named');
                enqueue({ type: 'with', params: { by: 2 } });
              }),
            },
          },
        },
        { actions: { named: () => world.did('named'), with: (_args, { by }) => world.did(`by ${by}`) } },
      ),
    script: [send('GO')],
    performed: ['in place', 'named', 'by 2'],
  },
  'what is collected may depend on context and event': {
    machine: (world) =>
      chart({
        context: { n: 2 },
        on: {
          GO: {
            actions: collects(({ context, event, enqueue }) => {
              for (let i = 0; i < context.n * event.times; i++) enqueue(() => world.did(`${i}`));
            }),
          },
        },
      }),
    script: [send('GO', { times: 2 })],
    performed: ['0', '1', '2', '3'],
  },
  'a guard may be asked, by name or in place': {
    machine: () =>
      chart(
        {
          context: { n: 0 },
          on: {
            GO: {
              actions: collects(({ enqueue, check }) => {
                if (check('big')) enqueue.assign({ n: ({ context }: Args) => context.n + 10 });
                if (check(({ event }: Args) => event.by < 100))
                  enqueue.assign({ n: ({ context }: Args) => context.n + 1 });
              }),
            },
          },
        },
        { guards: { big: ({ event }) => event.by > 5 } },
      ),
    script: [send('GO', { by: 9 }), send('GO', { by: 999 }), send('GO', { by: 1 })],
    last: { context: { n: 22 } },
  },
  'assignments that are collected count one after the other': {
    machine: () =>
      chart({
        context: { n: 1 },
        on: {
          GO: {
            actions: collects(({ enqueue }) => {
              enqueue.assign({ n: ({ context }: Args) => context.n * 2 });
              enqueue.assign({ n: ({ context }: Args) => context.n + 1 });
            }),
          },
        },
      }),
    script: [send('GO'), send('GO')],
    last: { context: { n: 7 } },
  },
  'events are raised, also later, and cancelled': {
    machine: () =>
      chart({
        initial: 'a',
        states: {
          a: {
            on: {
              GO: {
                actions: collects(({ enqueue }) => {
                  enqueue.raise({ type: 'LATE' }, { delay: 5, id: 'late' });
                  enqueue.raise({ type: 'NOW' });
                }),
              },
              NOW: 'b',
            },
          },
          b: { on: { LATE: 'c', STOP: { actions: collects(({ enqueue }) => enqueue.cancel('late')) } } },
          c: {},
        },
      }),
    script: [send('GO'), send('STOP'), advance(5)],
    values: ['a', 'b', 'b', 'b'],
  },
  'children are spawned, sent to and stopped': {
    machine: () =>
      chart(
        {
          context: {},
          on: {
            GO: {
              actions: collects(({ enqueue }) => {
                enqueue.spawnChild('child', { id: 'c' });
                enqueue.sendTo('c', { type: 'ASK', n: 3 });
              }),
            },
            STOP: { actions: collects(({ enqueue }) => enqueue.stopChild('c')) },
            ANSWER: { actions: keep('n') },
          },
        },
        {
          actors: {
            child: chart({
              on: { ASK: { actions: tellsParent(({ event }) => ({ type: 'ANSWER', n: event.n * 2 })) } },
            }),
          },
        },
      ),
    script: [send('GO'), send('STOP')],
    last: { context: { n: 6 }, children: {} },
  },
  'a collector may be named, and collect other collectors': {
    machine: (world) =>
      chart(
        { on: { GO: { actions: 'outer' } } },
        {
          actions: {
            outer: collects(({ enqueue }) => {
              enqueue(() => world.did('outer'));
              enqueue({ type: 'inner', params: { n: 1 } });
              enqueue(() => world.did('outer again'));
            }),
            inner: collects(({ enqueue }, params) =>
              enqueue(() => world.did(`inner ${JSON.stringify(params)}`)),
            ),
          },
        },
      ),
    script: [send('GO')],
    performed: ['outer', 'inner {"n":1}', 'outer again'],
  },
  'a collector may be an entry and an exit action': {
    machine: (world) =>
      chart({
        initial: 'a',
        states: {
          a: { exit: collects(({ enqueue }) => enqueue(() => world.did('leave a'))), on: { GO: 'b' } },
          b: { entry: collects(({ enqueue }) => enqueue(() => world.did('enter b'))) },
        },
      }),
    script: [send('GO')],
    performed: ['leave a', 'enter b'],
  },
  'an event may be emitted by a collector': {
    machine: () =>
      chart({
        on: {
          GO: { actions: collects(({ enqueue, event }) => enqueue.emit({ type: 'went', far: event.far })) },
        },
      }),
    script: [send('GO', { far: 3 })],
    emitted: [{ type: 'went', far: 3 }],
  },
});
