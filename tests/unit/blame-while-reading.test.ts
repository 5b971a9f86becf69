import { afterAll, expect, test } from 'vitest';
import { assign, setup } from 'xstate';
import { defineAggregate } from '../../actors/definitions/define-aggregate.ts';
import { HostedDefinition } from '../../actors/definitions/hosted-definition.ts';
import type { OlderSnapshot } from '../../actors/definitions/migrate.ts';
import { inputRequest, wakeRequest } from '../../actors/host/input-request.ts';
import { borrowEntropy } from '../../actors/steps/install-entropy.ts';
import { holdfastError } from '../../runtime/errors/holdfast-error.ts';
import { HostBoard } from '../../runtime/protocol/host-board.ts';
import { AskedHost, foreignAppend } from '../support/hosted-actor.ts';
import { InMemoryHostLog } from '../support/in-memory-host-log.ts';

// As in the threads of a runtime: the machine draws what it begins with.
const giveBack = borrowEntropy(() => undefined);
afterAll(giveBack);

/** For whom code of the user ran: the number of a request, or an address; and which code it was. */
type Note = readonly [forWhom: number | string, code: string];

/** A definition all of whose code notes for whom it runs, by what the board says at that moment. */
function open(options: { readonly isSecond?: boolean; readonly log?: InMemoryHostLog } = {}) {
  const board = new HostBoard();
  const notes: Note[] = [];
  const note = (code: string): void => {
    notes.push([board.workingOn || board.workingForAddress, code]);
  };
  const machine = setup({
    types: {} as { context: { count: number }; events: { type: 'counted'; by: number }; input: string },
  }).createMachine({
    context: () => {
      note('context');
      return { count: Math.random() * 0 };
    },
    on: {
      counted: {
        actions: assign(({ context, event }) => {
          note('assign');
          if (event.by < 0) throw new Error('less than nothing');
          return { count: context.count + event.by };
        }),
      },
    },
  });
  const thing = defineAggregate('thing', {
    machine,
    snapshotEvery: options.isSecond === true ? 100 : 4,
    input: (id: string) => {
      note('input');
      return id;
    },
    version: options.isSecond === true ? 2 : 1,
    ...(options.isSecond === true && {
      migrate: ({ context }: OlderSnapshot) => {
        note('migrate');
        return { state: {}, context };
      },
    }),
    upcast: {
      counted: [
        (event: { by: number }) => {
          note('upcast');
          return event;
        },
      ],
    },
  } as never);
  const hosted = new HostedDefinition(thing);
  // Its machine was looked at, as a thread does before it takes requests.
  notes.length = 0;
  const host = new AskedHost(new Map([['thing', hosted]]), {
    progress: board,
    ...(options.log === undefined ? {} : { log: options.log }),
  });
  const taken = (): Note[] => notes.splice(0);
  const forNobody = (): void => {
    expect([board.workingOn, board.workingForAddress]).toEqual([0, '']);
  };
  return { host, taken, forNobody };
}

/** An event as the first version of the definition has written it. */
const past = (by: number) => foreignAppend('thing/1', 'counted', { by });

test('what an actor begins with is computed for the request that waits for it', async () => {
  const { host, taken, forNobody } = open();

  await host.snapshot('thing/1');

  expect(taken()).toEqual([
    [1, 'input'],
    [1, 'context'],
  ]);
  forNobody();
});

test('all pages of a stream are read for the request that waits first', async () => {
  const log = new InMemoryHostLog();
  for (let by = 1; by <= 7; by++) await log.appendNow(past(by));
  const { host, taken, forNobody } = open({ log });

  await Promise.all([host.snapshot('thing/1'), host.snapshot('thing/1')]);

  const notes = taken();
  expect(new Set(notes.map(([forWhom]) => forWhom))).toEqual(new Set([1]));
  expect(new Set(notes.map(([, code]) => code))).toEqual(new Set(['input', 'context', 'upcast', 'assign']));
  forNobody();
});

test('a snapshot of an older version is migrated for the request that waits for it', async () => {
  const before = open();
  for (let by = 1; by <= 4; by++) await before.host.send('thing/1', 'counted', { by });
  const { host, taken, forNobody } = open({ isSecond: true, log: before.host.log });

  const { version } = await host.snapshot('thing/1');

  expect(version).toBe(4);
  expect(taken()).toEqual([[1, 'migrate']]);
  forNobody();
});

test('an actor that another process has begun begins anew for the request that finds out', async () => {
  const { host, taken, forNobody } = open();
  await host.snapshot('thing/1');
  await host.log.appendNow(past(1));
  taken();

  await host.snapshot('thing/1');

  const notes = taken();
  expect(new Set(notes.map(([forWhom]) => forWhom))).toEqual(new Set([2]));
  expect(notes.map(([, code]) => code)).toContain('context');
  forNobody();
});

test('a stream that throws as it is read is nobody’s any more', async () => {
  const log = new InMemoryHostLog();
  await log.appendNow(past(-1));
  const { host, taken, forNobody } = open({ log });

  const answer = await host.send('thing/1', 'counted', { by: 1 });

  expect(answer).toMatchObject({ code: 'HOLDFAST_ERR_TRANSITION_FAILED' });
  expect(taken()).toContainEqual([1, 'assign']);
  forNobody();
});

test('what is read for something from within, or for nobody, is read for the actor', async () => {
  const { host, taken, forNobody } = open();

  host.host.receive(wakeRequest('thing/2'));
  await host.passivate();
  const fromWithin = taken();
  await host.snapshot('thing/1');
  taken();
  const faults = [holdfastError('HOLDFAST_ERR_STORAGE_FULL', 'The disk is full.')];
  host.log.breakWith(() => faults.shift());
  await host.send('thing/1', 'counted', { by: 1 });
  taken();
  await host.passivate();

  expect(fromWithin).toContainEqual(['thing/2', 'context']);
  expect(taken()).toContainEqual(['thing/1', 'context']);
  forNobody();
});

test('what comes from within an actor in memory runs for the actor', async () => {
  const { host, taken, forNobody } = open();
  await host.send('thing/1', 'counted', { by: 1 });
  taken();

  host.host.receive(inputRequest('thing/1', '', { type: 'counted', by: 2 } as never));
  forNobody();

  expect(taken()).toEqual([['thing/1', 'assign']]);
  await host.snapshot('thing/1');
});
