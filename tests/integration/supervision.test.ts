import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createRuntime, type Runtime, type RuntimeOptions } from 'holdfast';
import { expect, onTestFinished, test, vi } from 'vitest';
import { ChannelRecord, type HostDied } from '../support/channel-record.ts';
import { codedError } from '../support/coded-error.ts';
import { counter } from '../support/fixtures/counter.ts';
import { hostile } from '../support/fixtures/hostile.ts';
import { openRuntime } from '../support/open-runtime.ts';
import { soon } from '../support/soon.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** Ends the host of an actor, in a way that no command can be blamed for. */
async function killHostOf(runtime: Runtime, id: string): Promise<void> {
  const mark = join(temporaryFolder(), 'mark');
  const harmed = { type: 'harmed', harm: 'throw', mark } as const;
  await expect(runtime.actor(hostile, id).send(harmed, { timeoutMs: 60_000 })).rejects.toEqual(
    codedError('HOLDFAST_ERR_HOST_DIED'),
  );
}

const open = (options: Partial<RuntimeOptions>) => openRuntime(['hostile'], options);

test('a runtime that was not used yet is healthy, and so is one that works', async () => {
  const runtime = await open({ hosts: 2 });
  await expect(runtime.health()).resolves.toEqual({
    status: 'healthy',
    at: expect.any(Number),
    hosts: [0, 1].map((host) => ({
      host,
      state: 'idle',
      generation: 0,
      restarts: 0,
      lastDeath: null,
      backOffUntil: null,
      inFlight: 0,
      unanswered: 0,
    })),
    quarantined: [],
    store: { state: 'running', failure: null },
    reader: { state: 'absent' },
    projections: [],
    projectionsFailure: null,
    deadLetters: 0,
    pending: { timers: 0, messages: 0, work: 0 },
    deliveriesUnderway: 0,
  });

  await Promise.all(['0', '1', '2', '3'].map((id) => runtime.actor(hostile, id).send({ type: 'counted' })));

  const { status, hosts } = await runtime.health();
  expect(status).toBe('healthy');
  expect(hosts.map(({ state }) => state)).toEqual(['running', 'running']);
  expect(structuredClone(hosts)).toEqual(hosts);
});

test('a closed runtime still says how it is', async () => {
  const runtime = await open({});
  await runtime.close();

  await expect(runtime.health()).resolves.toMatchObject({
    status: 'failing',
    store: { state: 'ended', failure: null },
    hosts: [{ state: 'closed' }],
    deadLetters: null,
  });
});

test('who asks how many actors a host has in memory is answered also if it dies meanwhile', async () => {
  const runtime = await open({ hostUnresponsiveMs: 500 });
  const mark = join(temporaryFolder(), 'mark');
  await runtime.actor(hostile, 'b').send({ type: 'counted' });
  const harmed = { type: 'harmed', harm: 'stuck', mark } as const;
  const stuck = runtime.actor(hostile, 'a').send(harmed, { timeoutMs: 60_000 });
  await vi.waitFor(() => expect(existsSync(mark)).toBe(true), soon);

  const asked = await Promise.all([runtime.residents(), runtime.skippedEvents()]);

  expect(asked).toEqual([0, []]);
  await expect(stuck).resolves.toMatchObject({ version: 1 });
});

test('a host that dies is restarted although nobody asks for it, and says so', async () => {
  const runtime = await open({});
  const restarted = new ChannelRecord('holdfast:host:restarted');

  await killHostOf(runtime, 'a');

  expect(await restarted.nth(1)).toEqual({ host: 0, generation: 2, restarts: 1, downMs: expect.any(Number) });
  await expect(runtime.health()).resolves.toMatchObject({
    status: 'healthy',
    hosts: [
      {
        state: 'running',
        generation: 2,
        restarts: 1,
        lastDeath: { cause: 'threw', message: expect.stringContaining('out of nowhere') },
      },
    ],
  });
});

test('a host that dies again waits before it is restarted, and its commands wait with it', async () => {
  const runtime = await open({ supervision: { backoff: { minMs: 500, maxMs: 500, jitter: 0 } } });
  const died = new ChannelRecord<HostDied>('holdfast:host:died');
  await killHostOf(runtime, 'a');
  await killHostOf(runtime, 'a');
  await died.nth(2);

  const { status, hosts } = await runtime.health();
  const sent = runtime.actor(hostile, 'a').send({ type: 'counted' });
  const late = runtime.actor(hostile, 'a').send({ type: 'counted' }, { timeoutMs: 1 });

  expect(status).toBe('degraded');
  expect(hosts[0]).toMatchObject({ state: 'backing-off', generation: 2, backOffUntil: expect.any(Number) });
  await expect(late).rejects.toEqual(codedError('HOLDFAST_ERR_TIMEOUT'));
  await expect(sent).resolves.toMatchObject({ version: 1 });
  await expect(runtime.health()).resolves.toMatchObject({ status: 'healthy', hosts: [{ generation: 3 }] });
});

