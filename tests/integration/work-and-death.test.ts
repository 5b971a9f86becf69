import { join } from 'node:path';
import { expect, test } from 'vitest';
import { bomb, bystander, heart, timeBomb } from '../support/fixtures/background.ts';
import { openRuntime } from '../support/open-runtime.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

test('work goes on in the next thread when its host dies, without anybody asking', async () => {
  const runtime = await openRuntime(['background', 'hostile']);
  const { hostile } = await import('../support/fixtures/hostile.ts');
  const actor = runtime.actor(heart, '1');
  await actor.send({ type: 'on' });
  await actor.waitFor(({ context }) => context.beats > 0);

  const mark = join(temporaryFolder(), 'mark');
  const harmed = { type: 'harmed', harm: 'exit', mark, times: 9 } as const;
  await expect(runtime.actor(hostile, 'x').send(harmed)).rejects.toMatchObject({
    code: 'HOLDFAST_ERR_POISON_MESSAGE',
  });
  const { context } = await actor.snapshot();

  const later = await actor.waitFor((now) => now.context.beats > context.beats + 3);
  expect(later.state).toBe('beating');
});

test('leaving the state ends the work', async () => {
  const runtime = await openRuntime(['background']);
  const actor = runtime.actor(heart, '1');
  await actor.send({ type: 'on' });
  await actor.waitFor(({ context }) => context.beats > 0);

  const { version } = await actor.send({ type: 'off' });
  await runtime.actor(bystander, '1').send({ type: 'look' });

  expect(await actor.snapshot()).toMatchObject({ state: 'still', version });
  expect((await runtime.health()).pending).toEqual({ timers: 0, messages: 0, work: 0 });
});

test('a timer whose transition kills its host again and again becomes a dead letter, and the others go on', async () => {
  const runtime = await openRuntime(['background']);
  await runtime.actor(bystander, '1').send({ type: 'look' });

  await runtime.actor(bomb, '1').send({ type: 'light' });
  await expect
    .poll(() => runtime.deadLetters(), { timeout: 20_000 })
    .toMatchObject([
      { address: 'bomb/1', type: 'xstate.after.20.bomb.burning', reason: 'poison', cause: 'exit' },
    ]);

  expect(await runtime.actor(bystander, '1').send({ type: 'look' })).toMatchObject({ version: 2 });
  expect(await runtime.actor(bomb, '1').send({ type: 'cut' })).toMatchObject({ state: 'safe' });
  expect((await runtime.store.stats()).timers).toBe(0);
});

test('work that kills its host whenever it runs fails in the end, and its neighbours are served', async () => {
  const runtime = await openRuntime(['background'], { hosts: 1 });

  await runtime
    .actor(bomb, '1')
    .send({ type: 'invoke' })
    .catch(() => undefined);
  const saved = await runtime.actor(bomb, '1').waitFor(({ state }) => state === 'safe');

  expect(saved.version).toBe(2);
  expect(await runtime.deadLetters()).toContainEqual(
    expect.objectContaining({ address: 'bomb/1', type: 'holdfast.work', reason: 'poison', cause: 'exit' }),
  );
  expect(await runtime.actor(bystander, '1').send({ type: 'look' })).toMatchObject({ version: 1 });
});

test.each(['exit', 'throw', 'loop'])(
  'work that kills its host after an await (%s) is found by following the code, among others that run',
  async (way) => {
    const runtime = await openRuntime(['background'], { hosts: 1, hostUnresponsiveMs: 300 });
    const [beating, dying] = [runtime.actor(heart, '1'), runtime.actor(timeBomb, '1')];
    await beating.send({ type: 'on' });

    await dying.send({ type: 'arm', way });
    const saved = dying.waitFor(({ state }) => state === 'safe', { timeoutMs: 20_000 });

    expect(await saved).toMatchObject({ version: 2 });
    const letters = await runtime.deadLetters();
    expect(letters.map(({ address, type, reason }) => [address, type, reason])).toEqual([
      ['timeBomb/1', 'holdfast.work', 'poison'],
    ]);
    expect(await beating.snapshot()).toMatchObject({ state: 'beating' });
    await expect(runtime.requeueDeadLetter(letters[0]?.deadLetterId ?? 0)).rejects.toMatchObject({
      code: 'HOLDFAST_ERR_ARGUMENT_INVALID',
    });
  },
);

test('an actor that invokes again what has killed its hosts is given up, and its commands are still carried out', async () => {
  const runtime = await openRuntime(['background'], { hosts: 1 });
  const stubborn = runtime.actor(timeBomb, '1');
  await stubborn.send({ type: 'rearm', way: 'exit' });

  await expect
    .poll(async () => (await runtime.deadLetters()).map(({ address, detail }) => [address, detail]), {
      timeout: 20_000,
    })
    .toEqual([
      ['timeBomb/1', expect.stringContaining('fails instead of being run again')],
      ['timeBomb/1', expect.stringContaining('Nothing that it invokes is run any more')],
    ]);
  await runtime.actor(bystander, '1').send({ type: 'look' });
  const { restarts } = (await runtime.health()).hosts[0] ?? {};

  expect(await stubborn.send({ type: 'look' })).toMatchObject({ state: 'stubborn' });
  expect(await runtime.actor(bystander, '1').send({ type: 'look' })).toMatchObject({ version: 2 });
  expect((await runtime.health()).hosts[0]?.restarts).toBe(restarts);
});
