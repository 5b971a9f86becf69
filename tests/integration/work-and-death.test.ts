import { join } from 'node:path';
import { expect, test } from 'vitest';
import { bomb, bystander, heart } from '../support/fixtures/background.ts';
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
