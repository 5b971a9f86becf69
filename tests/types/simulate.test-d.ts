import { defineAggregate } from 'holdfast';
import { simulate } from 'holdfast/testing';
import { expectTypeOf, test } from 'vitest';
import { setup } from 'xstate';

const tally = defineAggregate('tally', {
  machine: setup({
    types: {} as { context: { sum: number }; events: { type: 'added'; by: number } },
  }).createMachine({ context: { sum: 0 }, on: { added: {} } }),
  commands: {
    double: ({ input }: { input: { times: number } }) => [{ type: 'added' as const, by: input.times }],
    clear: ({ context }: { context: { sum: number } }) => [{ type: 'added' as const, by: -context.sum }],
  },
});

test('a world knows the events, commands and states of definitions', () => {
  void simulate({
    seed: 1,
    definitions: [tally],
    script({ send, execute, states, random }) {
      void send(tally, 'a', { type: 'added', by: 1 });
      // @ts-expect-error: the event has a number
      void send(tally, 'a', { type: 'added', by: '1' });
      void execute(tally, 'a', 'double', { times: 2 });
      void execute(tally, 'a', 'clear');
      // @ts-expect-error: it has an input
      void execute(tally, 'a', 'double');
      // @ts-expect-error: there is no such command
      void execute(tally, 'a', 'triple', { times: 2 });
      expectTypeOf(states(tally)[0]?.context.sum).toEqualTypeOf<number | undefined>();
      expectTypeOf(random.pick(['a', 'b'] as const)).toEqualTypeOf<'a' | 'b'>();
    },
    // @ts-expect-error: there is no such fault
    faults: { fire: 0.1 },
  });
});
