import { expect, test } from 'vitest';
import { assign, setup } from 'xstate';
import { type AnyAggregateDefinition, defineAggregate } from '../../actors/definitions/define-aggregate.ts';
import { HostedDefinition } from '../../actors/definitions/hosted-definition.ts';
import type { OlderSnapshot } from '../../actors/definitions/migrate.ts';
import type { FailedMigration } from '../../actors/evolution/evolution-reports.ts';
import { migrated } from '../../actors/evolution/migration.ts';
import { rehearseStream } from '../../actors/evolution/rehearse-stream.ts';
import { codeFingerprint } from '../../runtime/protocol/code-fingerprint.ts';
import type { SkippedEvent } from '../../runtime/protocol/skipped-event.ts';
import { codedError } from '../support/coded-error.ts';
import { AskedHost, foreignAppend } from '../support/hosted-actor.ts';
import { InMemoryHostLog } from '../support/in-memory-host-log.ts';

/** The first version of a counter: it counts what it is given, and can be shut. */
const first = defineAggregate('thing', {
  machine: setup({
    types: {} as { context: { total: number }; events: { type: 'added'; by: number } | { type: 'shut' } },
  }).createMachine({
    context: { total: 0 },
    initial: 'open',
    states: {
      open: {
        on: {
          added: { actions: assign({ total: ({ context, event }) => context.total + event.by }) },
          shut: 'closed',
        },
      },
      closed: {},
    },
  }),
  snapshotEvery: 2,
});

/** The second: `by` is now `amount` in cents, `closed` is now `shut`. */
const secondMachine = setup({
  types: {} as { context: { cents: number }; events: { type: 'added'; cents: number } | { type: 'shut' } },
}).createMachine({
  context: { cents: 0 },
  initial: 'open',
  states: {
    open: {
      on: {
        added: { actions: assign({ cents: ({ context, event }) => context.cents + event.cents }) },
        shut: 'shut',
      },
    },
    shut: {},
  },
});

type Options = Partial<Pick<AnyAggregateDefinition, 'migrate' | 'version' | 'snapshotEvery'>>;

const second = (options: Options = {}): AnyAggregateDefinition =>
  defineAggregate('thing', {
    machine: secondMachine,
    version: 2,
    snapshotEvery: 2,
    upcast: { added: [(data: { by: number }) => ({ cents: data.by * 100 })] },
    ...options,
  } as never);

const rightMigrate = ({ state, context }: OlderSnapshot) => ({
  state: state === 'closed' ? 'shut' : 'open',
  context: { cents: (context as { total: number }).total * 100 },
});

interface Opened {
  readonly host: AskedHost;
  readonly skipped: SkippedEvent[];
  readonly failed: FailedMigration[];
}

function open(definition: AnyAggregateDefinition, log: InMemoryHostLog): Opened {
  const skipped: SkippedEvent[] = [];
  const failed: FailedMigration[] = [];
  const host = new AskedHost(new Map([['thing', new HostedDefinition(definition)]]), {
    log,
    reports: { skipped: (event) => skipped.push(event), migrateFailed: (failure) => failed.push(failure) },
  });
  return { host, skipped, failed };
}

/** A log that the first version wrote: 1 + 2 + 3, shut, with a snapshot at version 4. */
async function written(): Promise<InMemoryHostLog> {
  const log = new InMemoryHostLog();
  const { host } = open(first, log);
  for (const by of [1, 2, 3]) await host.send('thing/1', 'added', { by });
  await host.send('thing/1', 'shut', {});
  return log;
}

test('events of an older version reach the machine in the shape of today, and stay as they were written', async () => {
  const log = await written();
  const { host } = open(second(), log);

  await expect(host.snapshot('thing/1')).resolves.toMatchObject({ state: 'shut', context: { cents: 600 } });

  const stored = await log.events('thing/1');
  expect(stored.map(({ data, schemaVersion }) => [data, schemaVersion]).slice(0, 2)).toEqual([
    ['{"by":1}', 1],
    ['{"by":2}', 1],
  ]);
});

test('a new event is written with the schema version of today', async () => {
  const log = new InMemoryHostLog();
  const { host } = open(second(), log);

  await host.send('thing/1', 'added', { cents: 5 });

  expect(await log.events('thing/1')).toMatchObject([{ data: '{"cents":5}', schemaVersion: 2 }]);
});

test('an actor with a newer event is refused by an older version, which appends nothing to it', async () => {
  const log = new InMemoryHostLog();
  await open(second(), log).host.send('thing/1', 'added', { cents: 5 });
  const { host } = open(first, log);
  const refused = codedError('HOLDFAST_ERR_EVENT_NEWER', {
    stream: 'thing/1',
    version: 1,
    found: 2,
    supported: 1,
  });

  expect(await host.send('thing/1', 'added', { by: 1 })).toEqual(refused);
  await expect(host.snapshot('thing/1')).rejects.toEqual(refused);

  expect(await log.events('thing/1')).toHaveLength(1);
  expect(await host.send('thing/2', 'added', { by: 1 })).toMatchObject({ version: 1 });
});

