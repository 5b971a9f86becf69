import { expect, test } from 'vitest';
import { createMachine, fromPromise, setup } from 'xstate';
import { defineProjection } from '../../runtime/projections/define-projection.ts';
import { rejection, specify } from '../../runtime/testing/index.ts';

const ticket = setup({
  types: {} as { events: { type: 'PAY' } | { type: 'LEAVE' } },
  actors: { charge: fromPromise(async () => 'receipt') },
  delays: { bank: 1_000 },
}).createMachine({
  id: 'ticket',
  initial: 'outside',
  states: {
    outside: { on: { PAY: 'paying' } },
    paying: { invoke: { src: 'charge', onDone: 'inside', onError: 'outside' }, after: { bank: 'outside' } },
    inside: {
      type: 'parallel',
      on: { LEAVE: 'outside' },
      states: {
        a: { initial: 'on', states: { on: { after: { bank: 'off' } }, off: {} } },
        b: { initial: 'on', states: { on: { after: { bank: 'off' } }, off: {} } },
      },
    },
  },
});
const paying = () => specify(ticket).given([{ type: 'PAY' }]);

function failed(message: string): unknown {
  return expect.objectContaining({
    code: 'HOLDFAST_ERR_EXPECTATION_FAILED',
    message: expect.stringContaining(message),
  });
}

test('whoever expects a state by its name in a snapshot of an actor is told the one here', () => {
  expect(() => paying().thenState({ state: 'paying' } as never)).toThrow('the state is called "value" here');
});

test('a refusal that nobody expects is no success, whatever is asked after it', () => {
  const refused = () => specify(ticket).given([]).when({ type: 'LEAVE' });
  const said = 'does not accept "LEAVE"';
  expect(() => refused().thenState({ value: 'outside' })).toThrow(failed(said));
  expect(() => refused().thenState({ value: 'outside' })).toThrow('then(rejection())');
  expect(() => refused().thenState(() => true)).toThrow(failed(said));
  expect(() => refused().thenAsked({ work: [] })).toThrow(failed(said));
  expect(() => refused().when({ type: 'PAY' })).toThrow(failed(said));
  refused()
    .then(rejection())
    .thenState({ value: 'outside' })
    .when({ type: 'PAY' })
    .thenState({ value: 'paying' });
});

test('a timer or work that is not there is told at once, with those that are', () => {
  const timers = 'Timers that are set: xstate.after.bank.ticket.paying. Work under way: charge.';
  expect(() => paying().when({ timer: 'bnak' })).toThrow(failed(`there is no timer "bnak" now. ${timers}`));
  expect(() => paying().when({ work: 'chrge', done: 1 })).toThrow(
    failed(`there is no work "chrge" now. ${timers}`),
  );
  expect(() => specify(ticket).given([{ timer: 'bank' }])).toThrow(
    failed('there is no timer "bank" now. Timers that are set: none. Work under way: none.'),
  );
});

test('a timer is called by its key in `after` where only one has it', () => {
  paying()
    .when({ timer: 'bank' })
    .then([{ type: 'xstate.after.bank.ticket.paying' }])
    .thenState({ value: 'outside' });
  const inside = () => paying().when({ work: 'charge', done: 1 });
  expect(() => inside().when({ timer: 'bank' })).toThrow('xstate.after.bank.ticket.inside.b.on');
  inside()
    .when({ timer: 'xstate.after.bank.ticket.inside.b.on' })
    .when({ timer: 'bank' })
    .thenState({ value: { inside: { a: 'off', b: 'off' } } });
});

test('what happens to an actor at its beginning needs nothing that was given', async () => {
  specify(ticket).when({ type: 'PAY' }).thenState({ value: 'paying' });
  const none = defineProjection('none', {
    version: 1,
    initial: () => 0,
    partition: () => 'a',
    on: { 'a.b': (n) => n },
  });
  await specify(none)
    .when({ partition: 'a' })
    .then(undefined as never);
});

test('an event or a command of a name that the machine does not know is no step, also where a refusal is expected', () => {
  expect(() => specify(ticket).when({ type: 'PYA' } as never)).toThrow(
    '"PYA" is no event that the machine knows',
  );
  expect(() => specify(ticket).when({ command: 'pay' })).toThrow(
    '"pay" is no command that the machine knows',
  );
  const wired = createMachine({ on: { 'net.*': {}, save: {} } });
  expect(() => specify(wired).when({ type: 'nat.up' } as never)).toThrow('It knows save, net.*.');
});
