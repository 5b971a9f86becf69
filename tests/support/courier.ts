import type { addressOf, defineAggregate } from 'holdfast';
import type { SimulationOptions } from 'holdfast/testing';
import { assign, fromPromise, sendTo, setup } from 'xstate';

export const couriers = ['a', 'b', 'c'] as const;

type Id = (typeof couriers)[number];

interface Context {
  readonly id: Id;
  readonly sent: number;
  readonly heard: readonly number[];
  readonly receipts: number;
  readonly pokes: number;
  readonly rings: number;
  readonly jobs: number;
  readonly results: number;
  readonly seeds: number;
  readonly fruits: number;
}

type Events =
  | { type: 'go'; left: number }
  | { type: 'parcel'; from: Id; number: number; left: number }
  | { type: 'receipt' }
  | { type: 'poke' }
  | { type: 'work' }
  | { type: 'sow' };

type Args = { readonly context: Context; readonly event: Events };

const next = (id: Id): Id => couriers[(couriers.indexOf(id) + 1) % couriers.length] as Id;

/** Takes some time, and has no luck at times. */
const job = fromPromise(async () => {
  await new Promise((resolve) => setTimeout(resolve, Math.floor(Math.random() * 300)));
  if (Math.random() < 0.2) throw new Error('no luck');
  return crypto.randomUUID();
});

const plant = setup({}).createMachine({
  initial: 'growing',
  states: { growing: { after: { 700: 'ripe' } }, ripe: { type: 'final' } },
});

/**
 * Couriers in a ring: each hands parcels on and sends receipts back, waits, has work done, and grows children. Made with
 * the package as it is built or as it is written, whichever a test is about.
 */
export function makeCouriers(kit: {
  readonly addressOf: typeof addressOf;
  readonly defineAggregate: typeof defineAggregate;
}) {
  const handOn = sendTo(
    ({ context }: Args) => kit.addressOf('courier', next(context.id)),
    ({ context, event }: Args) => ({
      type: 'parcel',
      from: context.id,
      number: context.sent + 1,
      left: 'left' in event ? event.left - 1 : 0,
    }),
  ) as never;
  const confirm = sendTo(({ event }: Args) => kit.addressOf('courier', 'from' in event ? event.from : ''), {
    type: 'receipt',
  }) as never;
  const count = (name: 'sent' | 'receipts' | 'pokes' | 'rings' | 'jobs' | 'results' | 'seeds' | 'fruits') =>
    assign(({ context }: Args) => ({ [name]: context[name] + 1 })) as never;
  const hear = assign(({ context, event }: Args) => ({
    heard: [...context.heard, 'number' in event ? event.number : 0],
  })) as never;
  const none = { sent: 0, receipts: 0, pokes: 0, rings: 0, jobs: 0, results: 0, seeds: 0, fruits: 0 };
  const machine = setup({
    types: {} as { context: Context; events: Events; input: { id: Id } },
    actors: { job, plant },
  }).createMachine({
    type: 'parallel',
    context: ({ input }) => ({ id: input.id, heard: [], ...none }),
    states: {
      mail: {
        on: {
          go: { actions: [handOn, count('sent')] },
          parcel: [
            { guard: ({ event }) => event.left > 0, actions: [hear, confirm, handOn, count('sent')] },
            { actions: [hear, confirm] },
          ],
          receipt: { actions: count('receipts') },
        },
      },
      clock: {
        initial: 'still',
        states: {
          still: { on: { poke: { target: 'ticking', actions: count('pokes') } } },
          ticking: { after: { 1000: { target: 'still', actions: count('rings') } } },
        },
      },
      desk: {
        initial: 'free',
        states: {
          free: { on: { work: { target: 'busy', actions: count('jobs') } } },
          busy: {
            invoke: {
              src: 'job',
              onDone: { target: 'free', actions: count('results') },
              onError: { target: 'free', actions: count('results') },
            },
          },
        },
      },
      garden: {
        initial: 'bare',
        states: {
          bare: { on: { sow: { target: 'sown', actions: count('seeds') } } },
          sown: { invoke: { src: 'plant', onDone: { target: 'bare', actions: count('fruits') } } },
        },
      },
    },
  });
  const courier = kit.defineAggregate('courier', {
    machine,
    snapshotEvery: 5,
    input: (id) => ({ id: id as Id }),
  });
  const scenario = (seed: number): SimulationOptions => ({
    seed,
    definitions: [courier],
    workload({ send, random }) {
      const type = random.pick(['go', 'go', 'poke', 'work', 'sow'] as const);
      const event = type === 'go' ? { type, left: random.integer(1, 5) } : { type };
      void send(courier, random.pick(couriers), event);
    },
    invariants: {
      'parcels are heard in order': (world) =>
        world.states(courier).every(({ context }) => context.heard.every((number, at) => number === at + 1)),
    },
    invariantsAtRest: {
      'everything has an end': (world) =>
        world
          .states(courier)
          .every(({ context: { sent, receipts, pokes, rings, jobs, results, seeds, fruits } }) =>
            [sent - receipts, pokes - rings, jobs - results, seeds - fruits].every((open) => open === 0),
          ),
    },
  });
  return { courier, scenario };
}

export const allFaults = {
  hostCrash: 0.01,
  processCrash: 0.002,
  lostDelivery: 0.05,
  duplicateDelivery: 0.1,
  delayedMessage: 0.05,
  diskError: 0.05,
  slowDisk: 0.1,
  clockJump: 0.002,
  passivate: 0.02,
} as const;
