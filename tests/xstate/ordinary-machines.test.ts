import { expect, test } from 'vitest';
import { assign, createMachine, enqueueActions, sendParent, setup } from 'xstate';
import { lintMachine } from '../../actors/charts/lint-machine.ts';
import { defineAggregate } from '../../actors/definitions/define-aggregate.ts';
import { HostedDefinition } from '../../actors/definitions/hosted-definition.ts';
import { AskedHost, hostedMachine } from '../support/hosted-actor.ts';

const hostOf = (hosted: HostedDefinition): AskedHost => new AskedHost(new Map([['thing', hosted]]));

test('a context that is given as an object and changed in place is that of one actor, also when it is replayed', async () => {
  const machine = createMachine({
    types: {} as {
      context: { list: number[]; byName: Map<string, number[]> };
      events: { type: 'push'; value: number };
    },
    context: { list: [], byName: new Map([['all', []]]) },
    on: {
      push: {
        actions: assign(({ context, event }) => {
          context.list.push(event.value);
          context.byName.get('all')?.push(event.value);
          return { list: context.list };
        }),
      },
    },
  });
  const host = hostOf(hostedMachine(machine));
  await host.send('thing/1', 'push', { value: 1 });
  await host.send('thing/1', 'push', { value: 2 });
  await host.passivate();
  await host.send('thing/2', 'push', { value: 9 });

  const contextOf = async (address: string) => (await host.snapshot(address)).context;
  expect(await contextOf('thing/1')).toEqual({ list: [1, 2], byName: new Map([['all', [1, 2]]]) });
  expect(await contextOf('thing/2')).toEqual({ list: [9], byName: new Map([['all', [9]]]) });
});

test('a machine that is among its own actors can be defined, and grows', async () => {
  const actors: Record<string, never> = {};
  const node = setup({
    types: {} as { context: { depth: number }; input: number | undefined },
    actors: actors as never,
  }).createMachine({
    id: 'node',
    context: ({ input }) => ({ depth: input ?? 0 }),
    on: {
      grow: {
        actions: enqueueActions(({ enqueue, context }) => {
          enqueue.spawnChild('node' as never, { id: 'kid', input: context.depth + 1 } as never);
        }),
      },
    },
  });
  (node.implementations.actors as Record<string, unknown>)['node'] = node;
  const definition = defineAggregate('thing', { machine: node });
  const host = hostOf(new HostedDefinition(definition as never));

  expect(await host.send('thing/1', 'grow', {})).toMatchObject({ outcome: 'appended' });
  await host.passivate();

  expect(await host.snapshot('thing/1')).toMatchObject({ version: 1, context: { depth: 0 } });
});

test('a context that refers to itself is refused, and told where', () => {
  const machine = createMachine({
    context: () => {
      const tree: { self?: unknown } = {};
      tree.self = tree;
      return { tree };
    },
  });

  expect(lintMachine(machine)).toEqual([
    expect.objectContaining({
      severity: 'error',
      rule: 'context',
      message: expect.stringContaining('context.tree.self'),
    }),
  ]);
});

test('a step whose context refers to itself is refused, and its error says where', async () => {
  const machine = createMachine({
    types: {} as { context: { tree: { self?: unknown } } },
    context: { tree: {} },
    on: {
      tie: {
        actions: assign(() => {
          const tree: { self?: unknown } = {};
          tree.self = tree;
          return { tree };
        }),
      },
    },
  });
  const host = hostOf(hostedMachine(machine));

  expect(await host.send('thing/1', 'tie', {})).toMatchObject({
    code: 'HOLDFAST_ERR_TRANSITION_FAILED',
    message: expect.stringContaining('context.tree.self'),
  });
  expect(await host.snapshot('thing/1')).toMatchObject({ version: 0, context: { tree: {} } });
});

