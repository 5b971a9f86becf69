import fc from 'fast-check';
import { expect, test } from 'vitest';
import { defineAggregate } from '../../actors/definitions/define-aggregate.ts';
import { HostedDefinition } from '../../actors/definitions/hosted-definition.ts';
import type { AnyUpcastChains } from '../../actors/definitions/upcast.ts';
import { migrated } from '../../actors/evolution/migration.ts';
import type { AnyStateMachine } from '../../actors/xstate-adapter.ts';
import { codeFingerprint } from '../../runtime/protocol/code-fingerprint.ts';
import { decode, encode } from '../../runtime/protocol/codec.ts';
import type { RecordedEvent } from '../../runtime/protocol/recorded-event.ts';
import { arbitraryEvent, arbitraryMachine } from '../support/arbitrary-machine.ts';
import { arbitraryPast } from '../support/arbitrary-past.ts';
import { AskedHost } from '../support/hosted-actor.ts';
import { logOfPast } from '../support/log-of-past.ts';
import {
  address,
  expectSame,
  foldOf,
  replayed,
  shownOf,
  startHost,
  stateOf,
  tryStep,
} from '../support/one-actor.ts';
import { times } from '../support/thorough.ts';

function hostedPast(machine: AnyStateMachine, upcast: AnyUpcastChains): HostedDefinition {
  return new HostedDefinition(defineAggregate('thing', { machine, upcast: upcast as never }));
}

test('a past that is upcast leads where the same history written today leads', async () => {
  let compared = 0;
  await fc.assert(
    fc.asyncProperty(arbitraryMachine, arbitraryPast, async ({ machine }, { upcast, today, stored }) => {
      const hosted = hostedPast(machine, upcast);
      let expected = hosted.initial('1');
      for (const event of today) {
        const next = tryStep(hosted, expected, event);
        // An event that throws was never written.
        if (next === 'failed') return;
        if (next !== 'rejected') expected = next;
      }

      const host = new AskedHost(new Map([['thing', hosted]]), { log: await logOfPast(stored) });

      expectSame(await stateOf(host), shownOf(expected));
      compared++;
    }),
    { numRuns: times(100, 200) },
  );
  expect(compared).toBeGreaterThan(50);
});

test('what is sent today is folded tomorrow as it was sent, by the same chains', async () => {
  await fc.assert(
    fc.asyncProperty(arbitraryMachine, arbitraryPast, async ({ machine }, { upcast, today }) => {
      const host = startHost(hostedPast(machine, upcast));
      for (const { type, data } of today) await host.send(address, type, { data });
      const live = await stateOf(host);

      await host.passivate();

      expect(host.host.residents).toBe(0);
      expectSame(await stateOf(host), live);
    }),
    { numRuns: times(60, 100) },
  );
});

test('a snapshot that is migrated, with the events after it, leads where a replay leads', async () => {
  const events = fc.array(arbitraryEvent, { minLength: 1, maxLength: 14 });
  await fc.assert(
    fc.asyncProperty(arbitraryMachine, events, async ({ machine }, sent) => {
      // The older version kept its context one level deeper.
      const hosted = new HostedDefinition(
        defineAggregate('thing', {
          machine,
          version: 2,
          migrate: ({ state, context }) =>
            ({ state, context: (context as { inner: unknown }).inner }) as never,
        }),
      );
      const host = startHost(hosted);
      for (const { type, data } of sent) await host.send(address, type, { data });
      const log = await host.log.events(address);

      for (let cut = 0; cut <= log.length; cut++) {
        const identity = { id: '1', address, onInput: () => undefined };
        const restored = migrated(hosted, identity, olderSnapshot(hosted, log.slice(0, cut)))?.snapshot;

        if (restored === undefined) throw new Error('the snapshot was not migrated');
        expectSame(replayed(hosted, log.slice(cut), restored), replayed(hosted, log));
      }
    }),
    { numRuns: times(60, 100) },
  );
});

/** The state after some events as the older version would have kept it. */
function olderSnapshot(hosted: HostedDefinition, log: readonly RecordedEvent[]) {
  const persisted = decode(
    hosted.encode({ snapshot: foldOf(hosted, log), tree: undefined }, address) ?? '',
  ) as { context: unknown };
  const state = encode({ ...persisted, context: { inner: persisted.context } });
  return { version: log.length, fingerprint: codeFingerprint(1, 'older'), state };
}
