import fc from 'fast-check';
import { expect, test } from 'vitest';
import { forwardTo, setup } from 'xstate';
import { defineAggregate } from '../../actors/definitions/define-aggregate.ts';
import { HostedDefinition } from '../../actors/definitions/hosted-definition.ts';
import type { OlderSnapshot } from '../../actors/definitions/migrate.ts';
import { rehearseStream } from '../../actors/evolution/rehearse-stream.ts';
import type { AnyStateMachine } from '../../actors/xstate-adapter.ts';
import type { EncodedSnapshot } from '../../runtime/protocol/append.ts';
import { codeFingerprint } from '../../runtime/protocol/code-fingerprint.ts';
import { decode, encode } from '../../runtime/protocol/codec.ts';
import type { RehearsalProblem } from '../../runtime/protocol/rehearsal.ts';
import { arbitraryEvent, arbitraryMachine, type MachineEvent } from '../support/arbitrary-machine.ts';
import { arbitraryPast } from '../support/arbitrary-past.ts';
import { hostedMachine } from '../support/hosted-actor.ts';
import type { InMemoryHostLog } from '../support/in-memory-host-log.ts';
import { logOfPast } from '../support/log-of-past.ts';
import { house } from '../support/machines/house.ts';
import { address, foldOf, isAppended, startHost, tryStep } from '../support/one-actor.ts';

const arbitraryEvents = fc.array(arbitraryEvent, { minLength: 1, maxLength: 14 });

/** Rehearses the one actor of a log, with a snapshot beside it. */
async function rehearsed(hosted: HostedDefinition, log: InMemoryHostLog, snapshot?: EncodedSnapshot) {
  const problems: RehearsalProblem[] = [];
  const versions: number[] = [];
  const reads = { load: log.load.bind(log), actorSnapshot: async () => snapshot };
  const events = await rehearseStream(hosted, address, reads, {
    computes: (version) => versions.push(version),
    waits: () => undefined,
    found: (problem) => problems.push(problem),
  });
  return { problems, events, versions };
}

/** What a host has written of these events, and the state after some of it. */
async function lived(machine: AnyStateMachine, events: readonly MachineEvent[]) {
  const host = startHost(hostedMachine(machine));
  for (const { type, data } of events) await host.send(address, type, { data });
  return { log: host.log, events: await host.log.events(address) };
}

test('a rehearsal with the code that wrote the events finds nothing, with any of its snapshots, and visits each once', async () => {
  await fc.assert(
    fc.asyncProperty(arbitraryMachine, arbitraryEvents, fc.nat(14), async ({ machine }, sent, at) => {
      const hosted = hostedMachine(machine);
      const { log, events } = await lived(machine, sent);
      const version = Math.min(at, events.length);
      const state =
        hosted.encode({ snapshot: foldOf(hosted, events.slice(0, version)), tree: undefined }, address) ?? '';
      const snapshot = { version, fingerprint: hosted.fingerprint, state };

      const report = await rehearsed(hosted, log, version === 0 ? undefined : snapshot);

      expect(report.problems).toEqual([]);
      expect(report.events).toBe(events.length);
      expect(report.versions).toEqual(Array.from({ length: events.length + 1 }, (_, index) => index));
    }),
    { numRuns: 100 },
  );
});

test('a rehearsal finds exactly the events that a host would pass over', async () => {
  await fc.assert(
    fc.asyncProperty(arbitraryMachine, arbitraryPast, async ({ machine }, { upcast, stored }) => {
      const hosted = new HostedDefinition(defineAggregate('thing', { machine, upcast: upcast as never }));
      const log = await logOfPast(stored);
      const passedOver: number[] = [];
      let model = hosted.initial('1');
      let failedAt = 0;
      for (const { version, type, data, schemaVersion } of await log.events(address)) {
        const page = {
          types: [type],
          data: [data],
          schemaVersions: [schemaVersion],
          positions: [0],
          version,
        };
        const whole = { ...page, head: '', position: 0, more: false, workOwner: null, reply: null };
        for (const event of hosted.upcasting.event(address, whole, 0)) {
          const next = tryStep(hosted, model, { ...(decode(event.data) as MachineEvent), type: event.type });
          if (next === 'failed') failedAt = version;
          else if (next === 'rejected') passedOver.push(version);
          else model = next;
        }
        if (failedAt > 0) break;
      }

      const { problems } = await rehearsed(hosted, log);

      const skipped = problems.filter(({ problem }) => problem !== 'throws');
      expect(skipped.map(({ version }) => version)).toEqual(passedOver);
      expect(problems.filter(({ problem }) => problem === 'throws').map(({ version }) => version)).toEqual(
        failedAt > 0 ? [failedAt] : [],
      );
    }),
    { numRuns: 150 },
  );
});

