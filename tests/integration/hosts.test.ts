import { join } from 'node:path';
import type { Runtime } from 'holdfast';
import { expect, test } from 'vitest';
import { ChannelRecord, type HostDied } from '../support/channel-record.ts';
import { codedError } from '../support/coded-error.ts';
import { hostile } from '../support/fixtures/hostile.ts';
import { sluggish } from '../support/fixtures/sluggish.ts';
import { openRuntime } from '../support/open-runtime.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { isThorough } from '../support/thorough.ts';

const recordDeaths = () => new ChannelRecord<HostDied>('holdfast:host:died');

async function typesOf(runtime: Runtime, stream: string): Promise<string[]> {
  return (await runtime.store.getEventsAfter(stream, 0)).map(({ type }) => type);
}

const harms = [
  ['exit', 'exit', /exit code 3/],
  ['memory', 'out-of-memory', /memory/],
  ['loop', 'unresponsive', /did not turn for 300 ms/],
  ['buffers', 'external-memory', /outside of the heap, and 64 MB are allowed/],
  ['buffers-loop', 'external-memory', /outside of the heap, and 64 MB are allowed/],
] as const;

test.each(isThorough ? harms : harms.filter(([harm]) => harm !== 'buffers-loop'))(
  'a command that does harm once (%s) is answered by the next thread, with one effect and no trace',
  async (harm, cause, reason) => {
    const folder = temporaryFolder();
    const runtime = await openRuntime(['hostile'], {
      database: join(folder, 'app.db'),
      hostMemoryMb: 32,
      hostExternalMemoryMb: 64,
      // On a busy machine, what takes memory takes time as well.
      ...(cause === 'unresponsive' ? { hostUnresponsiveMs: 300 } : {}),
    });
    const deaths = recordDeaths();
    const actor = runtime.actor(hostile, 'a');
    await actor.send({ type: 'counted' });

    const { version } = await actor.send({ type: 'harmed', harm, mark: join(folder, 'mark') });

    expect(version).toBe(2);
    await actor.send({ type: 'counted' });
    expect(await typesOf(runtime, 'hostile/a')).toEqual(['counted', 'harmed', 'counted']);
    await expect(actor.snapshot()).resolves.toMatchObject({ version: 3, context: { count: 3 } });
    await expect(runtime.deadLetters()).resolves.toEqual([]);
    expect(deaths.messages).toEqual([
      expect.objectContaining({ host: 0, generation: 1, cause, reason: expect.stringMatching(reason) }),
    ]);
    await expect(runtime.store.verify()).resolves.toEqual({ ok: true, problems: [], events: 3 });
  },
);

test('a command that throws where nobody can catch it fails, and its dead letter says where', async () => {
  const folder = temporaryFolder();
  const runtime = await openRuntime(['hostile'], { database: join(folder, 'app.db') });
  const deaths = recordDeaths();
  const actor = runtime.actor(hostile, 'a');
  const harmed = { type: 'harmed', harm: 'throw', mark: join(folder, 'mark') } as const;

  await expect(actor.send(harmed)).rejects.toEqual(
    codedError('HOLDFAST_ERR_HOST_DIED', {
      address: 'hostile/a',
      reason: expect.stringContaining('thrown out of nowhere'),
      retryable: true,
    }),
  );

  expect(deaths.messages).toEqual([expect.objectContaining({ cause: 'threw', unanswered: 1 })]);
  await expect(runtime.deadLetters()).resolves.toEqual([
    expect.objectContaining({
      reason: 'host-died',
      cause: 'threw',
      evidence: expect.objectContaining({ stack: expect.stringContaining('hostile.ts') }),
    }),
  ]);
});

test('the only command whose append was under way is the suspect, and its key makes trying it again safe', async () => {
  const folder = temporaryFolder();
  const runtime = await openRuntime(['hostile'], { database: join(folder, 'app.db') });
  const deaths = recordDeaths();
  const harmed = { type: 'harmed', harm: 'throw', mark: join(folder, 'mark') } as const;

  const receipt = await runtime.actor(hostile, 'a').send(harmed, { idempotencyKey: 'harm' });

  expect(receipt.version).toBe(1);
  expect(deaths.messages).toHaveLength(1);
  expect(await typesOf(runtime, 'hostile/a')).toEqual(['harmed']);
});

