import { expect, test } from 'vitest';
import { assign, enqueueActions } from 'xstate';
import { AskedHost, hostedMachine } from '../support/hosted-actor.ts';
import { bump, keep, sends, tellsParent } from '../support/statechart-actions.ts';
import { behaviours } from '../support/statechart-behaviours.ts';
import { type Args, chart } from '../support/statechart-chart.ts';
import { HostedRun } from '../support/statechart-run.ts';
import { send } from '../support/statechart-step.ts';

const collects = enqueueActions as unknown as (
  collect: (
    args: Args & {
      readonly enqueue: { stopChild(actor: object): void; assign(changes: object): void };
    },
  ) => void,
) => object;

const document = chart({
  context: { edits: 0 },
  on: {
    EDIT: { actions: bump('edits') },
    ASK: { actions: tellsParent(({ context }) => ({ type: 'ANSWER', edits: context.edits })) },
  },
});

const editor = () =>
  chart(
    {
      context: { open: new Map(), dirty: new Set(), edits: 0 },
      on: {
        OPEN: {
          actions: assign(({ context, event, spawn }: Args) => ({
            open: new Map(context.open).set(event.path, { ref: spawn('document', { id: event.path }) }),
          })) as object,
        },
        EDIT: {
          actions: [
            sends(({ context, event }: Args) => context.open.get(event.path).ref, { type: 'EDIT' }),
            assign(({ context, event }: Args) => ({
              dirty: new Set(context.dirty).add(context.open.get(event.path).ref),
            })) as object,
          ],
        },
        ASK: {
          actions: sends(({ context, event }: Args) => context.open.get(event.path).ref, { type: 'ASK' }),
        },
        ANSWER: { actions: keep('edits') },
        CLOSE: {
          actions: collects(({ context, event, enqueue }) => {
            const open = new Map<string, { ref: object }>(context.open);
            enqueue.stopChild((open.get(event.path) as { ref: object }).ref);
            open.delete(event.path);
            enqueue.assign({ open, dirty: new Set() });
          }),
        },
      },
    },
    { actors: { document } },
  );

const reference = (id: string) => ({ xstate$$type: 1, id });

behaviours({
  'children may be kept in a map and in a set, also deep in them': {
    machine: editor,
    script: [
      send('OPEN', { path: 'a' }),
      send('OPEN', { path: 'b' }),
      send('EDIT', { path: 'b' }),
      send('EDIT', { path: 'b' }),
      send('CLOSE', { path: 'a' }),
      send('EDIT', { path: 'b' }),
      send('ASK', { path: 'b' }),
    ],
    last: {
      context: {
        open: new Map([['b', { ref: reference('b') }]]),
        dirty: new Set([reference('b')]),
        edits: 3,
      },
    },
  },
});

behaviours({
  'a machine may begin with a map of children': {
    machine: () =>
      chart(
        {
          context: ({ spawn }) => ({ open: new Map([['a', spawn('document', { id: 'a' })]]), edits: 0 }),
          on: {
            EDIT: { actions: sends(({ context }: Args) => context.open.get('a'), { type: 'EDIT' }) },
            ASK: { actions: sends(({ context }: Args) => context.open.get('a'), { type: 'ASK' }) },
            ANSWER: { actions: keep('edits') },
          },
        },
        { actors: { document } },
      ),
    script: [send('EDIT'), send('ASK')],
    last: { context: { open: new Map([['a', reference('a')]]), edits: 1 } },
  },
});

test('a state in which an actor is kept in a map is not saved, since XState would not find the actor again', async () => {
  const run = await new HostedRun(editor, 'passivated').start(undefined);
  const savedAt = async () => {
    const { fingerprint } = hostedMachine(editor());
    return (await run.log.load({ stream: 'thing/1', after: 0, fingerprint, key: null })).snapshot?.version;
  };
  await run.take(send('OPEN', { path: 'a' }));
  const whileOpen = await savedAt();
  await run.take(send('CLOSE', { path: 'a' }));

  expect([whileOpen, await savedAt()]).toEqual([1, 3]);
});

test.each([
  ['map', (child: object) => new Map([['a', { child }]])],
  ['set', (child: object) => new Set([child])],
])('that a %s holds an actor is seen before a tree of many is persisted in vain', (_what, keep) => {
  const machine = chart(
    { context: ({ spawn }) => ({ open: keep(spawn('document', { id: 'a' })) }) },
    { actors: { document } },
  );
  const identity = { id: '1', address: 'thing/1', onInput: () => undefined };

  expect(hostedMachine(machine).begin(identity).tree?.isRestorable).toBe(false);
});

test('a map with an actor that also holds what cannot be kept is refused, with the path to that', async () => {
  const machine = chart(
    {
      context: { open: new Map() },
      on: {
        OPEN: {
          actions: assign(({ spawn }: Args) => ({
            open: new Map([['a', [spawn('document', { id: 'a' }), () => 1]]]),
          })) as object,
        },
        TIE: {
          actions: assign(({ spawn }: Args) => {
            const tied = new Map<string, unknown>([['a', spawn('document', { id: 'a' })]]);
            return { open: tied.set('itself', tied) };
          }) as object,
        },
      },
    },
    { actors: { document } },
  );
  const host = new AskedHost(new Map([['thing', hostedMachine(machine)]]));

  expect(await host.send('thing/1', 'OPEN', {})).toMatchObject({
    code: 'HOLDFAST_ERR_TRANSITION_FAILED',
    message: expect.stringContaining('context.open.get(a)[1] is a function'),
  });
  expect(await host.send('thing/1', 'TIE', {})).toMatchObject({
    code: 'HOLDFAST_ERR_TRANSITION_FAILED',
    message: expect.stringContaining('context.open.get(itself)'),
  });
});
