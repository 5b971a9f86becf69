import { join } from 'node:path';
import { createRuntime } from 'holdfast';
import { expect, onTestFinished, test } from 'vitest';
import { codedError } from '../support/coded-error.ts';
import { reminder as v1 } from '../support/fixtures/reminder/v1.ts';
import { reminder as v2 } from '../support/fixtures/reminder/v2.ts';
import { giveUpTimers } from '../support/give-up-timers.ts';
import { fixture } from '../support/open-runtime.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** A file in which the first version of an application has left events that are due tomorrow, which is today. */
async function leftByFirst(): Promise<string> {
  const database = join(temporaryFolder(), 'app.db');
  await using runtime = await createRuntime({ database, modules: [fixture('reminder/v1')], hosts: 1 });
  await runtime.actor(v1, 'mine').send({ type: 'planned', minutes: 3, friend: 'yours' });
  await runtime.close();
  const { DatabaseSync } = await import('node:sqlite');
  const beside = new DatabaseSync(database);
  beside.exec('update timers set due_at = 0');
  beside.close();
  return database;
}

test('what waited when an application was updated passes through its upcasters', async () => {
  const database = await leftByFirst();
  const runtime = await createRuntime({ database, modules: [fixture('reminder/v2')], hosts: 1 });
  onTestFinished(() => runtime.close());

  await runtime.actor(v2, 'mine').waitFor(({ context }) => context.seconds > 0);
  const yours = await runtime.actor(v2, 'yours').waitFor(({ context }) => context.heard.length > 0);
  await expect.poll(async () => (await runtime.store.stats()).timers).toBe(0);

  // Both in one step, and what is dropped leaves nothing behind.
  expect(yours).toMatchObject({ version: 2, context: { heard: ['a', 'b'] } });
  const events = [];
  for await (const event of runtime.store.readAll()) events.push(event);
  expect(events.map(({ stream, type, data, schemaVersion }) => [stream, type, data, schemaVersion])).toEqual(
    expect.arrayContaining([
      ['reminder/mine', 'due', { seconds: 180 }, 2],
      ['reminder/yours', 'heard', { text: 'a' }, 1],
      ['reminder/yours', 'heard', { text: 'b' }, 1],
    ]),
  );
  expect(events).toHaveLength(4);
  expect(await runtime.deadLetters()).toEqual([]);
  expect(await runtime.store.verify()).toMatchObject({ ok: true });
});

test('so does the dead letter of a timer', async () => {
  const database = await leftByFirst();
  giveUpTimers(database);
  const runtime = await createRuntime({ database, modules: [fixture('reminder/v2')], hosts: 1 });
  onTestFinished(() => runtime.close());
  const letters = await runtime.deadLetters();

  await runtime.requeueDeadLetter(letters.find(({ type }) => type === 'due')!.deadLetterId);
  await runtime.requeueDeadLetter(letters.find(({ type }) => type === 'told')!.deadLetterId);
  await runtime.requeueDeadLetter(letters.find(({ type }) => type === 'nagged')!.deadLetterId);

  expect(await runtime.actor(v2, 'mine').snapshot()).toMatchObject({ context: { seconds: 180 } });
  const yours = await runtime.actor(v2, 'yours').waitFor(({ context }) => context.heard.length > 0);
  expect(yours.context.heard).toEqual(['a', 'b']);
  expect(letters).toHaveLength(3);
  expect(await runtime.deadLetters()).toEqual([]);
});

test('so does the dead letter of a message, which says afterwards who had sent it', async () => {
  const database = join(temporaryFolder(), 'app.db');
  {
    await using runtime = await createRuntime({ database, modules: [fixture('reminder/v1')], hosts: 1 });
    await runtime.actor(v1, 'yours').send({ type: 'closed' });
    await runtime.actor(v1, 'mine').send({ type: 'asked', friend: 'yours' });
    await expect.poll(async () => (await runtime.deadLetters()).length).toBe(1);
  }
  const runtime = await createRuntime({ database, modules: [fixture('reminder/v2')], hosts: 1 });
  onTestFinished(() => runtime.close());
  const [letter] = await runtime.deadLetters();
  expect(letter).toMatchObject({ type: 'told', reason: 'not-accepted', schemaVersion: 1, timer: null });

  const receipt = await runtime.requeueDeadLetter(letter!.deadLetterId);

  expect(receipt).toMatchObject({ version: 3, state: 'closed' });
  const yours = await runtime.actor(v2, 'yours').snapshot();
  expect(yours.context.heard).toEqual(['a', 'b']);
  const told = [];
  for await (const event of runtime.store.read('reminder/yours', { after: 1 })) told.push(event);
  const ofMine = { type: 'heard', metadata: { sender: 'reminder/mine' } };
  expect(told).toMatchObject([ofMine, ofMine]);
  expect(await runtime.deadLetters()).toEqual([]);
  await expect(runtime.requeueDeadLetter(letter!.deadLetterId)).rejects.toEqual(
    codedError('HOLDFAST_ERR_DEAD_LETTER_UNKNOWN'),
  );
});

test('the dead letter of a message stays where its actor still does not accept it', async () => {
  const runtime = await createRuntime({
    database: join(temporaryFolder(), 'app.db'),
    modules: [fixture('reminder/v1')],
    hosts: 1,
  });
  onTestFinished(() => runtime.close());
  await runtime.actor(v1, 'yours').send({ type: 'closed' });
  await runtime.actor(v1, 'mine').send({ type: 'asked', friend: 'yours' });
  await expect.poll(async () => (await runtime.deadLetters()).length).toBe(1);
  const [letter] = await runtime.deadLetters();

  const requeued = runtime.requeueDeadLetter(letter!.deadLetterId);

  await expect(requeued).rejects.toEqual(codedError('HOLDFAST_ERR_EVENT_REJECTED'));
  expect(await runtime.deadLetters()).toMatchObject([{ deadLetterId: letter!.deadLetterId, type: 'told' }]);
  expect(await runtime.actor(v1, 'yours').snapshot()).toMatchObject({ version: 1 });
});
