import fc from 'fast-check';
import { defineAggregate, defineProjection } from 'holdfast';
import { EventStore, InMemoryEventStoreBackend } from 'holdfast/store';
import { defineModel, propertyTest, rejection, replay, specify, stepsOf, testPaths } from 'holdfast/testing';
import { expectTypeOf, test } from 'vitest';
import { assign, setup } from 'xstate';
import { z } from 'zod';

const machine = setup({
  types: {} as {
    context: { cents: number };
    events: { type: 'paid'; cents: number } | { type: 'closed' };
    input: { limit: number };
  },
}).createMachine({
  initial: 'open',
  context: { cents: 0 },
  states: {
    open: {
      on: {
        paid: { actions: assign({ cents: ({ context, event }) => context.cents + event.cents }) },
        closed: 'gone',
      },
    },
    gone: { type: 'final' },
  },
});
const account = defineAggregate('account', { machine, input: () => ({ limit: 1 }) });

test('the state that properties see is that of the machine, whatever it is given as', () => {
  void propertyTest(account, {
    invariants: {
      typed: (state) => {
        expectTypeOf(state.context).toEqualTypeOf<{ cents: number }>();
        expectTypeOf(state.matches).parameter(0).toEqualTypeOf<'open' | 'gone'>();
      },
    },
  });
  void propertyTest(machine, { invariants: { typed: ({ context }) => context.cents >= 0 } });
  void propertyTest(defineModel(account), {
    steps: {
      typed: (before, step) => {
        expectTypeOf(before.context.cents).toEqualTypeOf<number>();
        if (step.type === 'paid') expectTypeOf(step).toHaveProperty('cents');
      },
    },
    eventually: { typed: (state) => state.matches('gone') },
  });
});

test('what follows is an event of the machine, or one that XState has sent', () => {
  const scenario = specify(machine).when({ timer: '1000' });
  scenario.then([{ type: 'xstate.after.1000.account.open' }]);
  scenario.then([{ type: 'closed' }, { type: 'paid', cents: 1 }]);
  // @ts-expect-error: no event of the machine
  scenario.then([{ type: 'close' }]);
  // @ts-expect-error: not its payload
  scenario.then([{ type: 'paid', cents: '1' }]);
  // @ts-expect-error: more than its payload
  scenario.then([{ type: 'paid', cents: 1, other: 1 }]);
});

test('payloads are those of the machine', () => {
  defineModel(machine, {
    input: fc.record({ limit: fc.nat() }),
    events: {
      paid: ({ context }) => fc.record({ cents: fc.constantFrom(1, context.cents) }),
    },
  });
  defineModel(machine, { events: { paid: z.object({ cents: z.int() }), closed: [{}] } });
  defineModel(machine, { events: { paid: [{ cents: 1 }] } });
  // @ts-expect-error: no event of the machine
  defineModel(machine, { events: { payed: [{ cents: 1 }] } });
  // @ts-expect-error: not the payload of the event
  defineModel(machine, { events: { paid: [{ euros: 1 }] } });
  // @ts-expect-error: not the payload of the event
  defineModel(machine, { events: { paid: fc.record({ cents: fc.string() }) } });
  // @ts-expect-error: not the input of the machine
  defineModel(machine, { input: [{ limit: 'no' }] });
});

test('steps and paths are those of the machine', async () => {
  const { snapshot } = await replay(account, [{ type: 'paid', cents: 1 }, { timer: 'any' }]);
  expectTypeOf(snapshot.context).toEqualTypeOf<{ cents: number }>();
  // @ts-expect-error: no event of the machine
  void replay(account, [{ type: 'payed' }]);
  const { paths } = await testPaths(machine, { abstraction: ({ context }) => context.cents > 0 });
  expectTypeOf(paths[0]!.snapshot.context.cents).toEqualTypeOf<number>();
});

test('what a stream of the event store tells is replayed as it is', async () => {
  const store = EventStore.withBackend(new InMemoryEventStoreBackend());
  const { steps, input } = stepsOf<typeof machine>(await store.getEventsAfter('account/7', 0));
  expectTypeOf(input).toEqualTypeOf<unknown>();
  void replay(account, steps);
  // Whoever does not say which machine it is has steps of any.
  void replay(account, stepsOf([]).steps);
});

test('specifications take events of the machine, and results of the projection', () => {
  specify(account)
    .given([{ type: 'paid', cents: 1 }])
    .when({ type: 'closed' })
    .then([{ type: 'closed' }])
    .thenState({ value: 'gone', context: { cents: 1 } })
    .then(rejection('HOLDFAST_ERR_EVENT_REJECTED'));
  // @ts-expect-error: no event of the machine
  specify(account).given([{ type: 'payed' }]);
  // @ts-expect-error: no state of the machine
  specify(account).given([]).thenState({ value: 'shut' });
  // @ts-expect-error: no code
  rejection('HOLDFAST_ERR_SOMETHING');
  const total = defineProjection('total', {
    version: 1,
    initial: () => 0,
    on: { 'account.paid': (sum) => sum + 1 },
  });
  void specify(total).given([]).then(0);
  // @ts-expect-error: not its state
  void specify(total).given([]).then('0');
});