test('an actor in memory that a newer version has moved on is refused with the next command', async () => {
  const log = new InMemoryHostLog();
  const older = open(first, log).host;
  await older.send('thing/1', 'added', { by: 1 });
  await open(second(), log).host.send('thing/1', 'added', { cents: 5 });

  const answer = await older.send('thing/1', 'added', { by: 1 });

  expect(answer).toEqual(codedError('HOLDFAST_ERR_EVENT_NEWER', { version: 2 }));
  expect(await log.events('thing/1')).toHaveLength(2);
});

test('an upcaster that throws fails the commands of its actor, which go on once it is mended', async () => {
  const log = await written();
  const broken = defineAggregate('thing', {
    machine: secondMachine,
    upcast: {
      added: [
        () => {
          throw new Error('not yet');
        },
      ],
    },
  } as never);

  const answer = await open(broken, log).host.send('thing/1', 'shut', {});

  expect(answer).toEqual(codedError('HOLDFAST_ERR_UPCAST_FAILED', { version: 1, eventType: 'added' }));
  await expect(open(second(), log).host.snapshot('thing/1')).resolves.toMatchObject({
    context: { cents: 600 },
  });
});

test('a snapshot of an older version is migrated, and is what the actor goes on from', async () => {
  const log = await written();
  const seen: unknown[] = [];
  const migrate = (snapshot: OlderSnapshot, fromVersion: number) => {
    seen.push(snapshot, fromVersion);
    return rightMigrate(snapshot);
  };
  const { host, failed } = open(second({ migrate }), log);

  await expect(host.snapshot('thing/1')).resolves.toMatchObject({
    version: 4,
    state: 'shut',
    context: { cents: 600 },
  });

  expect(seen).toEqual([{ status: 'active', state: 'closed', context: { total: 6 }, history: {} }, 1]);
  expect(failed).toEqual([]);
});

test('a migrated snapshot is used in place of the events before it, and replaced by one of today', async () => {
  const log = new InMemoryHostLog();
  const older = open(first, log).host;
  for (const by of [1, 2]) await older.send('thing/1', 'added', { by });
  // Wrong on purpose, so that it shows what the state comes from.
  const migrate = () => ({ state: 'open', context: { cents: 7 } });
  const definition = second({ migrate });

  await open(definition, log).host.send('thing/1', 'added', { cents: 1 });
  const again = open({ ...definition, migrate: undefined }, log);
  const sameCode = open(definition, log);
  const { fingerprint } = new HostedDefinition(definition);

  const { snapshot } = await log.load({ stream: 'thing/1', after: 0, fingerprint, key: null });
  expect(snapshot).toMatchObject({ version: 3, fingerprint });

  await expect(sameCode.host.snapshot('thing/1')).resolves.toMatchObject({ context: { cents: 8 } });
  expect(log.snapshotsUsed).toBe(3);
  // Other code, also another migrate, has nothing of what this one made.
  await expect(again.host.snapshot('thing/1')).resolves.toMatchObject({ context: { cents: 301 } });
});

test.each<[what: string, migrate: () => unknown, why: RegExp]>([
  [
    'throws',
    () => {
      throw new Error('cannot migrate');
    },
    /cannot migrate/,
  ],
  [
    'returns a state that does not exist',
    () => ({ state: 'closed', context: { cents: 0 } }),
    /does not take/,
  ],
  ['returns two states', () => ({ state: { open: {}, shut: {} }, context: { cents: 0 } }), /does not take/],
  ['returns a context that cannot be kept', () => ({ state: 'open', context: () => 0 }), /does not take/],
  ['returns something else', () => 'open', /must return \{ state, context \}/],
  ['answers later', async () => undefined, /must return \{ state, context \}/],
])('a migrate that %s is reported, and the stream is replayed', async (_what, migrate, why) => {
  const { host, failed } = open(second({ migrate: migrate as never }), await written());

  await expect(host.snapshot('thing/1')).resolves.toMatchObject({ state: 'shut', context: { cents: 600 } });

  const error = { message: expect.stringMatching(why) };
  expect(failed).toMatchObject([{ address: 'thing/1', version: 4, fromVersion: 1, error }]);
});

test('a migrate that wants a replay gets one, and nothing is reported', async () => {
  const { host, failed } = open(second({ migrate: () => undefined }), await written());

  await expect(host.snapshot('thing/1')).resolves.toMatchObject({ context: { cents: 600 } });

  expect(failed).toEqual([]);
});