/** Machines whose older version kept the context one level deeper, and a migration that is right up to a limit. */
function migrating(machine: AnyStateMachine, wrongFrom: number): HostedDefinition {
  const migrate = ({ state, context }: OlderSnapshot) => {
    const { n, ...rest } = (context as { inner: { n: number } }).inner;
    return { state, context: { ...rest, n: n >= wrongFrom ? n + 1 : n } };
  };
  return new HostedDefinition(defineAggregate('thing', { machine, version: 2, migrate } as never));
}

test('a rehearsal finds a wrong migrate at the snapshots that it is wrong for, and no other', async () => {
  let wrong = 0;
  await fc.assert(
    fc.asyncProperty(
      arbitraryMachine,
      arbitraryEvents,
      fc.integer({ min: 1, max: 20 }),
      async ({ machine }, sent, from) => {
        const { log, events } = await lived(machine, sent);
        const hosted = migrating(machine, from);
        for (let version = 1; version <= events.length; version++) {
          const persisted = decode(
            hosted.encode({ snapshot: foldOf(hosted, events.slice(0, version)), tree: undefined }, address) ??
              '',
          ) as {
            context: { n: number };
          };
          const state = encode({ ...persisted, context: { inner: persisted.context } });
          const isWrong = persisted.context.n >= from;
          if (isWrong) wrong++;

          const { problems } = await rehearsed(hosted, log, {
            version,
            fingerprint: codeFingerprint(1, 'older'),
            state,
          });

          const found = problems.map((problem) => [problem.problem, problem.version]);
          expect(found).toEqual(isWrong ? [['migrate-diverges', version]] : []);
        }
      },
    ),
    { numRuns: 60 },
  );
  expect(wrong).toBeGreaterThan(20);
});

test('a rehearsal finds a snapshot of the same code that was changed by one', async () => {
  await fc.assert(
    fc.asyncProperty(arbitraryMachine, arbitraryEvents, async ({ machine }, sent) => {
      const { log, events } = await lived(machine, sent);
      fc.pre(events.length > 0);
      const hosted = hostedMachine(machine);
      const version = events.length;
      const persisted = decode(
        hosted.encode({ snapshot: foldOf(hosted, events), tree: undefined }, address) ?? '',
      ) as {
        context: { n: number };
      };
      const { n, ...rest } = persisted.context;
      const state = encode({ ...persisted, context: { ...rest, n: n + 1 } });

      const { problems } = await rehearsed(hosted, log, { version, fingerprint: hosted.fingerprint, state });

      expect(problems).toMatchObject([{ problem: 'snapshot-diverges', version, stream: address }]);
      expect(problems[0]?.message).toContain(`context.n is ${n + 1} instead of ${n}`);
    }),
    { numRuns: 60 },
  );
});

test('what the history states of a child machine remember is compared as the set that it is', async () => {
  const types = ['COOK', 'READ', 'LEAVE', 'RETURN'];
  const street = setup({ actors: { house } }).createMachine({
    invoke: { src: 'house', id: 'house' },
    on: Object.fromEntries(types.map((type) => [type, { actions: forwardTo('house') }])),
  });
  const hosted = hostedMachine(street);
  const { log, events } = await lived(street, [
    { type: 'COOK', data: { by: 0 } },
    { type: 'LEAVE', data: { by: 0 } },
  ]);
  const before = events.slice(0, -1);
  const identity = { id: '1', address, onInput: () => undefined };
  const instance = hosted.fold(hosted.beginReplay(identity, events[0]?.id), identity, {
    types: before.map(({ type }) => type),
    data: before.map(({ data }) => data),
    versionAt: (index) => index + 1,
    seedAt: (index) => before[index]?.id,
  });
  const state = hosted.encode(instance, address) ?? '';
  const snapshot = { version: before.length, fingerprint: hosted.fingerprint, state };

  expect(JSON.parse(state)).toMatchObject({
    children: { house: { snapshot: { value: { home: { kitchen: { hot: 'low' } } } } } },
  });
  expect((await rehearsed(hosted, log, snapshot)).problems).toEqual([]);
});

test('what a host has appended is counted', async () => {
  // Guards the others against an arbitrary whose events are never accepted.
  let appended = 0;
  for (const [{ machine }, events] of fc.sample(fc.tuple(arbitraryMachine, arbitraryEvents), 50)) {
    const host = startHost(hostedMachine(machine));
    for (const { type, data } of events) if (isAppended(await host.send(address, type, { data }))) appended++;
  }
  expect(appended).toBeGreaterThan(50);
});
