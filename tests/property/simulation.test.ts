import fc from 'fast-check';
import { expect, test } from 'vitest';
import { assign, fromPromise, sendTo, setup } from 'xstate';
import { addressOf } from '../../actors/definitions/address-of.ts';
import { defineAggregate } from '../../actors/definitions/define-aggregate.ts';
import { HostedDefinition } from '../../actors/definitions/hosted-definition.ts';
import { decode } from '../../runtime/protocol/codec.ts';
import { type Answer, SimulatedWorld } from '../support/simulated-world.ts';
import { times } from '../support/thorough.ts';

const ids = ['a', 'b', 'c'] as const;
type Id = (typeof ids)[number];
const next = (id: Id): Id => ids[(ids.indexOf(id) + 1) % ids.length] as Id;

type Hop = { type: 'hop'; from: Id; seq: number; left: number };
type Events = { type: 'go'; left: number } | Hop | { type: 'poke' } | { type: 'task' };

interface Context {
  readonly id: Id;
  readonly sent: number;
  readonly heard: readonly string[];
  readonly pokes: number;
  readonly fired: number;
  readonly tasks: number;
  readonly results: readonly string[];
}

/** How often each piece of work was asked for, over all hosts. */
let asked: string[] = [];

const job = fromPromise<string>(async (args) => {
  const { idempotencyKey } = args as typeof args & { idempotencyKey: string };
  asked.push(idempotencyKey);
  await Promise.resolve();
  return idempotencyKey;
});

const count = setup({
  types: {} as { context: Context; events: Events; input: { id: Id } },
  actors: { job },
});

const sendHop = sendTo(
  ({ context }: { context: Context }) => addressOf('node', next(context.id)),
  ({ context, event }: { context: Context; event: Events }) => ({
    type: 'hop',
    from: context.id,
    seq: context.sent + 1,
    left: 'left' in event ? event.left - 1 : 0,
  }),
);

/** Passes messages round, waits, and has work done, each in a region of its own. */
const node = count.createMachine({
  id: 'node',
  type: 'parallel',
  context: ({ input }) => ({ id: input.id, sent: 0, heard: [], pokes: 0, fired: 0, tasks: 0, results: [] }),
  states: {
    mail: {
      on: {
        go: { actions: [sendHop as never, assign({ sent: ({ context }) => context.sent + 1 })] },
        hop: [
          {
            guard: ({ event }) => event.left > 0,
            actions: [
              assign({ heard: ({ context, event }) => [...context.heard, `${event.from}${event.seq}`] }),
              sendHop as never,
              assign({ sent: ({ context }) => context.sent + 1 }),
            ],
          },
          {
            actions: assign({
              heard: ({ context, event }) => [...context.heard, `${event.from}${event.seq}`],
            }),
          },
        ],
      },
    },
    clock: {
      initial: 'still',
      states: {
        still: {
          on: { poke: { target: 'ticking', actions: assign({ pokes: ({ context }) => context.pokes + 1 }) } },
        },
        ticking: {
          after: { 10: { target: 'still', actions: assign({ fired: ({ context }) => context.fired + 1 }) } },
        },
      },
    },
    desk: {
      initial: 'free',
      states: {
        free: {
          on: { task: { target: 'busy', actions: assign({ tasks: ({ context }) => context.tasks + 1 }) } },
        },
        busy: {
          invoke: {
            src: 'job',
            onDone: {
              target: 'free',
              actions: assign({ results: ({ context, event }) => [...context.results, event.output] }),
            },
          },
        },
      },
    },
  },
});

const definition = defineAggregate('node', {
  machine: node,
  snapshotEvery: 3,
  input: (id) => ({ id: id as Id }),
});

type Step =
  | { readonly do: 'send'; readonly to: Id; readonly type: 'go' | 'poke' | 'task'; readonly left: number }
  | { readonly do: 'crash' | 'passivate' | 'rest' | 'wake' }
  | { readonly do: 'tick'; readonly byMs: number }
  | { readonly do: 'timers' | 'messages'; readonly twice: boolean };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('send' as const),
      to: fc.constantFrom(...ids),
      type: fc.constantFrom('go' as const, 'poke' as const, 'task' as const),
      left: fc.integer({ min: 1, max: 5 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom('crash' as const, 'passivate' as const, 'rest' as const, 'wake' as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('tick' as const), byMs: fc.integer({ min: -20, max: 40 }) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom('timers' as const, 'messages' as const),
      twice: fc.boolean(),
    }),
  },
);

const addressOfId = (id: Id) => `node/${id}`;

/** One run of a world: what is sent under a key until it is acknowledged or refused, and what happens meanwhile. */
class Scenario {
  readonly world = new SimulatedWorld(new Map([['node', new HostedDefinition(definition)]]));
  readonly #unanswered = new Map<string, () => Promise<Answer>>();
  readonly accepted = new Map<string, number>();
  #sends = 0;

