import { defineAggregate, type MigratedSnapshot, type OlderSnapshot, type Runtime } from 'holdfast';
import { expectTypeOf, test } from 'vitest';
import { setup } from 'xstate';

const machine = setup({
  types: {} as {
    context: { title: string; words: number };
    events:
      | { type: 'created'; title: string }
      | { type: 'edited'; body: string; words: number }
      | { type: 'published' };
  },
}).createMachine({
  context: { title: '', words: 0 },
  initial: 'absent',
  states: {
    absent: { on: { created: 'draft', edited: {} } },
    draft: { on: { published: 'live' } },
    live: {},
  },
});

const nested = setup({}).createMachine({
  initial: 'paying',
  states: { paying: { initial: 'card', states: { card: {}, cash: {} } }, paid: {} },
});

test('a chain ends in the payload that the machine takes', () => {
  defineAggregate('document', {
    machine,
    upcast: {
      edited: [
        (data: { text: string }) => ({ body: data.text }),
        (data: { body: string }) => ({ ...data, words: data.body.split(' ').length }),
      ],
      created: [() => ({ title: 'untitled' })],
    },
  });
  defineAggregate('document', {
    machine,
    upcast: {
      // @ts-expect-error: the payload lacks its words
      edited: [
        (data: { text: string }) => ({ body: data.text }),
        (data: { body: string }) => ({ body: data.body }),
      ],
    },
  });
  defineAggregate('document', {
    machine,
    upcast: {
      // @ts-expect-error: the title is no string
      created: [() => ({ title: 1 })],
    },
  });
});

test('a stored payload is unknown until somebody says what it was', () => {
  defineAggregate('document', {
    machine,
    upcast: {
      created: [
        (data) => {
          expectTypeOf(data).toEqualTypeOf<unknown>();
          // @ts-expect-error: nothing is known of it
          return { title: data.name };
        },
      ],
    },
  });
});

test('an event can be renamed, split and dropped', () => {
  defineAggregate('document', {
    machine,
    upcast: {
      revised: [(data: { body: string }) => [{ type: 'edited', body: data.body, words: 1 }]],
      imported: [
        (data: { title: string; body: string }) => [
          { type: 'created', title: data.title },
          { type: 'edited', body: data.body, words: 1 },
        ],
      ],
      viewed: [() => []],
      // An older form of a type with a chain passes through that chain.
      changed: [(data: { body: string }) => [{ type: 'revised', body: data.body }]],
    },
  });
});

test('a type that the machine does not have must become events that it has', () => {
  defineAggregate('document', {
    machine,
    upcast: {
      // @ts-expect-error: the machine has no such type, so a payload leads nowhere
      revised: [(data: { body: string }) => ({ body: data.body, words: 1 })],
    },
  });
  defineAggregate('document', {
    machine,
    upcast: {
      // @ts-expect-error: there is no such event
      revised: [(data: { body: string }) => [{ type: 'editted', body: data.body, words: 1 }]],
    },
  });
  defineAggregate('document', {
    machine,
    upcast: {
      // @ts-expect-error: the event lacks its words
      revised: [(data: { body: string }) => [{ type: 'edited', body: data.body }]],
    },
  });
});

test('a chain is an array of functions that answer at once, and has at least one', () => {
  defineAggregate('document', {
    machine,
    // @ts-expect-error: a chain, not a function
    upcast: { created: () => ({ title: '' }) },
  });
  defineAggregate('document', {
    machine,
    // @ts-expect-error: an empty chain does nothing
    upcast: { created: [] },
  });
  defineAggregate('document', {
    machine,
    upcast: {
      // @ts-expect-error: a promise is no payload
      created: [async () => ({ title: '' })],
    },
  });
  defineAggregate('document', {
    machine,
    upcast: {
      // @ts-expect-error: a forgotten return
      created: [() => {}],
    },
  });
});

test('migrate makes a snapshot of the machine', () => {
  defineAggregate('document', {
    machine,
    version: 2,
    migrate: (snapshot: OlderSnapshot<{ name: string }>, fromVersion) => {
      expectTypeOf(fromVersion).toEqualTypeOf<number>();
      return fromVersion === 1
        ? { state: 'draft', context: { title: snapshot.context.name, words: 0 } }
        : undefined;
    },
  });
  defineAggregate('document', {
    machine,
    version: 2,
    migrate: () => ({ state: 'draft', context: { title: '', words: 0 } }),
  });
  defineAggregate('document', {
    machine,
    version: 2,
    migrate: ({ state }: OlderSnapshot) => ({
      state: state === 'frozen' ? 'live' : 'draft',
      context: { title: '', words: 0 },
    }),
  });
  defineAggregate('nested', {
    machine: nested,
    version: 2,
    // What is returned in several shapes of state names its type.
    migrate: ({ state }: OlderSnapshot): MigratedSnapshot<typeof nested> =>
      state === 'paid' ? { state, context: {} } : { state: { paying: 'card' }, context: {} },
  });
  defineAggregate('nested', {
    machine: nested,
    version: 2,
    migrate: () => ({ state: { paying: 'card' }, context: {} }),
  });
  defineAggregate('nested', {
    machine: nested,
    version: 2,
    // @ts-expect-error: nothing is paid by cheque
    migrate: () => ({ state: { paying: 'cheque' }, context: {} }),
  });
  defineAggregate('document', {
    machine,
    version: 2,
    // @ts-expect-error: there is no such state
    migrate: () => ({ state: 'gone', context: { title: '', words: 0 } }),
  });
  defineAggregate('document', {
    machine,
    version: 2,
    // @ts-expect-error: the context lacks its words
    migrate: () => ({ state: 'draft', context: { title: '' } }),
  });
  defineAggregate('document', {
    machine,
    version: 2,
    // @ts-expect-error: migrating is computing: it answers at once
    migrate: async () => undefined,
  });
});

declare const runtime: Runtime;

test('upcasters and migrate do not change what commands take', () => {
  const whole = defineAggregate('document', {
    machine,
    version: 2,
    upcast: { revised: [(data: { body: string }) => [{ type: 'edited', body: data.body, words: 1 }]] },
    migrate: () => undefined,
    commands: {
      create: ({ input }: { input: { title: string } }) => ({ type: 'created', title: input.title }),
    },
  });
  void runtime.actor(whole, 'plan').execute('create', { title: 'Plan' });
  // @ts-expect-error: the title is no string
  void runtime.actor(whole, 'plan').execute('create', { title: 1 });
  // @ts-expect-error: an older type cannot be sent
  void runtime.actor(whole, 'plan').send({ type: 'revised', body: '' });
});
