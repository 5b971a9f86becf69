import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createActor } from 'xstate';
import { initialSnapshot } from '../../actors/steps/bare-machine.ts';
import type { AnyStateMachine, MachineSnapshot } from '../../actors/xstate-adapter.ts';
import { isHoldfastError } from '../../runtime/errors/holdfast-error.ts';
import type { HostReceipt } from '../../runtime/protocol/host-messages.ts';
import {
  type ArbitraryMachine,
  arbitraryEvent,
  arbitraryMachine,
  type MachineEvent,
} from '../support/arbitrary-machine.ts';
import { hostedMachine } from '../support/hosted-actor.ts';
import {
  address,
  expectSame,
  foldOf,
  isAppended,
  replayed,
  shownOf,
  startHost,
  stateOf,
  tryStep,
} from '../support/one-actor.ts';
import { times } from '../support/thorough.ts';

type StateNode = AnyStateMachine['root'];
const arbitraryEvents = fc.array(arbitraryEvent, { minLength: 1, maxLength: 14 });

/** What XState itself makes of the events, and which effects it carries out at each. */
function runByXState({ machine, effects }: ArbitraryMachine, events: readonly MachineEvent[]) {
  const performed: string[] = [];
  effects.current = { perform: (name) => performed.push(name) };
  const actor = createActor(machine).start();
  for (const event of events) if (actor.getSnapshot().status === 'active') actor.send(event);
  return { shown: shownOf(actor.getSnapshot() as MachineSnapshot), performed };
}

test.each([
  [
    'one after the other',
    async (sends: (() => Promise<unknown>)[]) => {
      for (const send of sends) await send();
    },
  ],
  [
    'all at once',
    async (sends: (() => Promise<unknown>)[]) => {
      await Promise.all(sends.map((send) => send()));
    },
  ],
])(
  'events sent %s leave the actor where XState itself would be, with the same effects',
  async (_how, carryOut) => {
    await fc.assert(
      fc.asyncProperty(arbitraryMachine, arbitraryEvents, async (arbitrary, events) => {
        const host = startHost(hostedMachine(arbitrary.machine));
        const performed: string[] = [];
        arbitrary.effects.current = { perform: (name) => performed.push(name) };
        const answers: (HostReceipt | Error)[] = [];

        await carryOut(
          events.map(({ type, data }, index) => async () => {
            answers[index] = await host.send(address, type, { data });
          }),
        );
        const live = await stateOf(host);

        // An event at which an assign threw changes nothing here, where XState would end the actor.
        const survived = events.filter(
          (_, index) => !isHoldfastError(answers[index], 'HOLDFAST_ERR_TRANSITION_FAILED'),
        );
        const reference = runByXState(arbitrary, survived);
        expectSame(live, reference.shown);
        // Entry actions of the initial state are carried out with the first event that is accepted.
        expect(performed).toEqual(answers.some(isAppended) ? reference.performed : []);
        expect(host.failedEffects).toEqual([]);
      }),
      { numRuns: times(80, 150) },
    );
  },
);

test('exactly the accepted events are written, and each answer says where the actor is', async () => {
  await fc.assert(
    fc.asyncProperty(arbitraryMachine, arbitraryEvents, async ({ machine }, events) => {
      const hosted = hostedMachine(machine);
      const host = startHost(hosted);
      let model = hosted.initial('1');
      let version = 0;

      for (const { type, data } of events) {
        const answer = await host.send(address, type, { data });

        const next = tryStep(hosted, model, { type, data });
        if (next === 'rejected')
          expect(answer).toMatchObject({ code: 'HOLDFAST_ERR_EVENT_REJECTED', state: model.value });
        else if (next === 'failed') expect(answer).toMatchObject({ code: 'HOLDFAST_ERR_TRANSITION_FAILED' });
        else {
          model = next;
          version++;
          expect(answer).toMatchObject({
            outcome: 'appended',
            version,
            position: version,
            state: model.value,
            status: model.status,
          });
        }
        expect((await host.log.events(address)).length).toBe(version);
      }
    }),
    { numRuns: times(60, 100) },
  );
});

test('a replay, and every snapshot with the events after it, leads to the live state', async () => {
  await fc.assert(
    fc.asyncProperty(arbitraryMachine, arbitraryEvents, async ({ machine }, events) => {
      const hosted = hostedMachine(machine);
      const host = startHost(hosted);
      await Promise.all(events.map(({ type, data }) => host.send(address, type, { data })));

      const live = await stateOf(host);

      const log = await host.log.events(address);
      expectSame(replayed(hosted, log), live);
      for (let cut = 0; cut <= log.length; cut++) {
        const folded = foldOf(hosted, log.slice(0, cut));
        const kept = hosted.encode({ snapshot: folded, tree: undefined }, address);
        const restored =
          kept === undefined
            ? undefined
            : hosted.restore(kept, { id: '1', address, onInput: () => undefined })?.snapshot;
        if (restored === undefined) throw new Error(`the state at version ${cut} could not be kept`);
        expectSame(replayed(hosted, log.slice(cut), restored), live);
      }
    }),
    { numRuns: times(60, 100) },
  );
});

test('an actor that is dropped from memory after every step is where one that stays is', async () => {
  let snapshotsUsed = 0;
  await fc.assert(
    fc.asyncProperty(
      arbitraryMachine,
      arbitraryEvents,
      fc.integer({ min: 1, max: 4 }),
      async ({ machine }, events, snapshotEvery) => {
        const staying = startHost(hostedMachine(machine));
        const passing = startHost(hostedMachine(machine, snapshotEvery));

        for (const { type, data } of events) {
          const expected = await staying.send(address, type, { data });
          const actual = await passing.send(address, type, { data });
          expect(comparable(actual)).toStrictEqual(comparable(expected));
          await passing.passivate();
          expect(passing.host.residents).toBe(0);
        }

        expect(comparable(await passing.snapshot(address))).toStrictEqual(
          comparable(await staying.snapshot(address)),
        );
        snapshotsUsed += passing.log.snapshotsUsed;
      },
    ),
    { numRuns: times(60, 100) },
  );
  expect(snapshotsUsed).toBeGreaterThan(100);
});

/** Without the stack of an error and the id of an event, which are different each time. */
function comparable(answer: Pick<HostReceipt, 'head'> | Error): unknown {
  return answer instanceof Error
    ? { ...answer, text: answer.message }
    : { ...answer, head: answer.head !== '' };
}

function* statesOf(node: StateNode): Generator<StateNode> {
  yield node;
  for (const child of Object.values(node.states)) yield* statesOf(child as StateNode);
}

test('the machines of these tests use every feature that they are meant to', () => {
  const machines = fc.sample(arbitraryMachine, { numRuns: 300, seed: 7 });
  const used = new Set<string>();
  for (const { machine } of machines) {
    expect(initialSnapshot(machine, undefined).status).not.toBe('error');
    for (const node of statesOf(machine.root)) {
      used.add(node.type);
      if (node.type === 'history') used.add(`${node.history} history`);
      if ((node.always ?? []).length > 0) used.add('always');
      if (node.config.onDone !== undefined) used.add('onDone');
      if (node.ownEvents.includes('*')) used.add('wildcard');
    }
  }

  expect([...used].sort()).toEqual(
    [
      'always',
      'atomic',
      'compound',
      'deep history',
      'final',
      'history',
      'onDone',
      'parallel',
      'shallow history',
      'wildcard',
    ].sort(),
  );
});
