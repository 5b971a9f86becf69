import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ChannelRecord, type HostDied } from '../support/channel-record.ts';
import { counter } from '../support/fixtures/counter.ts';
import { openRuntime } from '../support/open-runtime.ts';
import { sleepingComputer } from '../support/sleeping-computer.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const nightMs = 8 * 3_600_000;

async function openCounter() {
  const { sleep } = sleepingComputer();
  const runtime = await openRuntime(['counter'], { database: join(temporaryFolder(), 'app.db') });
  return { sleep, runtime, ref: runtime.actor(counter, 'a') };
}

test('commands, and the start of their host, are waited for although the computer sleeps meanwhile', async () => {
  const { sleep, ref } = await openCounter();
  const deaths = new ChannelRecord<HostDied>('holdfast:host:died');

  const first = ref.send({ type: 'added', by: 1 });
  sleep(nightMs);
  await expect(first).resolves.toMatchObject({ version: 1 });
  const second = ref.send({ type: 'added', by: 1 });
  // With each tick that counted, the host would have been silent for longer: it cannot answer in between.
  for (let night = 0; night < 6; night++) sleep(nightMs);

  await expect(second).resolves.toMatchObject({ version: 2 });
  expect(deaths.messages).toEqual([]);
});

test('what has a time-out of its own is waited for as long after a sleep as before it', async () => {
  const { sleep, runtime, ref } = await openCounter();
  await ref.send({ type: 'added', by: 1 });

  const sent = ref.send({ type: 'added', by: 1 }, { timeoutMs: 20_000 });
  const awaited = ref.waitFor(({ context }) => context.total === 3, { timeoutMs: 20_000 });
  const asked = runtime.deadLetters();
  sleep(nightMs);

  await expect(sent).resolves.toMatchObject({ version: 2 });
  await expect(asked).resolves.toEqual([]);
  await ref.send({ type: 'added', by: 1 });
  await expect(awaited).resolves.toMatchObject({ version: 3 });
});

test('a runtime that closes as the computer falls asleep carries out what it has begun', async () => {
  const { sleep, runtime, ref } = await openCounter();
  await ref.send({ type: 'added', by: 1 });

  const sent = ref.send({ type: 'added', by: 1 });
  const closed = runtime.close();
  sleep(nightMs);

  await expect(sent).resolves.toMatchObject({ version: 2 });
  await closed;
});
