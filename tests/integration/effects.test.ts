import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Runtime } from 'holdfast';
import { expect, onTestFinished, test, vi } from 'vitest';
import { ChannelRecord } from '../support/channel-record.ts';
import { codedError } from '../support/coded-error.ts';
import { chain, doer, eager } from '../support/fixtures/effects.ts';
import { talkative } from '../support/fixtures/talkative.ts';
import { openRuntime } from '../support/open-runtime.ts';
import { sharedRuntime } from '../support/shared-runtime.ts';
import { soon } from '../support/soon.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { times } from '../support/thorough.ts';

const open = (database = join(temporaryFolder(), 'app.db')): Promise<Runtime> =>
  openRuntime(['effects', 'talkative'], { database });

/** For tests that look at actors of their own. */
const shared = sharedRuntime(['effects', 'talkative']);

const idle = ({ state }: { state: unknown }): boolean => state === 'idle';

test('an actor that never began has no work under way, whatever it was sent', async () => {
  const database = join(temporaryFolder(), 'app.db');
  const before = await open(database);
  await before.actor(talkative, 'a').send({ type: 'talk', to: 'eager/1', what: 'unknown' });
  await vi.waitFor(async () => expect((await before.health()).pending).toMatchObject({ messages: 0 }), soon);

  expect((await before.health()).pending).toEqual({ timers: 0, messages: 0, work: 0 });
  await before.close();
  const after = await open(database);
  expect(await after.actor(eager, '1').snapshot()).toMatchObject({ version: 0, state: 'working' });
  await after.actor(eager, '1').start();
  await after.actor(eager, '1').waitFor(({ state }) => state === 'done');
  expect((await after.store.stats()).events).toBe(3);
});

test('an emitted event that cannot be kept is refused with its step, and its host lives', async () => {
  const died = new ChannelRecord('holdfast:host:died');
  const runtime = await shared();
  const heard: unknown[] = [];
  onTestFinished(runtime.on(doer, 'told', ({ event }) => heard.push(event)));
  const actor = runtime.actor(doer, 'emitting');

  await expect(actor.send({ type: 'emit', bad: true })).rejects.toThrow(
    codedError('HOLDFAST_ERR_PAYLOAD_INVALID', { path: 'emit "told".by' }),
  );
  await actor.send({ type: 'emit', bad: false });

  await vi.waitFor(() => expect(heard).toEqual([{ type: 'told', by: 'me' }]), soon);
  expect(died.messages).toEqual([]);
});

test('a callback that emits without end fills no memory, and what is dropped is counted', async () => {
  const dropped = new ChannelRecord<{ count: number }>('holdfast:emitted:dropped');
  const runtime = await open();
  let heard = 0;
  const stop = runtime.on(doer, 'told', () => {
    heard++;
    const until = performance.now() + 0.05;
    while (performance.now() < until);
  });

  await runtime.actor(doer, '1').send({ type: 'flood' });
  expect((await dropped.nth(1)).count).toBeGreaterThan(0);
  expect(await runtime.actor(doer, '2').send({ type: 'ask', what: 'x' })).toMatchObject({ version: 1 });
  await runtime.actor(doer, '1').send({ type: 'leave' });
  stop();

  expect(heard).toBeGreaterThan(0);
});

test('of an error that cannot be kept as a whole, all is kept that can be', async () => {
  const runtime = await shared();
  const errorOf = async (what: string): Promise<unknown> => {
    const actor = runtime.actor(doer, what);
    await actor.send({ type: 'ask', what });
    return (await actor.waitFor(idle)).context.error;
  };

  const request = await errorOf('request');
  expect(request).toMatchObject({
    name: 'RequestError',
    message: 'no answer',
    status: 503,
    cause: { name: 'RangeError', message: 'closed' },
  });
  expect((request as Error).stack).toContain('effects.ts');
  expect(request).not.toHaveProperty('socket');
  expect(await errorOf('any')).toMatchObject({
    name: 'AggregateError',
    errors: [{ name: 'TypeError', message: 'one' }, { message: 'two' }],
  });
});

test.each(['values', 'speak'] as const)('work that tells what cannot be kept fails: %s', async (type) => {
  const runtime = await shared();
  const actor = runtime.actor(doer, type);

  await actor.send({ type });

  const { context } = await actor.waitFor(idle);
  expect(context.error).toMatchObject({ code: 'HOLDFAST_ERR_PAYLOAD_INVALID' });
});

test('a close carries out what belongs to every step that was kept', async () => {
  const database = join(temporaryFolder(), 'app.db');
  for (let round = 0; round < times(2, 6); round++) {
    const runtime = await open(database);
    const ended: number[] = [];
    runtime.on(chain, '*', ({ id, event }) => {
      // Those of the rounds before go on as well.
      if (id === `${round}`) ended.push((event as unknown as { number: number }).number);
    });
    const actor = runtime.actor(chain, `${round}`);
    await actor.start();
    await actor.waitFor(({ context }) => context.done > 3 + round);
    await runtime.close();

    const again = await open(database);
    const { done } = (await again.actor(chain, `${round}`).snapshot()).context;
    await again.close();
    expect(ended.slice(0, 5)).toEqual([1, 2, 3, 4, 5].slice(0, ended.length));
    expect(ended.length).toBeGreaterThanOrEqual(4 + round);
    expect(ended.length).toBeLessThanOrEqual(done);
    expect(ended).toEqual(Array.from(ended, (_, index) => index + 1));
  }
});

test('a message gets through to a mailbox that callers keep full', async () => {
  const runtime = await openRuntime(['talkative', 'counter'], { mailboxCapacity: 4 });
  const busy = runtime.actor(talkative, 'busy');
  let isOver = false;
  const callers = Array.from({ length: 16 }, async () => {
    while (!isOver) await busy.send({ type: 'counted', n: 0 }).catch(() => new Promise(setImmediate));
  });

  await runtime.actor(talkative, 'other').send({ type: 'count', to: 'talkative/busy', from: 7, upTo: 8 });
  await busy.waitFor(({ context }) => context.heard.includes(8), { timeoutMs: 20_000 });
  isOver = true;
  await Promise.all(callers);

  const { heard } = (await busy.snapshot()).context;
  expect(heard.filter((n) => n !== 0)).toEqual([7, 8]);
});

test('work whose state another runtime on the file has left is aborted', async () => {
  const folder = temporaryFolder();
  const database = join(folder, 'app.db');
  const path = join(folder, 'aborted');
  const [one, other] = [await open(database), await open(database)];
  await one.actor(doer, '1').send({ type: 'hang', path });

  await other.actor(doer, '1').send({ type: 'leave' });

  await vi.waitFor(() => expect(existsSync(path)).toBe(true), { timeout: 10_000 });
  expect((await other.health()).pending).toMatchObject({ work: 0 });
});

test('an error that throws when it is looked at ends neither its host nor the wait for its work', async () => {
  const died = new ChannelRecord('holdfast:host:died');
  const runtime = await shared();
  const actor = runtime.actor(doer, 'unreadable');

  await expect(actor.send({ type: 'throw' })).rejects.toEqual(
    codedError('HOLDFAST_ERR_TRANSITION_FAILED', { message: expect.stringContaining('look') }),
  );
  await actor.send({ type: 'ask', what: 'unreadable' });
  const { context } = await actor.waitFor(idle);

  expect(context.error).toMatchObject({ message: 'look' });
  expect(died.messages).toEqual([]);
});
