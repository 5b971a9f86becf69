import { expect, test } from 'vitest';
import { createActor, enqueueActions, fromCallback, spawnChild, stopChild } from 'xstate';
import { addressOf } from '../../actors/definitions/address-of.ts';
import { AskedHost, hostedMachine } from '../support/hosted-actor.ts';
import { bump, emits, raises, sends } from '../support/statechart-actions.ts';
import { chart } from '../support/statechart-chart.ts';
import { HostedRun } from '../support/statechart-run.ts';
import { advance, send } from '../support/statechart-step.ts';

const counter = chart({ context: { n: 0 }, on: { ADD: { actions: bump('n') } } });

test('a second delayed event of a name takes the place of the first, where XState would send both', async () => {
  const run = await new HostedRun(
    () =>
      chart({
        context: { n: 0 },
        on: {
          ASK: { actions: raises({ type: 'DUE' }, { delay: 10, id: 'it' }) },
          DUE: { actions: bump('n') },
        },
      }),
    'replayed',
  ).start(undefined);

  await run.take(send('ASK'));
  await run.take(advance(5));
  await run.take(send('ASK'));
  await run.take(advance(10));

  expect((await run.look()).context).toEqual({ n: 1 });
});

test('an event for an address may be delayed by a child, and is cancelled with the child', async () => {
  const sending = chart({
    entry: [
      sends(() => addressOf('other', '1'), { type: 'FIRST' }, { delay: 10 }),
      sends(() => addressOf('other', '1'), { type: 'SECOND' }, { delay: 20 }),
    ],
  });
  const run = await new HostedRun(
    () =>
      chart(
        { entry: spawnChild('c', { id: 'c' }), on: { STOP: { actions: stopChild('c') } } },
        { actors: { c: sending } },
      ),
    'replayed',
  ).start(undefined);
  const sent: string[] = [];
  run.onMessage = ({ address, type }) => sent.push(`${type} to ${address}`);

  await run.take(advance(10));
  await run.take(send('STOP'));
  await run.take(advance(10));

  expect(sent).toEqual(['FIRST to other/1']);
});

test('what the callback of an actor emits is heard from the actor', async () => {
  const run = await new HostedRun(
    () =>
      chart(
        {
          initial: 'a',
          states: { a: { on: { GO: 'b' } }, b: { entry: emits({ type: 'entered' }), invoke: { src: 'cb' } } },
        },
        { actors: { cb: fromCallback(({ emit }) => emit({ type: 'said' } as never)) } },
      ),
    'resident',
  ).start(undefined);

  await run.take(send('GO'));

  expect((await run.look()).emitted).toEqual([{ type: 'entered' }, { type: 'said' }]);
});

test('an event whose transition throws is refused and changes nothing, where XState would end the actor', async () => {
  const run = await new HostedRun(
    () =>
      chart(
        {
          context: { n: 0 },
          on: {
            ADD: { actions: bump('n') },
            BAD: { actions: [bump('n'), sends('nobody', { type: 'X' })] },
          },
        },
        { actors: { counter } },
      ),
    'resident',
  ).start(undefined);

  await run.take(send('ADD'));
  await run.take(send('BAD'));
  await run.take(send('ADD'));

  expect(await run.look()).toMatchObject({ status: 'active', context: { n: 2 } });
});

test.each([
  ['a delayed event', raises(({ self }) => ({ type: 'LATER', by: self }), { delay: 5 }), 'LATER.by'],
  ['an emitted event', emits(({ self }) => ({ type: 'made', by: self })), 'emit "made".by'],
  ['a message', sends(addressOf('other', '1') as never, { type: 'HI', by: createActor(counter) }), 'HI.by'],
])('%s that refers to an actor is refused with what to give instead', async (_what, action, path) => {
  const machine = chart({ on: { GO: { actions: action } } }, { actors: { counter } });
  const host = new AskedHost(new Map([['thing', hostedMachine(machine)]]));

  expect(await host.send('thing/1', 'GO', {})).toMatchObject({
    code: 'HOLDFAST_ERR_PAYLOAD_INVALID',
    message: expect.stringContaining(`${path} is an actor, and only a context can refer to one. Give its id`),
    path,
  });
});

test('an actor with children may send any number of messages to other actors in one step', async () => {
  const count = 10_001;
  const run = await new HostedRun(
    () =>
      chart(
        {
          entry: spawnChild('c', { id: 'c' }),
          on: {
            TELL: {
              actions: enqueueActions(({ enqueue }) => {
                for (let n = 0; n < count; n++)
                  enqueue(sends(() => addressOf('other', '1'), { type: 'TOLD', n }) as never);
              }),
            },
          },
        },
        { actors: { c: counter } },
      ),
    'resident',
  ).start(undefined);
  let sent = 0;
  run.onMessage = () => sent++;

  await run.take(send('TELL'));

  expect(sent).toBe(count);
});