test('a step to what cannot be kept is refused with the path to it, and the actor goes on', async () => {
  class Connection {}
  const machine = setup({
    types: {} as {
      context: { list: unknown[]; deep: { at?: unknown }; kept: object };
      events: { type: 'put'; what: string } | { type: 'fine' };
      output: unknown;
    },
  }).createMachine({
    context: { list: [1], deep: {}, kept: { a: 1 } },
    initial: 'going',
    states: {
      going: {
        on: {
          put: [
            { guard: ({ event }) => event.what === 'output', target: 'over' },
            {
              actions: assign({
                list: ({ context, event }) =>
                  event.what === 'list' ? [...context.list, () => 1] : context.list,
                deep: ({ event }) => (event.what === 'deep' ? { at: { here: new Connection() } } : {}),
              }),
            },
          ],
          fine: {
            actions: assign({ list: ({ context }) => [...context.list, new Map([[1, new Date(0)]])] }),
          },
        },
      },
      over: { type: 'final' },
    },
    output: ({ self }: { self: unknown }) => ({ self }),
  });
  const host = hostOf(hostedMachine(machine));
  await host.send('thing/1', 'fine', {});

  for (const [what, path] of [
    ['list', 'context.list[2]'],
    ['deep', 'context.deep.at.here'],
    ['output', 'output.self'],
  ]) {
    expect(await host.send('thing/1', 'put', { what })).toMatchObject({
      code: 'HOLDFAST_ERR_TRANSITION_FAILED',
      message: expect.stringContaining(path as string),
    });
  }
  await host.send('thing/1', 'fine', {});
  expect(await host.snapshot('thing/1')).toMatchObject({ version: 2, state: 'going' });
});

test('a state with a route is gone to by it', async () => {
  const machine = createMachine({
    id: 'app',
    initial: 'home',
    states: { home: { id: 'home', route: {} }, settings: { id: 'settings', route: {} } },
  } as never);
  const host = hostOf(hostedMachine(machine));

  expect(await host.send('thing/1', 'xstate.route', { to: '#settings' })).toMatchObject({
    outcome: 'appended',
    state: 'settings',
  });
  await host.passivate();
  expect(await host.snapshot('thing/1')).toMatchObject({ state: 'settings' });
});

test('an actor that is spawned in place is refused with what to do, whatever it is called in its system', async () => {
  const machine = createMachine({
    on: {
      go: {
        actions: assign(({ spawn }) => ({ ref: spawn(createMachine({}), { systemId: 'helper' }) })),
      },
    },
  });
  const host = hostOf(hostedMachine(machine));

  for (let time = 0; time < 2; time++) {
    expect(await host.send('thing/1', 'go', {})).toMatchObject({
      code: 'HOLDFAST_ERR_TRANSITION_FAILED',
      message: expect.stringContaining('declare its logic there and spawn it by that name'),
    });
  }
});

test('a beginning that asks for an action and changes its context in place leaves the actor that began before alone', async () => {
  const machine = createMachine({
    types: {} as { context: { log: string[] }; events: { type: 'go' } },
    context: { log: [] },
    entry: [
      assign(({ context }) => {
        context.log.push('begun');
        return {};
      }),
      () => undefined,
    ],
    on: {
      go: {
        actions: assign(({ context }) => {
          context.log.push('go');
          return {};
        }),
      },
    },
  });
  const host = hostOf(hostedMachine(machine));
  await host.snapshot('thing/1');
  await host.snapshot('thing/2');

  await host.send('thing/1', 'go', {});
  const live = [(await host.snapshot('thing/1')).context, (await host.snapshot('thing/2')).context];
  await host.passivate();

  expect(live).toEqual([{ log: ['begun', 'go'] }, { log: ['begun'] }]);
  expect((await host.snapshot('thing/1')).context).toEqual(live[0]);
});

test('a machine whose configuration is frozen is hosted', async () => {
  const config = Object.freeze({
    context: Object.freeze({ count: 0 }),
    on: {
      add: {
        actions: assign({ count: ({ context }) => (context as unknown as { count: number }).count + 1 }),
      },
    },
  });
  const host = hostOf(hostedMachine(createMachine(config as never)));

  await host.send('thing/1', 'add', {});

  expect((await host.snapshot('thing/1')).context).toEqual({ count: 1 });
});

