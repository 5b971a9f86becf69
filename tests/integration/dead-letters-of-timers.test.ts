import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { codedError } from '../support/coded-error.ts';
import { keg, mine } from '../support/fixtures/mine.ts';
import { giveUpTimers } from '../support/give-up-timers.ts';
import { openRuntime } from '../support/open-runtime.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const never = 1_000_000_000;

/** An actor whose timer, or that of its child, has killed its threads and become a dead letter. */
async function openWithLetter(type: 'lay' | 'prime') {
  const path = join(temporaryFolder(), 'fuse');
  const runtime = await openRuntime(['mine']);
  const actor = runtime.actor(mine, '1');
  await actor.send({ type, path, delayMs: 5 });
  await expect.poll(() => runtime.deadLetters(), { timeout: 30_000 }).toHaveLength(1);
  const [letter] = await runtime.deadLetters();
  const mend = () => writeFileSync(path, '');
  return { runtime, actor, path, mend, letter: letter!, id: letter!.deadLetterId };
}

test('a requeued dead letter of a timer goes to the child whose timer it was', async () => {
  const { runtime, actor, mend, letter, id } = await openWithLetter('lay');
  const asked = (await actor.snapshot()).version;
  mend();

  const receipt = await runtime.requeueDeadLetter(id);

  expect(letter).toMatchObject({
    type: 'xstate.after.burning.fuse.lit',
    reason: 'poison',
    timer: { actor: '["fuse"]', to: { actor: '["fuse"]' } },
  });
  expect(receipt).toMatchObject({ stream: 'mine/1', version: asked + 1, state: 'exploded' });
  expect(await actor.snapshot()).toMatchObject({ state: 'exploded', context: { strays: [] } });
  const [begun, delivered] = await runtime.store.getEventsAfter('mine/1', 0);
  expect(delivered).toMatchObject({
    type: 'holdfast.delivered',
    data: { actor: '["fuse"]', event: { type: 'xstate.after.burning.fuse.lit' } },
    metadata: { causationId: begun!.id, correlationId: begun!.id },
  });
  expect(await runtime.store.stats()).toMatchObject({ deadLetters: 0, timers: 0 });
});

test('a dead letter of a timer that is requeued twice at once is delivered once', async () => {
  const { runtime, mend, id } = await openWithLetter('lay');
  mend();

  const receipts = await Promise.all([runtime.requeueDeadLetter(id), runtime.requeueDeadLetter(id)]);

  expect(receipts).toMatchObject([
    { version: 2, state: 'exploded' },
    { version: 2, state: 'exploded' },
  ]);
  expect(receipts.filter(({ repeated }) => repeated)).toHaveLength(1);
  await expect(runtime.requeueDeadLetter(id)).rejects.toEqual(codedError('HOLDFAST_ERR_DEAD_LETTER_UNKNOWN'));
  expect(await runtime.store.stats()).toMatchObject({ events: 2, deadLetters: 0 });
});

test('a dead letter of a timer that kills again stays as it is', async () => {
  const { runtime, actor, mend, letter, id } = await openWithLetter('lay');

  await expect(runtime.requeueDeadLetter(id)).rejects.toEqual(codedError('HOLDFAST_ERR_POISON_MESSAGE'));

  expect(await runtime.deadLetters()).toMatchObject([{ deadLetterId: id, timer: letter.timer }]);
  mend();
  await runtime.requeueDeadLetter(id);
  expect(await actor.snapshot()).toMatchObject({ state: 'exploded' });
});

test('a dead letter of a timer whose child is gone is refused, and stays to be discarded', async () => {
  const { runtime, actor, mend, id } = await openWithLetter('lay');
  mend();
  const { version } = await actor.send({ type: 'clear' });

  await expect(runtime.requeueDeadLetter(id)).rejects.toEqual(
    codedError('HOLDFAST_ERR_EVENT_REJECTED', { address: 'mine/1', state: 'clear' }),
  );

  expect(await actor.snapshot()).toMatchObject({ version, context: { strays: [] } });
  await runtime.discardDeadLetter(id);
  expect(await runtime.deadLetters()).toEqual([]);
});

test('a dead letter of a timer that was set anew is refused, so that the new one does not come early', async () => {
  const { runtime, actor, path, mend, id } = await openWithLetter('lay');
  mend();
  await actor.send({ type: 'clear' });
  const { version } = await actor.send({ type: 'lay', path, delayMs: never });

  await expect(runtime.requeueDeadLetter(id)).rejects.toEqual(
    codedError('HOLDFAST_ERR_ARGUMENT_INVALID', { message: expect.stringContaining('anew') }),
  );

  expect(await actor.snapshot()).toMatchObject({ state: 'laid', version });
  expect(await runtime.store.stats()).toMatchObject({ deadLetters: 1, timers: 1 });
});

test('a dead letter of a timer whose transition throws is refused, and its actor goes on', async () => {
  const { runtime, actor, path, mend, id } = await openWithLetter('prime');
  writeFileSync(`${path}.wet`, '');
  mend();

  await expect(runtime.requeueDeadLetter(id)).rejects.toEqual(codedError('HOLDFAST_ERR_TRANSITION_FAILED'));

  expect(await runtime.store.stats()).toMatchObject({ deadLetters: 1 });
  expect(await actor.snapshot()).toMatchObject({ state: 'primed', status: 'active', version: 1 });
});

test('a dead letter of a timer whose child throws, which would end its actor, is refused as well', async () => {
  const path = join(temporaryFolder(), 'fuse');
  const runtime = await openRuntime(['mine']);
  const actor = runtime.actor(keg, '1');
  await actor.send({ type: 'lay', path, delayMs: 5 });
  await expect.poll(() => runtime.deadLetters(), { timeout: 30_000 }).toHaveLength(1);
  const [letter] = await runtime.deadLetters();
  writeFileSync(`${path}.wet`, '');
  writeFileSync(path, '');

  await expect(runtime.requeueDeadLetter(letter!.deadLetterId)).rejects.toEqual(
    codedError('HOLDFAST_ERR_TRANSITION_FAILED'),
  );
  expect(await actor.snapshot()).toMatchObject({ state: 'laid', status: 'active', version: 1 });

  rmSync(`${path}.wet`);
  expect(await runtime.requeueDeadLetter(letter!.deadLetterId)).toMatchObject({ version: 2 });
  expect(await actor.snapshot()).toMatchObject({ status: 'active' });
  expect(await runtime.deadLetters()).toEqual([]);
});

test('a dead letter of a timer for another actor is passed on to that one', async () => {
  const database = join(temporaryFolder(), 'app.db');
  const before = await openRuntime(['mine'], { database });
  await before.actor(mine, '1').send({ type: 'warn', path: '', delayMs: never });
  await before.close();
  giveUpTimers(database);

  const runtime = await openRuntime(['mine'], { database });
  const [letter] = await runtime.deadLetters();
  await runtime.requeueDeadLetter(letter!.deadLetterId);

  const other = runtime.actor(mine, 'other');
  await other.waitFor(({ version }) => version > 0);
  expect(await runtime.store.getEventsAfter('mine/other', 0)).toMatchObject([{ type: 'clear' }]);
  expect(await runtime.store.stats()).toMatchObject({ events: 2, deadLetters: 0 });
});
