import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Runtime, RuntimeOptions } from 'holdfast';
import { expect, test } from 'vitest';
import { ChannelRecord } from '../support/channel-record.ts';
import { runChild } from '../support/child-program.ts';
import { codedError } from '../support/coded-error.ts';
import { account } from '../support/fixtures/account/v1.ts';
import { beginless } from '../support/fixtures/beginless.ts';
import { type Harm, hostile } from '../support/fixtures/hostile.ts';
import { openRuntime } from '../support/open-runtime.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { isThorough, testThoroughly } from '../support/thorough.ts';

const small = { hostMemoryMb: 32, hostExternalMemoryMb: 64 };
/** On a busy machine, what takes memory takes time as well: only a loop is not waited for. */
const impatient = { hostUnresponsiveMs: 300 };
/** A loop is weighed with the first tick that it misses, the fifth part of this. */
const patient = { hostUnresponsiveMs: 2_500 };

/** A runtime with a hostile command that kills as often as it is tried. */
async function openWithPoison(harm: Harm, options: Partial<RuntimeOptions> = {}) {
  const folder = temporaryFolder();
  const runtime = await openRuntime(['hostile'], { database: join(folder, 'app.db'), ...small, ...options });
  const poison = { type: 'harmed', harm, mark: join(folder, 'mark'), times: 1_000 } as const;
  return { runtime, poison };
}

const harms = [
  ['exit', 'exit', { exitCode: 3 }],
  ['memory', 'out-of-memory', { limitMb: 32 }],
  ['loop', 'unresponsive', { limitMs: 300 }],
  ['buffers', 'external-memory', { limitMb: 64, usedMb: expect.any(Number) }],
  ['buffers-stuck', 'external-memory', { limitMb: 64, usedMb: expect.any(Number) }],
  ['buffers-loop', 'external-memory', { limitMb: 64, usedMb: expect.any(Number) }],
] as const;

// What loops or waits with its buffers takes the processor as well, or answers nothing, which others test already.
test.each(isThorough ? harms : harms.filter(([harm]) => !harm.startsWith('buffers-')))(
  'a command that kills every thread (%s) is dead-lettered with the evidence',
  async (harm, cause, figures) => {
    const { runtime, poison } = await openWithPoison(harm, harm === 'loop' ? impatient : patient);
    const actor = runtime.actor(hostile, 'a');
    const evidence = expect.objectContaining({ cause, figures, message: expect.any(String) });

    const [first, died, third, sibling] = await Promise.allSettled([
      actor.send({ type: 'counted' }),
      actor.send(poison),
      actor.send({ type: 'counted' }),
      runtime.actor(hostile, 'b').send({ type: 'counted' }),
    ]);

    const [letter, ...more] = (await runtime.deadLetters()).filter(({ reason }) => reason === 'poison');
    expect(letter).toEqual(
      expect.objectContaining({ address: 'hostile/a', type: 'harmed', cause, evidence }),
    );
    expect(more).toEqual([]);
    expect(died).toEqual({
      status: 'rejected',
      reason: codedError('HOLDFAST_ERR_POISON_MESSAGE', {
        address: 'hostile/a',
        retryable: false,
        mayBeDurable: false,
        deadLetterId: letter?.deadLetterId,
        evidence,
      }),
    });
    // What came before the culprit may have been under way; what came after it, and other actors, go on.
    if (first.status === 'rejected') expect(first.reason).toEqual(codedError('HOLDFAST_ERR_HOST_DIED'));
    expect([third.status, sibling.status]).toEqual(['fulfilled', 'fulfilled']);
    const types = (await runtime.store.getEventsAfter('hostile/a', 0)).map(({ type }) => type);
    expect(types).not.toContain('harmed');
    await expect(runtime.store.verify()).resolves.toMatchObject({ ok: true });
  },
);

// Each of two threads takes a processor for seconds, until the process is gone.
testThoroughly(
  'a thread in a loop that V8 does not interrupt is left behind, and the process ends',
  async () => {
    const { lines, code, signal } = await runChild('hang-for-good.ts', [await temporaryFolder()]);

    expect(lines).toEqual(['HOLDFAST_ERR_POISON_MESSAGE', 'poison', 'closed', 'exit 0']);
    // Another V8 may interrupt it.
    expect(signal === 'SIGKILL' || code === 0).toBe(true);
  },
);