test('a command that waits for a host that backs off is given up in time', async () => {
  const runtime = await open({
    commandTimeoutMs: 200,
    supervision: { backoff: { minMs: 60_000, maxMs: 60_000 } },
    closeTimeoutMs: 0,
  });
  await killHostOf(runtime, 'a');
  await killHostOf(runtime, 'a');

  await expect(runtime.actor(hostile, 'a').send({ type: 'counted' })).rejects.toEqual(
    codedError('HOLDFAST_ERR_TIMEOUT'),
  );
});

test('a host that dies too often rejects its commands, the others go on, and after a rest it is tried again', async () => {
  const runtime = await open({
    hosts: 2,
    supervision: { intensity: 1, backoff: { minMs: 1, maxMs: 1_000, jitter: 0 } },
  });
  const escalated = new ChannelRecord('holdfast:host:escalated');
  const ids = Array.from({ length: 8 }, (_, index) => `${index}`);
  await Promise.all(ids.map((id) => runtime.actor(hostile, id).send({ type: 'counted' })));
  await killHostOf(runtime, '0');
  await killHostOf(runtime, '0');
  const event = await escalated.nth(1);

  const outcomes = await Promise.allSettled(
    ids.map((id) => runtime.actor(hostile, id).send({ type: 'counted' })),
  );
  const { status, hosts } = await runtime.health();

  const host = hosts.findIndex(({ state }) => state === 'unavailable');
  expect(event).toMatchObject({ host, cause: 'threw', restarts: 1 });
  expect(status).toBe('degraded');
  expect(hosts.map(({ state }) => state).sort()).toEqual(['running', 'unavailable']);
  const rejected = outcomes.filter((outcome) => outcome.status === 'rejected');
  expect(rejected.length).toBeGreaterThan(0);
  expect(rejected.length).toBeLessThan(ids.length);
  for (const { reason } of rejected) {
    expect(reason).toEqual(
      codedError('HOLDFAST_ERR_HOST_UNAVAILABLE', {
        host,
        retryable: true,
        retryAfterMs: expect.any(Number),
        lastDeath: expect.objectContaining({ cause: 'threw' }),
      }),
    );
  }
  await expect(runtime.actor(hostile, '0').changes().next()).rejects.toEqual(
    codedError('HOLDFAST_ERR_HOST_UNAVAILABLE'),
  );
  await vi.waitFor(() => runtime.actor(hostile, '0').send({ type: 'counted' }), soon);
  await expect(runtime.health()).resolves.toMatchObject({ status: 'healthy' });
});

test('a host that dies while it is tried rests again', async () => {
  const runtime = await open({ supervision: { intensity: 0, backoff: { minMs: 1, maxMs: 50, jitter: 0 } } });
  const escalated = new ChannelRecord('holdfast:host:escalated');
  const mark = join(temporaryFolder(), 'mark');
  const harmed = { type: 'harmed', harm: 'throw', mark, times: 2 } as const;
  const unavailable = codedError('HOLDFAST_ERR_HOST_UNAVAILABLE');
  const tryAgain = async (): Promise<unknown> => {
    const outcome = await runtime
      .actor(hostile, 'a')
      .send(harmed)
      .catch((error: unknown) => error);
    expect(outcome).not.toEqual(unavailable);
    return outcome;
  };
  await expect(tryAgain()).resolves.toEqual(codedError('HOLDFAST_ERR_HOST_DIED'));

  const second = await vi.waitFor(tryAgain, soon);
  await escalated.nth(2);
  const third = await vi.waitFor(tryAgain, soon);

  expect(second).toEqual(codedError('HOLDFAST_ERR_HOST_DIED'));
  expect(third).toMatchObject({ version: 1 });
  expect(escalated.messages).toHaveLength(2);
});

test('a command that has killed its host is tried in quarantine although the host has escalated', async () => {
  const runtime = await open({ supervision: { intensity: 0 } });
  const mark = join(temporaryFolder(), 'mark');
  const actor = runtime.actor(hostile, 'a');

  const [harmed, waiting] = await Promise.allSettled([
    actor.send({ type: 'harmed', harm: 'exit', mark }),
    runtime.actor(hostile, 'b').send({ type: 'counted' }),
  ]);

  expect(harmed).toMatchObject({ status: 'fulfilled', value: { version: 1 } });
  expect(waiting).toEqual({ status: 'rejected', reason: codedError('HOLDFAST_ERR_HOST_UNAVAILABLE') });
  await expect(runtime.deadLetters()).resolves.toEqual([]);
});

