import {
  type ActorRefOf,
  type AggregateDefinition,
  addressOf,
  defineAggregate,
  type Runtime,
} from 'holdfast';
import { expectTypeOf, test } from 'vitest';
import { assign, sendTo, setup } from 'xstate';
import { z } from 'zod';

const documentMachine = setup({
  types: {} as {
    context: { title: string; revisions: number };
    events: { type: 'created'; title: string } | { type: 'revised'; body: string } | { type: 'published' };
  },
}).createMachine({
  context: { title: '', revisions: 0 },
  initial: 'absent',
  states: {
    absent: {
      on: { created: { target: 'draft', actions: assign({ title: ({ event }) => event.title }) } },
    },
    draft: { on: { revised: {}, published: 'published' } },
    published: {},
  },
});

const document = defineAggregate('document', { machine: documentMachine });

declare const runtime: Runtime;

const plan = runtime.actor(document, 'plan');

test('send takes the events of the machine and nothing else', () => {
  void plan.send({ type: 'created', title: 'Plan' });
  void plan.send({ type: 'published' });
  // @ts-expect-error: there is no such event
  void plan.send({ type: 'destroyed' });
  // @ts-expect-error: the title is missing
  void plan.send({ type: 'created' });
  // @ts-expect-error: the title is no string
  void plan.send({ type: 'created', title: 1 });
  // @ts-expect-error: an event has no such property
  void plan.send({ type: 'published', by: 'me' });
  // @ts-expect-error: an event is an object
  void plan.send('published');
});

test('send takes its own options and nothing else', () => {
  const event = { type: 'published' } as const;
  void plan.send(event, { expectedVersion: 1, idempotencyKey: 'k', metadata: { by: 'me' }, timeoutMs: 10 });
  void plan.send(event, { expectedVersion: 'no-stream' });
  // @ts-expect-error: a misspelled option
  void plan.send(event, { expectedversion: 1 });
  // @ts-expect-error: a version, or a word that the store knows
  void plan.send(event, { expectedVersion: 'never' });
});

test('what comes back has the states and the context of the machine', async () => {
  const receipt = await plan.send({ type: 'published' });
  expectTypeOf(receipt.state).toEqualTypeOf<'absent' | 'draft' | 'published'>();
  expectTypeOf(receipt.version).toEqualTypeOf<number>();
  expectTypeOf(receipt.eventId).toEqualTypeOf<string>();

  const snapshot = await plan.snapshot();
  expectTypeOf(snapshot.context).toEqualTypeOf<{ title: string; revisions: number }>();
  expectTypeOf(snapshot.state).toEqualTypeOf<'absent' | 'draft' | 'published'>();
  expectTypeOf(snapshot.status).toEqualTypeOf<'active' | 'done' | 'error'>();

  for await (const change of plan.changes()) {
    expectTypeOf(change.context.title).toEqualTypeOf<string>();
    // @ts-expect-error: the context has no such property
    void change.context.tittle;
  }

  await plan.waitFor(({ state, context }) => state === 'published' && context.revisions > 1);
  // @ts-expect-error: there is no such state
  await plan.waitFor(({ state }) => state === 'destroyed');
});

test('an actor has only the commands of its definition', () => {
  const withCommands = runtime.actor(article, 'a');
  // @ts-expect-error: there is no such command
  void withCommands.execute('destroy', {});
  // @ts-expect-error: a definition without commands has none
  void plan.execute('rename', { title: 'Plan' });
});

const article = defineAggregate('article', {
  machine: documentMachine,
  commands: {
    rename: {
      input: z.object({ title: z.string(), loud: z.boolean().default(false) }),
      decide: ({ context, state, input }) => {
        expectTypeOf(input).toEqualTypeOf<{ title: string; loud: boolean }>();
        expectTypeOf(context).toEqualTypeOf<{ title: string; revisions: number }>();
        expectTypeOf(state).toEqualTypeOf<'absent' | 'draft' | 'published'>();
        return state === 'absent' ? [{ type: 'created', title: input.title }] : [];
      },
    },
    publish: ({ context }) => {
      expectTypeOf(context.title).toEqualTypeOf<string>();
      return { type: 'published' };
    },
  },
});

test('execute takes the input of the command', () => {
  const actor = runtime.actor(article, 'a');
  void actor.execute('rename', { title: 'Plan', loud: true });
  // @ts-expect-error: the title is missing
  void actor.execute('rename', { loud: true });
  // @ts-expect-error: the title is no string
  void actor.execute('rename', { title: 1, loud: true });
});

test('what takes an actor names its type by the definition', () => {
  expectTypeOf(runtime.actor(article, 'a')).toEqualTypeOf<ActorRefOf<typeof article>>();
  expectTypeOf(plan).toEqualTypeOf<ActorRefOf<typeof document>>();
  async function rename(actor: ActorRefOf<typeof article>, title: string) {
    // @ts-expect-error: there is no such command
    void actor.execute('destroy');
    return (await actor.execute('rename', { title })).state;
  }
  expectTypeOf(rename(runtime.actor(article, 'a'), 'Plan')).resolves.toEqualTypeOf<
    'absent' | 'draft' | 'published'
  >();
});

test('execute takes what the schema takes, before its defaults are filled in', () => {
  void runtime.actor(article, 'a').execute('rename', { title: 'Plan' });
});

