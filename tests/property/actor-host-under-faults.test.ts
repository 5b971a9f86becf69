import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { HostedDefinition } from '../../actors/definitions/hosted-definition.ts';
import { step } from '../../actors/steps/bare-machine.ts';
import { holdfastError } from '../../runtime/errors/holdfast-error.ts';
import type { HostReceipt } from '../../runtime/protocol/host-messages.ts';
import type { RecordedEvent } from '../../runtime/protocol/recorded-event.ts';
import { arbitraryEvent, arbitraryMachine, type MachineEvent } from '../support/arbitrary-machine.ts';
import { AskedHost, foreignAppend, hostedMachine } from '../support/hosted-actor.ts';
import {
  address,
  codeOf,
  eventOf,
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

const arbitraryEvents = fc.array(arbitraryEvent, { minLength: 1, maxLength: 14 });

test('two hosts on one log never corrupt a stream: every accepted event is on the state before it', async () => {
  const steps = fc.array(fc.tuple(arbitraryEvent, fc.constantFrom(0, 1), fc.boolean()), {
    minLength: 2,
    maxLength: 16,
  });
  await fc.assert(
    fc.asyncProperty(arbitraryMachine, steps, async ({ machine }, sends) => {
      const hosted = hostedMachine(machine, 3);
      const definitions = new Map([['thing', hosted]]);
      const first = new AskedHost(definitions);
      const hosts = [first, new AskedHost(definitions, { log: first.log })] as const;
      const answers: Promise<HostReceipt | Error>[] = [];

      for (const [{ type, data }, which, pause] of sends) {
        answers.push(hosts[which].send(address, type, { data }));
        if (pause) await Promise.all(answers);
      }
      const settled = await Promise.all(answers);

      const log = await first.log.events(address);
      expect(settled.filter(isAppended).length).toBe(log.length);
      expect(settled.filter((answer) => !isAppended(answer)).map(codeOf)).not.toContain(
        'HOLDFAST_ERR_VERSION_CONFLICT',
      );
      let state = hosted.initial('1');
      for (const { type, data } of log) {
        const before = state;
        state = foldOf(hosted, [{ type, data } as RecordedEvent], before);
        const accepted = step(machine, before, eventOf({ type, data })).accepted;
        expect(accepted, `${type} was written on a state that does not accept it`).toBe(true);
      }
      for (const host of hosts) expectSame(await stateOf(host), shownOf(state));
    }),
    { numRuns: 100 },
  );
});

test('what another writer appends between the steps is folded in, whether it fits or not', async () => {
  const steps = fc.array(fc.tuple(arbitraryEvent, fc.boolean(), fc.boolean()), {
    minLength: 2,
    maxLength: 14,
  });
  await fc.assert(
    fc.asyncProperty(arbitraryMachine, steps, async ({ machine }, sends) => {
      const hosted = hostedMachine(machine, 2);
      const host = startHost(hosted);
      let strangers = 0;
      const answers: Promise<HostReceipt | Error>[] = [];

      for (const [{ type, data }, isForeign, pause] of sends) {
        if (isForeign && (await canBeFolded(hosted, host, { type, data }))) {
          await host.log.appendNow(foreignAppend(address, type, { data }));
          strangers++;
        } else answers.push(host.send(address, type, { data }));
        if (pause) await Promise.all(answers);
      }
      const settled = await Promise.all(answers);

      const log = await host.log.events(address);
      expect(log.length).toBe(strangers + settled.filter(isAppended).length);
      if (isFoldable(hosted, log)) expectSame(await stateOf(host), replayed(hosted, log));
    }),
    { numRuns: 100 },
  );
});

test('appends that fail answer their callers only, and what was decided on top of them is decided again', async () => {
  const faults = fc.array(fc.constantFrom('none', 'none', 'full', 'conflict', 'unknown'), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(arbitraryMachine, arbitraryEvents, faults, async ({ machine }, events, script) => {
      const hosted = hostedMachine(machine, 3);
      const host = startHost(hosted);
      const left = [...script];
      host.log.breakWith((request) => {
        switch (left.shift()) {
          case 'full':
            return holdfastError('HOLDFAST_ERR_STORAGE_FULL', 'The disk is full.');
          case 'unknown':
            return holdfastError('HOLDFAST_ERR_OUTCOME_UNKNOWN', 'The disk failed.');
          case 'conflict': {
            const { stream, expectedVersion: expected } = request;
            return holdfastError('HOLDFAST_ERR_VERSION_CONFLICT', 'Too late.', {
              stream,
              expected,
              actual: 99,
            });
          }
          default:
            return undefined;
        }
      });

      const answers = await Promise.all(events.map(({ type, data }) => host.send(address, type, { data })));

      const log = await host.log.events(address);
      const accepted = events.filter((_, index) => isAppended(answers[index] as HostReceipt | Error));
      expect(log.map(({ type, data }) => ({ type, data: eventOf({ type, data }).data }))).toEqual(accepted);
      const versions = answers.filter(isAppended).map(({ version }) => version);
      expect(versions).toEqual(versions.map((_, index) => index + 1));
      expect(answers.map(codeOf)).not.toContain('HOLDFAST_ERR_VERSION_CONFLICT');
      expectSame(await stateOf(host), replayed(hosted, log));
    }),
    { numRuns: times(40, 150) },
  );
});

test('a command that is repeated under its key is carried out once and answered as the first time', async () => {
  const faults = fc.array(fc.constantFrom('none', 'full', 'conflict'), { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(
      arbitraryMachine,
      arbitraryEvents,
      faults,
      fc.boolean(),
      async ({ machine }, events, script, passivates) => {
        const hosted = hostedMachine(machine, 3);
        const host = startHost(hosted);
        const left = [...script];
        host.log.breakWith((request) => {
          const fault = left.shift();
          if (fault === 'full') return holdfastError('HOLDFAST_ERR_STORAGE_FULL', 'The disk is full.');
          if (fault !== 'conflict') return undefined;
          const { stream, expectedVersion: expected } = request;
          return holdfastError('HOLDFAST_ERR_VERSION_CONFLICT', 'Too late.', {
            stream,
            expected,
            actual: 99,
          });
        });
        const firsts = new Map<string, HostReceipt>();

        for (const [index, { type, data }] of events.entries()) {
          const key = `k${index % 5}-${type}-${data.by}`;
          const answers = await Promise.all([1, 2].map(() => host.send(address, type, { data }, { key })));
          for (const answer of answers) {
            if (answer instanceof Error) continue;
            const first = firsts.get(key);
            if (first === undefined) {
              expect(answer.outcome).toBe('appended');
              firsts.set(key, answer);
            } else expect(answer).toStrictEqual({ ...first, outcome: 'already-appended' });
          }
          if (passivates) await host.passivate();
        }

        expect((await host.log.events(address)).length).toBe(firsts.size);
      },
    ),
    { numRuns: 100 },
  );
});

async function canBeFolded(hosted: HostedDefinition, host: AskedHost, event: MachineEvent): Promise<boolean> {
  const log = await host.log.events(address);
  return isFoldable(hosted, log) && tryStep(hosted, foldOf(hosted, log), event) !== 'failed';
}

function isFoldable(hosted: HostedDefinition, log: readonly RecordedEvent[]): boolean {
  try {
    foldOf(hosted, log);
    return true;
  } catch {
    return false;
  }
}