test('later commands wait behind one that is in quarantine, and come after it', async () => {
  const { runtime, poison } = await openWithPoison('exit');
  const actor = runtime.actor(hostile, 'a');

  const [harmed, ...counted] = await Promise.all([
    actor.send({ ...poison, times: 1 }),
    ...Array.from({ length: 20 }, () => actor.send({ type: 'counted' })),
  ]);

  expect(harmed.version).toBe(1);
  expect(counted.map(({ version }) => version)).toEqual(Array.from({ length: 20 }, (_, index) => index + 2));
});

test.each([
  ['serves', {}],
  ['is unavailable', { supervision: { intensity: 0 } }],
])('a command in quarantine is given up in time while its host %s', async (_, options) => {
  const { runtime, poison } = await openWithPoison('exit-then-stuck', {
    commandTimeoutMs: 500,
    hostUnresponsiveMs: 5_000,
    closeTimeoutMs: 0,
    ...options,
  });
  const quarantined = new ChannelRecord('holdfast:actor:quarantined');
  const actor = runtime.actor(hostile, 'a');
  await actor.send({ type: 'counted' }, { timeoutMs: 60_000 });

  await expect(actor.send(poison)).rejects.toEqual(codedError('HOLDFAST_ERR_TIMEOUT'));

  expect(await quarantined.nth(1)).toMatchObject({ address: 'hostile/a', cause: 'exit' });
});

test('an actor in quarantine lives nowhere else, and health shows it', async () => {
  const { runtime, poison } = await openWithPoison('stuck', { hostUnresponsiveMs: 1_500 });
  const restarted = new ChannelRecord('holdfast:host:restarted');
  const quarantined = new ChannelRecord('holdfast:actor:quarantined');
  const released = new ChannelRecord('holdfast:actor:released');
  const actor = runtime.actor(hostile, 'a');
  const changes = actor.changes();
  await changes.next();

  const died = actor.send(poison).catch((error: unknown) => error);
  const waiting = actor.send({ type: 'counted' });
  await restarted.nth(1);
  await runtime.actor(hostile, 'b').send({ type: 'counted' });
  const residents = await runtime.residents();
  const during = await runtime.health();
  const releasedBefore = released.messages.length;

  expect(await quarantined.nth(1)).toMatchObject({ address: 'hostile/a', host: 0, cause: 'unresponsive' });
  expect(releasedBefore).toBe(0);
  expect(residents).toBe(1);
  expect(during).toMatchObject({
    status: 'degraded',
    quarantined: [{ address: 'hostile/a', host: 0, cause: 'unresponsive' }],
  });
  expect(await died).toEqual(codedError('HOLDFAST_ERR_POISON_MESSAGE'));
  await expect(waiting).resolves.toMatchObject({ version: 1 });
  expect(await released.nth(1)).toEqual({ address: 'hostile/a', host: 0, poisoned: 1 });
  await expect(changes.next()).resolves.toMatchObject({ value: { version: 1 } });
  await changes.return();
  await expect(runtime.health()).resolves.toMatchObject({
    status: 'healthy',
    quarantined: [],
    deadLetters: 1,
  });
});

test('what an answered command brings upon its quarantine thread is not blamed on the one that is tried meanwhile', async () => {
  const { runtime, poison } = await openWithPoison('exit');
  const trigger = join(temporaryFolder(), 'trigger');
  const actor = runtime.actor(hostile, 'a');
  const mined = actor.send({ type: 'mined', trigger }, { idempotencyKey: 'mined' });
  const counted = actor.send({ type: 'counted' }, { idempotencyKey: 'counted' });
  const harmed = actor.send({ ...poison, times: 1 });

  // From then on the next one is with the same thread, which hears of it only after the first has done its harm.
  const first = await mined;
  await new Promise((resolve) => setImmediate(resolve));
  writeFileSync(trigger, '');

  const rest = await Promise.all([counted, harmed]);
  expect([first, ...rest].map(({ version }) => version)).toEqual([1, 2, 3]);
  await expect(runtime.deadLetters()).resolves.toEqual([]);
});

test('an actor that cannot be replayed fails its callers one by one, and no other actor', async () => {
  const { runtime, poison } = await openWithPoison('exit');
  await runtime.actor(hostile, 'a').send({ ...poison, after: 1 });
  await runtime.close();
  const next = await openRuntime(['hostile'], { database: runtime.database, ...small });
  const actor = next.actor(hostile, 'a');

  const [sent, shown, other] = await Promise.allSettled([
    actor.send({ type: 'counted' }),
    actor.snapshot(),
    // What may have been under way goes on with a key.
    next.actor(hostile, 'b').send({ type: 'counted' }, { idempotencyKey: 'b' }),
  ]);

  const poisoned = codedError('HOLDFAST_ERR_POISON_MESSAGE', {
    evidence: expect.objectContaining({ cause: 'exit' }),
  });
  expect(sent).toEqual({ status: 'rejected', reason: poisoned });
  expect(shown).toEqual({ status: 'rejected', reason: poisoned });
  expect(other.status).toBe('fulfilled');
  // A snapshot is no command, and nothing to keep.
  await expect(next.deadLetters()).resolves.toEqual([
    expect.objectContaining({ type: 'counted', reason: 'poison' }),
  ]);
});

