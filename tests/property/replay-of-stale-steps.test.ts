import { expect, test } from 'vitest';
import { assign, fromPromise, setup } from 'xstate';
import { defineAggregate } from '../../actors/definitions/define-aggregate.ts';
import { defineModel, propertyTest, replay } from '../../runtime/testing/index.ts';

const machine = setup({
  types: {} as { context: { paid: number }; events: { type: 'PAY' } | { type: 'paidAll' } },
  actors: { charge: fromPromise(async () => 'receipt') },
  delays: { bank: 1_000 },
}).createMachine({
  id: 'ticket',
  initial: 'open',
  context: { paid: 0 },
  states: {
    open: { on: { PAY: 'paying', paidAll: { actions: assign({ paid: 1 }) } } },
    paying: { invoke: { src: 'charge', onDone: 'open', onError: 'open' }, after: { bank: 'late' } },
    late: { on: { PAY: 'paying' }, after: { bank: 'open' } },
  },
});
const ticket = defineAggregate('ticket', {
  machine,
  commands: { payAll: () => ({ type: 'paidAll' as const }) },
});

test.each([
  [{ type: 'PAYY' }, '"PAYY" is no event that the machine knows. Did you mean "PAY"?'],
  [{ command: 'payal' }, '"payal" is no command that the machine knows. Did you mean "payAll"?'],
  [{ work: 'chrge', done: 1 }, '"chrge" is no work that the machine knows. Did you mean "charge"?'],
  [{ timer: 'bnak' }, '"bnak" is no timer that the machine knows.'],
  [{ timer: 'xstate.after.bank.ticket.paing' }, 'Did you mean "xstate.after.bank.ticket.paying"?'],
])('a step that the machine cannot take in any state is refused: %o', async (step, message) => {
  await expect(replay(ticket, [step as never])).rejects.toMatchObject({
    code: 'HOLDFAST_ERR_OPTION_INVALID',
    message: expect.stringContaining(message),
  });
});

test('what is not possible where it comes is told', async () => {
  const steps = [
    { timer: 'xstate.after.bank.ticket.late' },
    { command: 'payAll' },
    { work: 'charge', done: 1 },
    { type: 'PAY' },
  ] as const;
  const replayed = await replay(ticket, steps);
  expect(replayed.impossible).toEqual([steps[0], steps[2]]);
  expect(replayed.steps.map(({ outcome }) => outcome)).toEqual(['accepted', 'accepted']);
  expect((await replay(ticket, [{ type: 'PAY' }])).impossible).toEqual([]);
});

test('a timer is also called by its key in `after`', async () => {
  const { snapshot, impossible } = await replay(ticket, [{ type: 'PAY' }, { timer: 'bank' }]);
  expect([snapshot.value, impossible]).toEqual(['late', []]);
});

test('a command without an input is tried when it is told so', async () => {
  const { untriedCommands } = await propertyTest(ticket, { numRuns: 1 });
  expect(untriedCommands).toEqual(['payAll']);
  const model = defineModel(ticket, { commands: { payAll: [undefined] } });
  const report = await propertyTest(model, {
    numRuns: 5,
    eventually: { paid: ({ context }) => context.paid > 0 },
  });
  expect(report).toMatchObject({ untriedCommands: [], eventually: { paid: 'ok' } });
});