  async take(step: Step): Promise<void> {
    const { world } = this;
    switch (step.do) {
      case 'send':
        return this.#send(step.to, step.type, step.left);
      case 'crash':
        return world.crash();
      case 'passivate':
        return world.passivate();
      case 'rest':
        return world.rest();
      case 'wake':
        for (const address of world.log.effects.work) void world.wake(address);
        return;
      case 'tick':
        world.log.effects.now += step.byMs;
        return;
      case 'timers':
        for (const timer of world.log.effects.due()) this.#deliver(() => world.deliver(timer), step.twice);
        return;
      case 'messages': {
        // One at a time for each receiver, as the dispatcher does; the first of each may be delivered twice.
        const first = new Map(
          world.log.effects
            .messages()
            .toReversed()
            .map((message) => [message.address, message]),
        );
        for (const message of first.values()) this.#deliver(() => world.deliver(message), step.twice);
      }
    }
  }

  /** Repeats what was not answered, and lets everything happen that is still to come. */
  async finish(): Promise<void> {
    const { world } = this;
    world.crash();
    for (let round = 0; round < 400; round++) {
      for (const send of [...this.#unanswered.values()]) await send();
      for (const address of world.log.effects.work) await world.wake(address);
      world.log.effects.now = Math.max(world.log.effects.now, world.log.effects.nextDueAt() ?? 0);
      await this.take({ do: 'timers', twice: false });
      await this.take({ do: 'messages', twice: false });
      await world.rest();
      const { effects } = world.log;
      const isQuiet = effects.messages().length === 0 && effects.nextDueAt() === undefined;
      if (isQuiet && effects.work.size === 0 && this.#unanswered.size === 0) return;
    }
    throw new Error('the world does not come to rest');
  }

  #send(to: Id, type: string, left: number): void {
    const key = `key-${++this.#sends}`;
    const attempt = async (): Promise<Answer> => {
      const answer = await this.world.send(addressOfId(to), type, { left }, key);
      if (answer === 'lost') return answer;
      this.#unanswered.delete(key);
      if (!(answer instanceof Error))
        this.accepted.set(type, (this.accepted.get(type) ?? 0) + (type === 'go' ? left : 1));
      return answer;
    };
    this.#unanswered.set(key, attempt);
    void attempt();
  }

  #deliver(deliver: () => Promise<Answer>, twice: boolean): void {
    void deliver();
    if (twice) void deliver();
  }
}

test('whatever crashes, repeats and jumps: nothing acknowledged is lost, and nothing happens twice', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60, size: 'max' }), async (steps) => {
      asked = [];
      const scenario = new Scenario();
      const { world } = scenario;

      for (const one of steps) await scenario.take(one);
      await scenario.finish();

      const contexts = await Promise.all(ids.map((id) => contextOf(world, id)));
      const sum = (of: (context: Context) => number) =>
        contexts.reduce((total, context) => total + of(context), 0);
      const { accepted } = scenario;
      // Every command that was acknowledged is there once, and so is everything that followed from it.
      expect(sum(({ heard }) => heard.length)).toBe(accepted.get('go') ?? 0);
      expect(sum(({ pokes }) => pokes)).toBe(accepted.get('poke') ?? 0);
      expect(sum(({ tasks }) => tasks)).toBe(accepted.get('task') ?? 0);
      for (const { id, sent, heard, pokes, fired, tasks, results } of contexts) {
        // A timer for each entry of its state, consumed once; an outcome for each piece of work, kept once.
        expect(fired).toBe(pokes);
        expect(results).toHaveLength(tasks);
        expect(new Set(results).size).toBe(results.length);
        // Each sender is heard in order and without a gap.
        const from = ids.find((other) => next(other) === id) as Id;
        expect(heard).toEqual(heard.map((_, index) => `${from}${index + 1}`));
        expect(sent).toBe(contexts.find((context) => context.id === next(id))?.heard.length);
      }
      for (const key of contexts.flatMap(({ results }) => results)) expect(asked).toContain(key);
      for (const id of ids) await expectReplayable(world, id);
    }),
    { numRuns: times(100, 150) },
  );
});

async function contextOf(world: SimulatedWorld, id: Id): Promise<Context> {
  const answer = await world.snapshot(addressOfId(id));
  if (answer === 'lost' || answer instanceof Error) throw new Error(`node/${id} cannot be read`);
  return (decode(answer.context ?? 'null') as { context: Context }).context;
}

/** The stream alone leads to the state that the actor is in. */
async function expectReplayable(world: SimulatedWorld, id: Id): Promise<void> {
  const address = addressOfId(id);
  const hosted = new HostedDefinition(definition);
  const identity = { id, address, onInput: () => undefined };
  const events = await world.log.events(address);
  const types = events.map(({ type }) => type);
  const data = events.map((event) => event.data);
  const replayed = hosted.fold(hosted.begin(identity), identity, {
    types,
    data,
    versionAt: (index) => index + 1,
  });
  expect(replayed.snapshot.context).toEqual(await contextOf(world, id));
}