/** Fails unless what killed its threads is in the one dead letter, and others went on. */
async function expectPoison(runtime: Runtime, sent: Promise<unknown>, others: Promise<unknown>) {
  const evidence = expect.objectContaining({ cause: 'unresponsive', figures: { limitMs: 300 } });
  const [poisoned, other] = await Promise.allSettled([sent, others]);
  expect(poisoned).toEqual({
    status: 'rejected',
    reason: codedError('HOLDFAST_ERR_POISON_MESSAGE', { mayBeDurable: false, evidence }),
  });
  expect(other.status).toBe('fulfilled');
  await expect(runtime.deadLetters()).resolves.toEqual([
    expect.objectContaining({ reason: 'poison', cause: 'unresponsive', evidence }),
  ]);
}

test('a command to an actor that never begins is dead-lettered with the evidence, and no other actor suffers', async () => {
  const runtime = await openRuntime(['beginless'], { ...small, ...impatient });

  const sent = runtime.actor(beginless, 'endless').send({ type: 'counted' });
  // What may have been under way goes on with a key.
  const other = runtime.actor(beginless, 'b').send({ type: 'counted' }, { idempotencyKey: 'b' });

  await expectPoison(runtime, sent, other);
});

test('a command to an actor whose snapshot is migrated without an end is dead-lettered with the evidence', async () => {
  const before = await openRuntime(['account/v1']);
  for (const id of ['a', 'b']) {
    const actor = before.actor(account, id);
    await actor.send({ type: 'opened', owner: id === 'a' ? 'endless' : 'somebody' });
    for (let count = 0; count < 4; count++) await actor.send({ type: 'deposited', amount: 1 });
  }
  await before.close();
  const { database } = before;
  const runtime = await openRuntime(['account/endless-migrate'], { database, ...small, ...impatient });

  const sent = runtime.actor(account, 'a').send({ type: 'viewed' });
  const other = runtime.actor(account, 'b').snapshot();

  await expectPoison(runtime, sent, other);
});

test('what was thrown in quarantine after the append had left may be durable, and the error says so', async () => {
  const { runtime, poison } = await openWithPoison('throw');

  await expect(runtime.actor(hostile, 'a').send(poison, { idempotencyKey: 'p' })).rejects.toEqual(
    codedError('HOLDFAST_ERR_POISON_MESSAGE', {
      mayBeDurable: true,
      evidence: expect.objectContaining({ cause: 'threw', stack: expect.stringContaining('out of nowhere') }),
    }),
  );
});

test('poison without a key that may be durable is a letter that says so, and not that it was not carried out', async () => {
  const { runtime, poison } = await openWithPoison('exit-then-throw');

  await expect(runtime.actor(hostile, 'a').send(poison)).rejects.toEqual(
    codedError('HOLDFAST_ERR_POISON_MESSAGE', { mayBeDurable: true, deadLetterId: 1 }),
  );

  await expect(runtime.deadLetters()).resolves.toEqual([
    expect.objectContaining({ idempotencyKey: null, reason: 'host-died', cause: 'threw' }),
  ]);
});

test('close ends what is in quarantine and keeps it as a dead letter', async () => {
  const { runtime, poison } = await openWithPoison('stuck', {
    hostUnresponsiveMs: 1_000,
    closeTimeoutMs: 100,
  });
  const quarantined = new ChannelRecord('holdfast:actor:quarantined');
  const died = runtime
    .actor(hostile, 'a')
    .send(poison)
    .catch((error: unknown) => error);
  const waiting = runtime
    .actor(hostile, 'a')
    .send({ type: 'counted' })
    .catch((error: unknown) => error);
  await quarantined.nth(1);

  await runtime.close();

  const closed = codedError('HOLDFAST_ERR_CLOSED');
  expect(await Promise.all([died, waiting])).toEqual([closed, closed]);
  const next = await openRuntime(['hostile'], { database: runtime.database });
  const letters = await next.deadLetters();
  expect(letters.map(({ type, reason }) => [type, reason]).sort()).toEqual([
    ['counted', 'closed'],
    ['harmed', 'closed'],
  ]);
});
