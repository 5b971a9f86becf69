import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runChild } from '../support/child-program.ts';
import { codedError } from '../support/coded-error.ts';
import { dam } from '../support/fixtures/background.ts';
import { counter } from '../support/fixtures/counter.ts';
import { openRuntime } from '../support/open-runtime.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { testThoroughly, times } from '../support/thorough.ts';

/** A flood of a million takes long where two processors do all. */
const flooded = times(150_000, 1_000_000);

interface Flood {
  readonly answered: number;
  readonly inOrder: boolean;
  readonly refused: Readonly<Record<string, number>>;
  readonly floodMb: number;
  readonly inFlight: number;
  readonly answeredBeforeQuiet: number;
  readonly quietVersion: number;
}

/** Runs a flood with too little memory for a million commands that are not bounded. */
async function flood(policy: 'reject' | 'wait', actors: number): Promise<Flood> {
  const database = join(temporaryFolder(), 'app.db');
  const { code, lines, stderr } = await runChild('flood.ts', [database, policy, `${actors}`, `${flooded}`], {
    execArgv: ['--max-old-space-size=2048'],
    limitMs: 110_000,
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(lines[0] ?? '') as Flood;
}

testThoroughly.each([
  [1, 4_096],
  [1_000, 131_072],
] as const)(
  'of a million commands in one turn to %i actors, those there is room for are carried out, and a quiet actor overtakes them',
  async (actors, accepted) => {
    const { answered, inOrder, refused, floodMb, inFlight, answeredBeforeQuiet } = await flood(
      'reject',
      actors,
    );

    expect({ answered, inOrder, refused }).toEqual({
      answered: accepted,
      inOrder: true,
      refused: { HOLDFAST_ERR_MAILBOX_FULL: flooded - accepted },
    });
    expect(floodMb, 'megabytes of heap').toBeLessThan(600);
    expect(inFlight).toBeLessThanOrEqual(8_192);
    expect(answeredBeforeQuiet).toBeLessThan(accepted * 0.75);
  },
  120_000,
);

test.each([1_000])(
  'a flood of commands in one turn to %i actors wait in order, a quiet actor overtakes them, and a signal ends them all',
  async (actors) => {
    const { answered, inOrder, refused, floodMb, inFlight, answeredBeforeQuiet } = await flood(
      'wait',
      actors,
    );

    expect(inOrder).toBe(true);
    // Those that had left are answered, and no other.
    expect(answered).toBeGreaterThanOrEqual(flooded / 10);
    expect(answered).toBeLessThanOrEqual(flooded / 10 + 8_192);
    expect(refused).toEqual({ enough: flooded - answered });
    expect(floodMb, 'megabytes of heap').toBeLessThan(1_400);
    expect(inFlight).toBeLessThanOrEqual(8_192);
    expect(answeredBeforeQuiet).toBeLessThan(answered * 0.75);
  },
  120_000,
);

test('commands that wait for room are carried out in order', async () => {
  const runtime = await openRuntime(['counter'], { mailboxCapacity: 2, mailboxOverflow: 'wait' });
  const actor = runtime.actor(counter, 'a');

  const sent = Array.from({ length: 500 }, (_, index) => actor.send({ type: 'numbered', number: index + 1 }));

  const receipts = await Promise.all(sent);
  expect(receipts.map(({ version }) => version)).toEqual(sent.map((_, index) => index + 1));
  await expect(actor.snapshot()).resolves.toMatchObject({ context: { last: 500, isInOrder: true } });
});

test('a command that is given up while it waits for room is never carried out', async () => {
  const runtime = await openRuntime(['counter'], { mailboxCapacity: 1, mailboxOverflow: 'wait' });
  const actor = runtime.actor(counter, 'a');
  const abort = new AbortController();
  const add = (by: number, options = {}) => actor.send({ type: 'added', by }, options);

  const first = add(1);
  const aborted = [add(10, { signal: abort.signal }), add(20, { signal: abort.signal })];
  const late = add(100, { timeoutMs: 1 });
  const last = add(2);
  abort.abort(new Error('changed my mind'));

  const outcomes = await Promise.allSettled([first, ...aborted, late, last]);
  expect(outcomes).toEqual([
    { status: 'fulfilled', value: expect.objectContaining({ version: 1 }) },
    { status: 'rejected', reason: new Error('changed my mind') },
    { status: 'rejected', reason: new Error('changed my mind') },
    { status: 'rejected', reason: codedError('HOLDFAST_ERR_TIMEOUT') },
    { status: 'fulfilled', value: expect.objectContaining({ version: 2 }) },
  ]);
  await expect(actor.snapshot()).resolves.toMatchObject({ version: 2, context: { total: 3 } });
});

test('a command says itself whether it waits or is rejected', async () => {
  const runtime = await openRuntime(['counter'], { mailboxCapacity: 1 });
  const actor = runtime.actor(counter, 'a');

  const first = actor.send({ type: 'added', by: 1 });
  const rejected = actor.send({ type: 'added', by: 10 });
  const waiting = actor.send({ type: 'added', by: 2 }, { mailboxOverflow: 'wait' });

  await expect(rejected).rejects.toEqual(codedError('HOLDFAST_ERR_MAILBOX_FULL', { capacity: 1 }));
  await expect(Promise.all([first, waiting])).resolves.toMatchObject([{ version: 1 }, { version: 2 }]);
  await expect(actor.send({ type: 'locked' }, { mailboxOverflow: 'drop' as never })).rejects.toEqual(
    codedError('HOLDFAST_ERR_OPTION_INVALID'),
  );
});

test('close waits for commands that wait for room', async () => {
  const runtime = await openRuntime(['counter'], { mailboxCapacity: 1, mailboxOverflow: 'wait' });
  const actor = runtime.actor(counter, 'a');

  const sent = Array.from({ length: 50 }, () => actor.send({ type: 'added', by: 1 }));
  await runtime.close();

  await expect(Promise.all(sent)).resolves.toHaveLength(50);
});

test('work that tells more than can be kept fails, and what it told before is kept in order', async () => {
  const runtime = await openRuntime(['background'], { hosts: 1 });
  const actor = runtime.actor(dam, '1');

  await actor.send({ type: 'open', bursts: 1, size: 100_000 });
  const { context } = await actor.waitFor(({ state }) => state === 'broken');

  // What opened the dam may itself still have been on its way.
  expect([4_095, 4_096]).toContain(context.drops);
  expect(context.failure).toMatchObject({
    code: 'HOLDFAST_ERR_MAILBOX_FULL',
    src: 'flood',
    address: 'dam/1',
  });
  expect((await runtime.health()).pending?.work).toBe(0);
});

test('work that tells much, and no more than can be kept, goes on', async () => {
  const runtime = await openRuntime(['background'], { hosts: 1 });
  const actor = runtime.actor(dam, '1');

  await actor.send({ type: 'open', bursts: 3, size: 1_000 });

  expect(await actor.waitFor(({ context }) => context.drops === 3_000)).toMatchObject({ state: 'wet' });
});