test.each([
  ['of the same version and other code', 1],
  ['of a newer version', 3],
])('a snapshot %s is not migrated', async (_what, version) => {
  const log = new InMemoryHostLog();
  const machine = setup({
    types: {} as { context: { total: number }; events: { type: 'added'; by: number } },
  }).createMachine({
    context: { total: 0 },
    on: { added: { actions: assign({ total: ({ context, event }) => context.total + event.by }) } },
  });
  const writer = defineAggregate('thing', { machine, version: version + 1, snapshotEvery: 1 });
  await open(writer, log).host.send('thing/1', 'added', { by: 1 });
  const migrate = () => {
    throw new Error('must not be called');
  };
  const reader = defineAggregate('thing', { machine, version: 2, input: () => 1, migrate } as never);

  const { host, failed } = open(reader, log);

  await expect(host.snapshot('thing/1')).resolves.toMatchObject({ context: { total: 1 } });
  expect(failed).toEqual([]);
});

test.each([
  [1, 'called'],
  [2, 'not called'],
  [3, 'not called'],
])('migrate of version 2 and a snapshot of version %i: it is %s', (version, expected) => {
  let called = 'not called';
  const migrate = () => {
    called = 'called';
    return undefined;
  };
  const fingerprint = codeFingerprint(version, 'other code');

  const identity = { id: '1', address: 'thing/1', onInput: () => undefined };
  migrated(new HostedDefinition(second({ migrate })), identity, { version: 1, fingerprint, state: '{}' });

  expect(called).toBe(expected);
});

test('a snapshot whose state was renamed is not used without migrate', async () => {
  const log = await written();

  await expect(open(second(), log).host.snapshot('thing/1')).resolves.toMatchObject({ state: 'shut' });

  expect(log.snapshotsUsed).toBe(0);
});

test('events that the machine does not know or does not accept are kept and reported', async () => {
  const log = await written();
  await log.appendNow(foreignAppend('thing/1', 'painted', { colour: 'red' }));
  await log.appendNow(foreignAppend('thing/1', 'added', { by: 4 }));
  await log.appendNow(foreignAppend('thing/1', 'holdfast.fired', {}));
  await log.appendNow(foreignAppend('thing/1', 'xstate.done.actor.0', {}));
  const { host, skipped } = open(first, log);

  await expect(host.snapshot('thing/1')).resolves.toMatchObject({ version: 8, context: { total: 6 } });

  expect(skipped).toEqual([
    { address: 'thing/1', type: 'painted', version: 5, reason: 'unknown-type' },
    { address: 'thing/1', type: 'added', version: 6, reason: 'not-accepted' },
    { address: 'thing/1', type: 'holdfast.fired', version: 7, reason: 'not-accepted' },
    { address: 'thing/1', type: 'xstate.done.actor.0', version: 8, reason: 'unknown-type' },
  ]);
  expect(await log.events('thing/1')).toHaveLength(8);
});

test('a rehearsal reports what a host would, also of what Holdfast and XState have journaled', async () => {
  const log = await written();
  for (const type of ['holdfast.fired', 'painted', 'xstate.done.actor.0'])
    await log.appendNow(foreignAppend('thing/1', type, {}));
  const found: string[] = [];
  const reads = { load: log.load.bind(log), actorSnapshot: async () => undefined };

  const events = await rehearseStream(new HostedDefinition(second()), 'thing/1', reads, {
    computes: () => undefined,
    waits: () => undefined,
    found: ({ problem, type, version, position }) => found.push(`${problem} ${type} ${version} ${position}`),
  });

  expect(events).toBe(7);
  expect(found).toEqual([
    'not-accepted holdfast.fired 5 5',
    'unknown-type painted 6 6',
    'unknown-type xstate.done.actor.0 7 7',
  ]);
});

test('an error of a replay is a sentence, and says what to do', async () => {
  const machine = setup({ types: {} as { events: { type: 'added' } } }).createMachine({
    on: {
      added: {
        actions: assign(() => {
          throw new Error('there is no such field');
        }),
      },
    },
  });
  const host = new AskedHost(
    new Map([['thing', new HostedDefinition(defineAggregate('thing', { machine }))]]),
  );
  await host.log.appendNow(foreignAppend('thing/1', 'added', {}));

  expect(await host.send('thing/1', 'added', {})).toMatchObject({
    message: expect.stringContaining('appended: there is no such field. Make it accept what is recorded.'),
  });
});

test('migrate without an older version is refused', () => {
  const migrate = () => undefined;

  expect(() => second({ migrate, version: 1 })).toThrow(codedError('HOLDFAST_ERR_OPTION_INVALID') as never);
  expect(() => second({ migrate: 'code' as never })).toThrow(
    codedError('HOLDFAST_ERR_OPTION_INVALID') as never,
  );
});
