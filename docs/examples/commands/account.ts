// account.ts: what an account is; the app and every host thread import it
import { type DecideArgs, defineAggregate } from 'holdfast';
import { assign, emit, setup } from 'xstate';
import { z } from 'zod';

type Events =
  | { type: 'opened'; owner: string }
  | { type: 'deposited'; cents: number }
  | { type: 'withdrawn'; cents: number }
  | { type: 'closed' };

const machine = setup({
  types: {} as {
    context: { owner: string; cents: number };
    events: Events;
    emitted: { type: 'balanced'; cents: number };
  },
}).createMachine({
  context: { owner: '', cents: 0 },
  initial: 'absent',
  states: {
    absent: {
      on: { opened: { target: 'open', actions: assign({ owner: ({ event }) => event.owner }) } },
    },
    open: {
      on: {
        deposited: {
          actions: [
            assign({ cents: ({ context, event }) => context.cents + event.cents }),
            emit(({ context }) => ({ type: 'balanced', cents: context.cents })),
          ],
        },
        withdrawn: { actions: assign({ cents: ({ context, event }) => context.cents - event.cents }) },
        closed: 'closed',
      },
    },
    closed: { type: 'final' },
  },
});

export const account = defineAggregate('account', {
  machine,
  // Any Standard Schema, for what is sent and what commands decide on; an event without one is not checked.
  events: {
    opened: z.object({ owner: z.string().min(1) }),
    deposited: z.object({ cents: z.int().positive() }),
  },
  commands: {
    // What the schema returns reaches `decide`, which returns events, or throws to refuse.
    withdraw: {
      input: z.object({ cents: z.int().positive() }),
      decide: ({ context, input }) => {
        if (input.cents > context.cents) throw new Error(`there are ${context.cents} cents`);
        return { type: 'withdrawn', cents: input.cents };
      },
    },
    // A plain function: its input has a type, and is not checked. Several events are kept all or none.
    gift: ({ input }: DecideArgs<typeof machine, { times: number }>) =>
      Array.from({ length: input.times }, () => ({ type: 'deposited' as const, cents: 100 })),
    // No input, and perhaps no event.
    empty: ({ context }) => (context.cents === 0 ? [] : { type: 'withdrawn', cents: context.cents }),
  },
});
