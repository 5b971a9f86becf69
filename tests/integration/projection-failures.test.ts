import type { ProjectionHealth, Runtime } from 'holdfast';
import { expect, test } from 'vitest';
import { ChannelRecord } from '../support/channel-record.ts';
import { codedError } from '../support/coded-error.ts';
import { document } from '../support/fixtures/document.ts';
import {
  endless,
  first,
  folded,
  greedy,
  lenient,
  once,
  picky,
  unkeepable,
} from '../support/fixtures/faulty-projections.ts';
import { openRuntime as open } from '../support/open-runtime.ts';

/** A runtime whose projections are complete, since there is no event yet. */
async function openRuntime(hostUnresponsiveMs = 5_000): Promise<Runtime> {
  const runtime = await open(['faulty-projections'], { hostUnresponsiveMs });
  for (const each of [picky, lenient, once, first, endless, folded, unkeepable])
    await runtime.query(each, 'select 1');
  return runtime;
}

async function revised(runtime: Runtime, id: string, bodies: readonly string[]): Promise<number> {
  const actor = runtime.actor(document, id);
  let { position } = await actor.send({ type: 'created', title: id });
  for (const body of bodies) ({ position } = await actor.send({ type: 'revised', body }));
  return position;
}

async function healthOf(runtime: Runtime, name: string): Promise<ProjectionHealth | undefined> {
  return (await runtime.health()).projections.find((each) => each.name === name);
}

const failed = (message: RegExp, details: Record<string, unknown> = {}): unknown =>
  codedError('HOLDFAST_ERR_PROJECTION_FAILED', { message: expect.stringMatching(message), ...details });

const bodies = (name: string): string => `select id, body from ${name} order by id`;

test('a handler that throws stops its own projection before the event, and nothing else', async () => {
  const runtime = await openRuntime();
  await revised(runtime, 'a', ['good']);
  const bad = await revised(runtime, 'b', ['fine', 'bad']);
  const last = await revised(runtime, 'c', ['late']);

  await expect(runtime.query(picky, bodies('picky'), [], { after: last })).rejects.toThrow(
    failed(/"revised" of document\/b at version 3.*no such thing/s, { projection: 'picky', position: bad }),
  );
  expect(await runtime.query(picky, bodies('picky'))).toEqual([
    { id: 'a', body: 'good' },
    { id: 'b', body: 'fine' },
  ]);
  expect(await healthOf(runtime, 'picky')).toMatchObject({
    state: 'stopped',
    position: bad - 1,
    failure: { event: { position: bad, stream: 'document/b', version: 3, type: 'revised' } },
  });
  expect((await runtime.health()).status).toBe('degraded');
  const rows = await runtime.query(lenient, bodies('lenient'), [], { after: last });
  expect(rows).toHaveLength(3);
});

test('an event that fails is passed over where the projection says so, is counted and published', async () => {
  const skipped = new ChannelRecord<{ projection: string; position: number; error: Error }>(
    'holdfast:projection:skipped',
  );
  const runtime = await openRuntime();
  const last = await revised(runtime, 'a', ['one', 'bad', 'two']);

  const rows = await runtime.query(lenient, bodies('lenient'), [], { after: last });

  expect(rows).toEqual([{ id: 'a', body: 'two' }]);
  expect(await healthOf(runtime, 'lenient')).toMatchObject({ state: 'current', skipped: 1, failure: null });
  expect(skipped.messages.filter(({ projection }) => projection === 'lenient')).toMatchObject([
    { position: 3, error: { message: 'no such thing' } },
  ]);
});

test('a statement that SQLite refuses stops its projection, or is passed over with all that its event does', async () => {
  const runtime = await openRuntime();
  const last = await revised(runtime, 'a', ['one', 'two']);

  await expect(runtime.query(once, bodies('once'), [], { after: last })).rejects.toThrow(
    codedError('HOLDFAST_ERR_PROJECTION_FAILED', {
      message: expect.stringMatching(/UNIQUE constraint failed: once\.id/),
    }),
  );
  expect(await runtime.query(once, bodies('once'))).toEqual([{ id: 'a', body: 'one' }]);
  expect(await healthOf(runtime, 'once')).toMatchObject({
    failure: { event: { position: last, stream: 'document/a', version: 3, type: 'revised' } },
  });
  expect(await runtime.query(first, bodies('first'), [], { after: last })).toEqual([
    { id: 'a', body: 'one' },
  ]);
  expect(await healthOf(runtime, 'first')).toMatchObject({ state: 'current', skipped: 1 });
});

test('a handler that never ends loses its thread and stops; the others go on with another', async () => {
  const runtime = await openRuntime(300);
  await revised(runtime, 'a', ['good']);
  const bad = await revised(runtime, 'b', ['endless']);
  const last = await revised(runtime, 'c', ['late']);

  await expect(runtime.query(endless, bodies('endless'), [], { after: last })).rejects.toThrow(
    failed(/never came to its end/, { position: bad }),
  );
  expect(await runtime.query(endless, bodies('endless'))).toEqual([{ id: 'a', body: 'good' }]);
  expect(await runtime.query(picky, bodies('picky'), [], { after: last })).toHaveLength(3);
});

test('a state that was changed in place by a handler that threw is put back', async () => {
  const runtime = await openRuntime();
  const last = await revised(runtime, 'a', ['one', 'bad', 'two']);

  expect(await runtime.projected(folded, { after: last })).toEqual({ bodies: ['one', 'two'] });
});

test('a state that cannot be kept stops its projection at the event that made it so', async () => {
  const runtime = await openRuntime();
  const bad = await revised(runtime, 'a', ['one', 'bad']);

  await expect(runtime.projected(unkeepable, { after: bad })).rejects.toThrow(
    failed(/function/, { position: bad }),
  );
  expect(await runtime.projected(unkeepable)).toEqual({ last: 'one' });
});

test('a projection that cannot have its tables is refused, and says why', async () => {
  const runtime = await openRuntime();

  await expect(runtime.query(greedy, 'select 1')).rejects.toThrow(
    codedError('HOLDFAST_ERR_PROJECTION_INVALID', {
      message: expect.stringMatching(/something else of the name "events"/),
    }),
  );
  expect(await healthOf(runtime, 'greedy')).toMatchObject({
    state: 'refused',
    position: null,
    failure: { code: 'HOLDFAST_ERR_PROJECTION_INVALID', event: null },
  });
});

test('a first build that stops is not served', async () => {
  const runtime = await open(['faulty-projections']);
  await revised(runtime, 'a', ['good', 'bad']);

  await expect(runtime.query(picky, bodies('picky'))).rejects.toThrow(
    failed(/no such thing/, { position: 3 }),
  );
  expect(await healthOf(runtime, 'picky')).toMatchObject({ state: 'stopped', position: null, building: 2 });
});