test('a command without an input is executed without one', () => {
  void runtime.actor(article, 'a').execute('publish');
});

test('a command that is a plain function names its input itself', () => {
  const named = defineAggregate('article', {
    machine: documentMachine,
    commands: {
      rename: ({ input }: { input: { title: string } }) => ({ type: 'created', title: input.title }),
    },
  });
  const actor = runtime.actor(named, 'a');
  void actor.execute('rename', { title: 'Plan' });
  // @ts-expect-error: the title is missing
  void actor.execute('rename', {});
  // @ts-expect-error: the input is missing
  void actor.execute('rename');
});

test('decide gets what the schema made of the input', () => {
  const parsed = defineAggregate('article', {
    machine: documentMachine,
    commands: {
      rename: {
        input: z.object({ title: z.number().transform(String) }),
        decide: ({ input }) => [{ type: 'created', title: input.title }],
      },
    },
  });
  void runtime.actor(parsed, 'a').execute('rename', { title: 1 });
  // @ts-expect-error: the schema takes a number
  void runtime.actor(parsed, 'a').execute('rename', { title: 'Plan' });
});

test('a decide function returns events of the machine and nothing else', () => {
  defineAggregate('bad', {
    machine: documentMachine,
    commands: {
      // @ts-expect-error: there is no such event
      destroy: () => ({ type: 'destroyed' }),
    },
  });
  defineAggregate('bad', {
    machine: documentMachine,
    commands: {
      rename: {
        input: z.object({ title: z.string() }),
        // @ts-expect-error: the event lacks its title
        decide: () => ({ type: 'created' }),
      },
    },
  });
});

test('event schemas belong to events of the machine and make their payload', () => {
  defineAggregate('document', {
    machine: documentMachine,
    events: { created: z.object({ title: z.string().min(1) }) },
  });
  defineAggregate('document', {
    machine: documentMachine,
    // @ts-expect-error: there is no such event
    events: { destroyed: z.object({}) },
  });
  defineAggregate('document', {
    machine: documentMachine,
    // @ts-expect-error: the title would be a number
    events: { created: z.object({ title: z.number() }) },
  });
});

test('options are checked by name', () => {
  defineAggregate('document', {
    machine: documentMachine,
    // @ts-expect-error: a misspelled option
    snapshotsEvery: 10,
  });
});

test('the input of a machine is computed with its type', () => {
  const machine = setup({
    types: {} as { context: { owner: string }; input: { owner: string }; events: { type: 'opened' } },
  }).createMachine({ context: ({ input }) => ({ owner: input.owner }) });
  defineAggregate('account', { machine, input: (id) => ({ owner: id }) });
  // @ts-expect-error: the input lacks its owner
  defineAggregate('account', { machine, input: () => ({}) });
});

test('a definition is plain data of a known type', () => {
  expectTypeOf(document).toExtend<AggregateDefinition<typeof documentMachine>>();
  // @ts-expect-error: an actor is made from a definition
  runtime.actor({ kind: 'document' }, 'plan');
  // @ts-expect-error: an id is a string
  runtime.actor(document, 1);
});

const door = setup({
  types: {} as { events: { type: 'knock'; times: number }; tags: 'inside' | 'outside' },
}).createMachine({
  initial: 'closed',
  states: {
    closed: { tags: 'outside' },
    open: { initial: 'wide', states: { wide: { tags: 'inside' }, ajar: {} } },
  },
});
const doors = defineAggregate('door', { machine: door });

test('a snapshot is asked only for states and tags that there are', async () => {
  const snapshot = await runtime.actor(doors, 'front').snapshot();
  snapshot.matches('closed');
  snapshot.matches('open');
  snapshot.matches('open.ajar');
  snapshot.matches({ open: 'ajar' });
  snapshot.hasTag('inside');
  // @ts-expect-error: there is no such state
  snapshot.matches('locked');
  // @ts-expect-error: there is no such state within it
  snapshot.matches({ open: 'shut' });
  // @ts-expect-error: there is no such tag
  snapshot.hasTag('upstairs');
  expectTypeOf(snapshot.tags).toEqualTypeOf<ReadonlySet<'inside' | 'outside'>>();
});

test('what is sent to the address of a definition is an event of its machine', () => {
  sendTo(() => addressOf(doors, 'front'), { type: 'knock', times: 2 });
  sendTo(() => addressOf('door', 'front'), { type: 'anything' });
  // @ts-expect-error: there is no such event
  sendTo(() => addressOf(doors, 'front'), { type: 'ring' });
  // @ts-expect-error: the number of times is missing
  sendTo(() => addressOf(doors, 'front'), { type: 'knock' });
});

test('commands without any annotation are commands, with any input or none', () => {
  const bare = defineAggregate('article', {
    machine: documentMachine,
    commands: {
      publish: ({ context }) => {
        expectTypeOf(context.title).toEqualTypeOf<string>();
        return { type: 'published' };
      },
      settle: ({ state }) => (state === 'draft' ? { type: 'published' } : []),
    },
  });
  const actor = runtime.actor(bare, 'a');
  void actor.execute('publish');
  void actor.execute('settle', 5);
  // @ts-expect-error: there is no such command
  void actor.execute('setle');
});
