import { expect, test } from 'vitest';
import { fromCallback, setup } from 'xstate';
import { AskedHost, hostedMachine } from '../support/hosted-actor.ts';

test('an action that sends to its own actor does not have it dropped before its work is started', async () => {
  const started: string[] = [];
  const machine = setup({
    actors: {
      noted: fromCallback(({ self }) => {
        started.push(self.id);
      }),
    },
    actions: { poke: ({ self }) => self.send({ type: 'poked' }) },
  }).createMachine({
    initial: 'off',
    states: {
      off: { on: { on: 'on' } },
      on: {
        entry: 'poke',
        on: { poked: { actions: () => undefined } },
        invoke: { src: 'noted', id: 'work' },
      },
    },
  });
  const asked = new AskedHost(new Map([['thing', hostedMachine(machine)]]), { residentsMax: 1 });
  // One that has work stays, so that there is no room for another.
  await asked.send('thing/1', 'on', {});
  await asked.log.drained();

  await asked.send('thing/2', 'on', {});
  await asked.log.drained();
  await asked.snapshot('thing/2');

  expect(started).toEqual(['work', 'work']);
});