test('actors of other hosts, the store and the app do not notice that a host hangs and dies', async () => {
  const folder = temporaryFolder();
  const runtime = await openRuntime(['hostile'], {
    database: join(folder, 'app.db'),
    hosts: 2,
    hostUnresponsiveMs: 1_000,
  });
  const actors = Array.from({ length: 8 }, (_, index) => runtime.actor(hostile, `${index}`));
  await Promise.all(actors.map((actor) => actor.send({ type: 'counted' })));
  const deaths = recordDeaths();

  const stuck = runtime
    .actor(hostile, '0')
    .send({ type: 'harmed', harm: isThorough ? 'loop' : 'stuck', mark: join(folder, 'mark'), times: 2 })
    .catch((error: unknown) => error);
  const results = await Promise.allSettled(
    actors.map((actor) => actor.send({ type: 'counted' }, { timeoutMs: 900 })),
  );
  const answeredMeanwhile = results.filter(({ status }) => status === 'fulfilled').length;
  await runtime.store.append('log', [{ type: 'noted' }]);
  const deathsMeanwhile = deaths.messages.length;

  await expect(stuck).resolves.toEqual(codedError('HOLDFAST_ERR_POISON_MESSAGE'));
  expect(deathsMeanwhile).toBe(0);
  expect(answeredMeanwhile).toBeGreaterThan(0);
  expect(answeredMeanwhile).toBeLessThan(actors.length);
  await Promise.all(actors.map((actor) => actor.send({ type: 'counted' })));
  await expect(runtime.store.verify()).resolves.toMatchObject({ ok: true });
});

test('a host that goes on to other commands is none that hangs, however long it takes for all in hand', async () => {
  const runtime = await openRuntime(['sluggish'], { hosts: 1, hostUnresponsiveMs: 1_000 });
  const actors = Array.from({ length: 20 }, (_, index) => runtime.actor(sluggish, `${index}`));
  await Promise.all(actors.map((actor) => actor.snapshot()));
  const deaths = recordDeaths();

  // In one frame, and so in one turn of its event loop.
  await Promise.all(actors.map((actor) => actor.send({ type: 'dawdled', ms: 100 })));

  expect(deaths.messages).toEqual([]);
});

test('a watcher follows its actor to quarantine and back', async () => {
  const folder = temporaryFolder();
  const runtime = await openRuntime(['hostile'], { database: join(folder, 'app.db') });
  const actor = runtime.actor(hostile, 'a');
  const changes = actor.changes();
  await changes.next();

  await actor.send({ type: 'harmed', harm: 'exit', mark: join(folder, 'mark') });

  await expect(changes.next()).resolves.toMatchObject({ done: false, value: { version: 1 } });
  const next = changes.next();
  await actor.send({ type: 'counted' });
  await expect(next).resolves.toMatchObject({ done: false, value: { version: 2, context: { count: 2 } } });
  await changes.return();
});

/** 300 commands to ten actors in one tick; that in the middle ends the thread once. */
function sendAll(runtime: Runtime, mark: string, withKeys: boolean) {
  return Promise.allSettled(
    Array.from({ length: 300 }, (_, index) => {
      const options = withKeys ? { idempotencyKey: `${index}` } : {};
      return index === 150
        ? runtime.actor(hostile, '0').send({ type: 'harmed', harm: 'exit', mark }, options)
        : runtime.actor(hostile, `${index % 10}`).send({ type: 'counted' }, options);
    }),
  );
}

const rejected = (outcomes: readonly PromiseSettledResult<unknown>[]): unknown[] =>
  outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));

test('with keys, hundreds of callers do not notice that their host died, and all repetitions together have one effect each', async () => {
  const folder = temporaryFolder();
  const runtime = await openRuntime(['hostile'], { database: join(folder, 'app.db') });
  const deaths = recordDeaths();

  const first = await sendAll(runtime, join(folder, 'mark'), true);
  const second = await sendAll(runtime, join(folder, 'mark'), true);

  expect(deaths.messages).toHaveLength(1);
  expect(rejected([...first, ...second])).toEqual([]);
  await expect(runtime.deadLetters()).resolves.toEqual([]);
  await expect(runtime.store.verify()).resolves.toEqual({ ok: true, problems: [], events: 300 });
});

test('without keys, only those whose append may have been under way are told that nobody knows', async () => {
  const folder = temporaryFolder();
  const runtime = await openRuntime(['hostile'], { database: join(folder, 'app.db') });
  // In memory, so that commands are decided at once.
  await Promise.all(Array.from({ length: 10 }, (_, id) => runtime.actor(hostile, `${id}`).snapshot()));
  const deaths = recordDeaths();

  const outcomes = await sendAll(runtime, join(folder, 'mark'), false);

  const failures = rejected(outcomes);
  expect(failures.length).toBeGreaterThan(0);
  for (const failure of failures) expect(failure).toEqual(codedError('HOLDFAST_ERR_HOST_DIED'));
  expect(deaths.messages).toEqual([expect.objectContaining({ unanswered: failures.length })]);
  // What comes after the culprit had not been begun.
  expect(rejected(outcomes.slice(150))).toEqual([]);
  await expect(runtime.deadLetters()).resolves.toHaveLength(failures.length);
  const { events } = await runtime.store.stats();
  expect(events).toBeGreaterThanOrEqual(300 - failures.length);
  expect(events).toBeLessThanOrEqual(300);
  await expect(runtime.store.verify()).resolves.toMatchObject({ ok: true });
});
