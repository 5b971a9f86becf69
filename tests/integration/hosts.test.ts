import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { join } from 'node:path';
import type { Runtime } from 'holdfast';
import { expect, onTestFinished, test } from 'vitest';
import { codedError } from '../support/coded-error.ts';
import { hostile } from '../support/fixtures/hostile.ts';
import { openRuntime } from '../support/open-runtime.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

interface HostDied {
  readonly host: number;
  readonly generation: number;
  readonly reason: string;
}

/** Every host that dies from now on. */
function recordDeaths(): HostDied[] {
  const deaths: HostDied[] = [];
  const listener = (death: unknown) => deaths.push(death as HostDied);
  subscribe('holdfast:host:died', listener);
  onTestFinished(() => {
    unsubscribe('holdfast:host:died', listener);
  });
  return deaths;
}

async function typesOf(runtime: Runtime, stream: string): Promise<string[]> {
  return (await runtime.store.getEventsAfter(stream, 0)).map(({ type }) => type);
}

const harms = [
  ['throw', /thrown out of nowhere/],
  ['exit', /exit code 3/],
  ['memory', /memory/],
  ['loop', /did not turn for 300 ms/],
] as const;

test.each(harms)(
  'a host that is made to %s is replaced, and a repeated command has one effect',
  async (harm, reason) => {
    const folder = temporaryFolder();
    const runtime = await openRuntime(['hostile'], {
      database: join(folder, 'app.db'),
      hostMemoryMb: 32,
      hostUnresponsiveMs: 300,
    });
    const deaths = recordDeaths();
    const actor = runtime.actor(hostile, 'a');
    await actor.send({ type: 'counted' });
    const harmful = () =>
      actor.send({ type: 'harmed', harm, mark: join(folder, 'mark') }, { idempotencyKey: 'harm' });

    const died = codedError('HOLDFAST_ERR_HOST_DIED', {
      address: 'hostile/a',
      reason: expect.stringMatching(reason),
      retryable: true,
    });
    await expect(harmful()).rejects.toEqual(died);
    await harmful();
    const { version } = await actor.send({ type: 'counted' });

    expect(version).toBe(3);
    expect(await typesOf(runtime, 'hostile/a')).toEqual(['counted', 'harmed', 'counted']);
    await expect(actor.snapshot()).resolves.toMatchObject({ version: 3, context: { count: 3 } });
    await expect(runtime.deadLetters()).resolves.toEqual([
      expect.objectContaining({ address: 'hostile/a', type: 'harmed', reason: 'host-died' }),
    ]);
    expect(deaths).toEqual([expect.objectContaining({ host: 0, generation: 1 })]);
    await expect(runtime.store.verify()).resolves.toEqual({ ok: true, problems: [], events: 3 });
  },
);

test('actors of other hosts, the store and the app do not notice that a host hangs and dies', async () => {
  const folder = temporaryFolder();
  const runtime = await openRuntime(['hostile'], {
    database: join(folder, 'app.db'),
    hosts: 2,
    hostUnresponsiveMs: 1_000,
  });
  const actors = Array.from({ length: 8 }, (_, index) => runtime.actor(hostile, `${index}`));
  await Promise.all(actors.map((actor) => actor.send({ type: 'counted' })));
  let isDead = false;

  const stuck = runtime
    .actor(hostile, '0')
    .send({ type: 'harmed', harm: 'loop', mark: join(folder, 'mark') })
    .catch((error: unknown) => {
      isDead = true;
      return error;
    });
  const results = await Promise.allSettled(
    actors.map((actor) => actor.send({ type: 'counted' }, { timeoutMs: 900 })),
  );
  const answeredMeanwhile = results.filter(({ status }) => status === 'fulfilled').length;
  await runtime.store.append('log', [{ type: 'noted' }]);
  const wasDead = isDead;

  await expect(stuck).resolves.toEqual(codedError('HOLDFAST_ERR_HOST_DIED'));
  expect(wasDead).toBe(false);
  expect(answeredMeanwhile).toBeGreaterThan(0);
  expect(answeredMeanwhile).toBeLessThan(actors.length);
  await Promise.all(actors.map((actor) => actor.send({ type: 'counted' })));
  await expect(runtime.store.verify()).resolves.toMatchObject({ ok: true });
});

test('a watcher follows its actor to the next host', async () => {
  const folder = temporaryFolder();
  const runtime = await openRuntime(['hostile'], { database: join(folder, 'app.db') });
  const actor = runtime.actor(hostile, 'a');
  const changes = actor.changes();
  await changes.next();

  await expect(actor.send({ type: 'harmed', harm: 'exit', mark: join(folder, 'mark') })).rejects.toEqual(
    codedError('HOLDFAST_ERR_HOST_DIED'),
  );
  const next = changes.next();
  await actor.send({ type: 'counted' });

  await expect(next).resolves.toMatchObject({ done: false, value: { version: 1, context: { count: 1 } } });
  await changes.return();
});

test('hundreds of callers of a host that dies are all answered, and all retries together have one effect each', async () => {
  const folder = temporaryFolder();
  const runtime = await openRuntime(['hostile'], { database: join(folder, 'app.db') });
  const keys = Array.from({ length: 300 }, (_, index) => `${index}`);
  const sendAll = () =>
    Promise.allSettled(
      keys.map((key) =>
        Number(key) === 150
          ? runtime
              .actor(hostile, '0')
              .send({ type: 'harmed', harm: 'exit', mark: join(folder, 'mark') }, { idempotencyKey: key })
          : runtime.actor(hostile, `${Number(key) % 10}`).send({ type: 'counted' }, { idempotencyKey: key }),
      ),
    );

  const first = await sendAll();
  const second = await sendAll();

  const failures = first.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
  expect(failures.length).toBeGreaterThan(0);
  for (const failure of failures) expect(failure).toEqual(codedError('HOLDFAST_ERR_HOST_DIED'));
  expect(second.filter(({ status }) => status === 'rejected')).toEqual([]);
  await expect(runtime.store.verify()).resolves.toEqual({ ok: true, problems: [], events: 300 });
});
