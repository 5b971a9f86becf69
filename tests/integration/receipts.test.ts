import { join } from 'node:path';
import type { Runtime } from 'holdfast';
import { expect, test } from 'vitest';
import { codedError } from '../support/coded-error.ts';
import { executeBeside } from '../support/execute-beside.ts';
import { counter } from '../support/fixtures/counter.ts';
import { talkative } from '../support/fixtures/talkative.ts';
import { openRuntime } from '../support/open-runtime.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

async function idsOf(runtime: Runtime, stream: string): Promise<string[]> {
  return (await runtime.store.getEventsAfter(stream, 0)).map(({ id }) => id);
}

test('a receipt names the last event of its command, whoever answers', async () => {
  const runtime = await openRuntime(['counter']);
  const actor = runtime.actor(counter, 'a');

  // The store answers a command that was appended, the host a start and what decides on nothing.
  const nothing = await actor.execute('split', { parts: [] });
  const first = await actor.send({ type: 'added', by: 1 });
  const several = await actor.execute('split', { parts: [1, 2, 3] });
  const again = await actor.execute('split', { parts: [] });
  const started = await runtime.actor(counter, 'b').start();

  const ids = await idsOf(runtime, 'counter/a');
  expect(ids).toHaveLength(4);
  expect([nothing, first, several, again].map(({ eventId }) => eventId)).toEqual([
    '',
    ids[0],
    ids[3],
    ids[3],
  ]);
  expect([started.eventId]).toEqual(await idsOf(runtime, 'counter/b'));
});

test('a command that is repeated under its key names the event of the first time, also after a restart', async () => {
  const database = join(temporaryFolder(), 'app.db');
  const before = await openRuntime(['counter'], { database });
  const options = { idempotencyKey: 'once' };
  const first = await before.actor(counter, 'a').send({ type: 'added', by: 1 }, options);
  await before.actor(counter, 'a').send({ type: 'added', by: 2 });
  const warm = await before.actor(counter, 'a').send({ type: 'added', by: 1 }, options);
  await before.close();

  const after = await openRuntime(['counter'], { database });
  const cold = await after.actor(counter, 'a').send({ type: 'added', by: 1 }, options);

  expect(first.eventId).not.toBe('');
  expect(warm).toEqual({ ...first, repeated: true });
  expect(cold).toEqual({ ...first, repeated: true });
});

test('a repetition whose kept answer is damaged is refused alone, and verify tells of the answer', async () => {
  const database = join(temporaryFolder(), 'app.db');
  const runtime = await openRuntime(['counter'], { database });
  const actor = runtime.actor(counter, 'a');
  const repeated = () => actor.send({ type: 'added', by: 1 }, { idempotencyKey: 'once' });
  await repeated();
  executeBeside(database, 'update inbox set reply = substr(reply, 2)');

  await expect(repeated()).rejects.toThrow(codedError('HOLDFAST_ERR_STORAGE_CORRUPT'));

  expect((await actor.send({ type: 'added', by: 1 })).version).toBe(2);
  expect(await runtime.health()).toMatchObject({ status: 'healthy' });
  const [problem, ...others] = (await runtime.store.verify()).problems;
  expect(problem).toMatchObject({ kind: 'payload', message: expect.stringContaining('counter/a') });
  expect(others).toEqual([]);
});

test('what follows from a command is found by the event that its receipt names', async () => {
  const runtime = await openRuntime(['talkative', 'counter']);

  const { eventId } = await runtime
    .actor(talkative, 'a')
    .send({ type: 'count', to: 'talkative/b', from: 1, upTo: 1 });
  await runtime.actor(talkative, 'b').waitFor(({ context }) => context.heard.length === 2);
  const metadata = { correlationId: eventId, causationId: eventId };
  await runtime.actor(counter, 'c').send({ type: 'added', by: 1 }, { metadata });

  const found = new Set<string>();
  for await (const { stream } of runtime.correlated(eventId)) found.add(stream);
  expect([...found].toSorted()).toEqual(['counter/c', 'talkative/a', 'talkative/b']);
});
