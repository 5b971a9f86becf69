import { expect, test } from 'vitest';
import { assign, fromCallback, setup } from 'xstate';
import { holdfastError } from '../../runtime/errors/holdfast-error.ts';
import { AskedHost, hostedMachine } from '../support/hosted-actor.ts';

/** A machine that counts what its callback tells, and who tells and when it was stopped. */
function counting() {
  const callbacks: { tell: () => void; isStopped: boolean }[] = [];
  const teller = fromCallback(({ sendBack }) => {
    const callback = { tell: () => sendBack({ type: 'told' }), isStopped: false };
    callbacks.push(callback);
    return () => {
      callback.isStopped = true;
    };
  });
  const machine = setup({
    types: {} as { context: { told: number } },
    actors: { teller },
  }).createMachine({
    context: { told: 0 },
    initial: 'off',
    states: {
      off: { on: { on: 'counting' } },
      counting: {
        invoke: { src: 'teller' },
        on: { told: { actions: assign({ told: ({ context }) => context.told + 1 }) }, on: 'again' },
      },
      again: { invoke: { src: 'teller' } },
    },
  });
  const asked = new AskedHost(new Map([['thing', hostedMachine(machine)]]));
  const toldAndKept = async () =>
    (await asked.log.events('thing/1')).filter(({ type }) => type === 'told').length;
  return { asked, callbacks, toldAndKept };
}

test('a host that settles keeps what work tells while its actor looks for what others have written', async () => {
  const { asked, callbacks, toldAndKept } = counting();
  await asked.send('thing/1', 'on', {});

  const looking = asked.snapshot('thing/1');
  callbacks[0]?.tell();
  await asked.host.settle();

  expect(await toldAndKept()).toBe(1);
  expect(callbacks[0]?.isStopped).toBe(true);
  await looking;
});

test('a host that settles keeps what waits for a disk that is full', async () => {
  const { asked, callbacks, toldAndKept } = counting();
  await asked.send('thing/1', 'on', {});

  let refusals = 0;
  asked.log.breakWith(() =>
    refusals++ === 0 ? holdfastError('HOLDFAST_ERR_STORAGE_FULL', 'The disk is full.') : undefined,
  );
  callbacks[0]?.tell();
  callbacks[0]?.tell();
  await asked.host.settle();

  expect(refusals).toBeGreaterThan(0);
  expect(await toldAndKept()).toBe(2);
});

test('a host that settles hears nothing of work that it has stopped, and starts none', async () => {
  const { asked, callbacks, toldAndKept } = counting();
  await asked.send('thing/1', 'on', {});

  await asked.host.settle();
  callbacks[0]?.tell();
  await asked.send('thing/1', 'on', {});
  await asked.log.drained();

  expect(await toldAndKept()).toBe(0);
  expect(callbacks).toHaveLength(1);
});

test('a host that settles does not wait for an actor that cannot be read and has nothing to keep', async () => {
  const { asked, callbacks } = counting();
  await asked.send('thing/1', 'on', {});

  asked.log.load = () => Promise.reject(holdfastError('HOLDFAST_ERR_STORAGE_IO', 'It cannot be read.'));
  asked.host.refreshWorking();
  await asked.host.settle();

  expect([callbacks[0]?.isStopped, asked.host.residents]).toEqual([true, 0]);
});

test('a host that settles does not wait for what work tells of an actor that only other code reads', async () => {
  const { asked, callbacks } = counting();
  await asked.send('thing/1', 'on', {});

  asked.log.load = () =>
    Promise.reject(
      holdfastError('HOLDFAST_ERR_TRANSITION_FAILED', 'It fails on what is recorded.', undefined),
    );
  asked.host.refreshWorking();
  callbacks[0]?.tell();
  await asked.host.settle();

  expect([callbacks[0]?.isStopped, asked.host.residents]).toEqual([true, 0]);
});