test.each([
  ['one-for-one', [1, 0]],
  ['one-for-all', [1, 1]],
] as const)(
  'with %s a death ends the other hosts as the strategy says, and nothing is lost',
  async (strategy, deaths) => {
    const runtime = await open({ hosts: 2, supervision: { strategy } });
    const ids = Array.from({ length: 8 }, (_, index) => `${index}`);
    const sendAll = () => Promise.all(ids.map((id) => runtime.actor(hostile, id).send({ type: 'counted' })));
    await sendAll();
    const died = new ChannelRecord<HostDied>('holdfast:host:died');

    await killHostOf(runtime, '0');
    await sendAll();

    const byHost = new Map<number, number>();
    for (const { host } of died.messages) byHost.set(host, (byHost.get(host) ?? 0) + 1);
    const [first] = died.messages;
    expect([byHost.get(first!.host), byHost.get(1 - first!.host) ?? 0]).toEqual(deaths);
    expect(died.messages.slice(1).map(({ cause }) => cause)).toEqual(deaths[1] === 1 ? ['sibling'] : []);
    await expect(runtime.health()).resolves.toMatchObject({ status: 'healthy' });
    await expect(runtime.store.verify()).resolves.toMatchObject({ ok: true, events: 16 });
  },
);

test('a host that nobody uses waits with its sibling, and is no reason to call the runtime degraded afterwards', async () => {
  const runtime = await open({
    hosts: 2,
    supervision: { strategy: 'one-for-all', backoff: { minMs: 1, maxMs: 1, jitter: 0 } },
  });
  await killHostOf(runtime, 'a');
  await killHostOf(runtime, 'a');
  await runtime.actor(hostile, 'a').send({ type: 'counted' });

  const healthy = {
    status: 'healthy',
    hosts: expect.arrayContaining([expect.objectContaining({ state: 'idle' })]),
  };
  await vi.waitFor(async () => expect(await runtime.health()).toMatchObject(healthy), soon);
});

test('with one-for-all, an escalation takes the other hosts with it, those that were never needed as well', async () => {
  const runtime = await open({ hosts: 2, supervision: { strategy: 'one-for-all', intensity: 0 } });
  const escalated = new ChannelRecord('holdfast:host:escalated');
  await killHostOf(runtime, '0');
  await escalated.nth(2);

  const ids = Array.from({ length: 8 }, (_, index) => `${index}`);
  const outcomes = await Promise.allSettled(
    ids.map((id) => runtime.actor(hostile, id).send({ type: 'counted' })),
  );

  const unavailable = { status: 'rejected', reason: codedError('HOLDFAST_ERR_HOST_UNAVAILABLE') };
  expect(outcomes).toEqual(ids.map(() => unavailable));
  await expect(runtime.health()).resolves.toMatchObject({
    status: 'failing',
    hosts: [{ state: 'unavailable' }, { state: 'unavailable' }],
  });
});

/** A runtime whose host cannot start. */
async function openWithoutHost(supervision: NonNullable<RuntimeOptions['supervision']>): Promise<Runtime> {
  const folder = temporaryFolder();
  const path = join(folder, 'module.mjs');
  writeFileSync(path, `throw new Error('not in the mood');`);
  const runtime = await createRuntime({
    database: join(folder, 'app.db'),
    modules: [pathToFileURL(path)],
    hosts: 1,
    supervision,
  });
  onTestFinished(() => runtime.close());
  return runtime;
}

test('a host that cannot start is tried once for each command, and not again until it is needed', async () => {
  const runtime = await openWithoutHost({ backoff: { minMs: 1, maxMs: 1, jitter: 0 } });
  const died = new ChannelRecord<HostDied>('holdfast:host:died');
  const generation = async () => (await runtime.health()).hosts[0]?.generation;

  for (let command = 1; command <= 5; command++) {
    await expect(runtime.actor(counter, 'a').send({ type: 'locked' })).rejects.toEqual(
      codedError('HOLDFAST_ERR_MODULE_LOAD'),
    );
    // The timer of the back-off, which is shorter and was set before, has come.
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await generation()).toBe(command);
  }

  expect(died.messages.map(({ cause, unanswered }) => [cause, unanswered])).toEqual(
    Array.from({ length: 5 }, () => ['not-started', 1]),
  );
  await expect(runtime.health()).resolves.toMatchObject({ status: 'degraded', hosts: [{ state: 'down' }] });
});

test('hosts that cannot start are not tried for ever', async () => {
  const runtime = await openWithoutHost({ intensity: 2, backoff: { minMs: 1, maxMs: 60_000 } });
  const send = () => runtime.actor(counter, 'a').send({ type: 'locked' });

  for (let start = 1; start <= 3; start++)
    await expect(send()).rejects.toEqual(codedError('HOLDFAST_ERR_MODULE_LOAD'));

  await expect(send()).rejects.toEqual(
    codedError('HOLDFAST_ERR_HOST_UNAVAILABLE', {
      lastDeath: expect.objectContaining({ cause: 'not-started', message: expect.stringContaining('mood') }),
    }),
  );
  await expect(runtime.health()).resolves.toMatchObject({
    status: 'failing',
    hosts: [{ state: 'unavailable' }],
  });
});