test('what is binary in a context that is given as an object stays what it is, and is copied', async () => {
  const seen: unknown[] = [];
  const machine = createMachine({
    context: { text: Buffer.from('hello'), words: new Uint16Array([1, 2]) },
    on: {
      look: {
        actions: assign(({ context }) => {
          seen.push(context.text.toString('utf8'), context.words[0]);
          context.text[0] = 0x6a;
          context.words[0] = 9;
          return {};
        }),
      },
    },
  });
  const host = hostOf(hostedMachine(machine));

  await host.send('thing/1', 'look', {});
  await host.send('thing/2', 'look', {});

  expect(seen).toEqual(['hello', 1, 'hello', 1]);
});

test('a context in a configuration that is frozen is still that of one actor', async () => {
  const config = Object.freeze({
    context: { heard: [] as string[] },
    on: {
      hear: {
        actions: assign(({ context }: { context: { heard: string[] } }) => {
          context.heard.push('x');
          return context;
        }),
      },
    },
  });
  const host = hostOf(hostedMachine(createMachine(config as never)));

  await host.send('thing/1', 'hear', {});
  await host.send('thing/2', 'hear', {});

  expect(await host.snapshot('thing/1')).toMatchObject({ context: { heard: ['x'] } });
  expect(await host.snapshot('thing/2')).toMatchObject({ context: { heard: ['x'] } });
});

class Connection {
  readonly url: string;
  constructor(url: string) {
    this.url = url;
  }
}

const connected = setup({
  types: {} as {
    context: { connection: unknown };
    input: { url: string; isOpen: boolean };
    events: { type: 'go' };
  },
}).createMachine({
  context: ({ input: { url, isOpen } }) => ({ connection: isOpen ? new Connection(url) : url }),
  on: { go: { actions: () => undefined } },
});

/** A child tells its parent something, as it starts, that cannot be kept. */
const told = setup({
  types: {} as { context: { connection: unknown }; events: { type: 'go' } | { type: 'opened'; by: unknown } },
  actors: {
    opens: createMachine({ entry: sendParent(() => ({ type: 'opened', by: new Connection('a') })) }),
  },
}).createMachine({
  context: { connection: null },
  invoke: { src: 'opens' },
  on: {
    go: { actions: () => undefined },
    opened: { actions: assign({ connection: ({ event }) => event.by }) },
  },
});

test.each([
  ['its input', connected, { url: 'a', isOpen: true }],
  ['a child', told, undefined],
] as const)(
  'a beginning to which %s brings what cannot be kept is refused, with the path, before anything is written',
  async (_whence, machine, input) => {
    const definition = defineAggregate('thing', { machine, input: () => input } as never);
    const host = hostOf(new HostedDefinition(definition as never));
    const refusal = {
      code: 'HOLDFAST_ERR_TRANSITION_FAILED',
      message: expect.stringContaining(
        'could not be started: context.connection is an instance of Connection',
      ),
    };

    expect(await host.start('thing/1')).toMatchObject(refusal);
    expect(await host.send('thing/1', 'go', {})).toMatchObject(refusal);
    expect(await host.log.events('thing/1')).toEqual([]);
  },
);

test('an actor whose beginning could not be kept begins with another input', async () => {
  const host = hostOf(hostedMachine(connected));
  await host.start('thing/1', { url: 'a', isOpen: true });

  expect(await host.start('thing/1', { url: 'a', isOpen: false })).toMatchObject({ outcome: 'appended' });
  expect((await host.snapshot('thing/1')).context).toEqual({ connection: 'a' });
});

test('a context is as deep as can be kept, and an event that would make it deeper is refused', async () => {
  const machine = createMachine({
    context: { nested: {} } as object,
    on: {
      nest: {
        actions: assign(({ event }) => {
          let nested = {};
          for (let depth = 0; depth < event['depth']; depth++) nested = { nested };
          return { nested };
        }),
      },
    },
  });
  const host = hostOf(hostedMachine(machine));

  expect(await host.send('thing/1', 'nest', { depth: 997 })).toMatchObject({ outcome: 'appended' });
  expect(await host.send('thing/1', 'nest', { depth: 998 })).toMatchObject({
    code: 'HOLDFAST_ERR_TRANSITION_FAILED',
    message: expect.stringContaining('is nested in more than 1000 others'),
  });
  expect(await host.snapshot('thing/1')).toMatchObject({ version: 1, context: { nested: {} } });
});
