import { join } from 'node:path';
import type { Runtime } from 'holdfast';
import { expect, test } from 'vitest';
import { order } from '../support/fixtures/order.ts';
import { planner, todos } from '../support/fixtures/todos.ts';
import { todos as older } from '../support/fixtures/todos-before.ts';
import { todosKept } from '../support/fixtures/todos-kept.ts';
import { waiter } from '../support/fixtures/waiter.ts';
import { openRuntime } from '../support/open-runtime.ts';
import { sharedRuntime } from '../support/shared-runtime.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

// For tests that look at actors of their own: two on one file; and three on another, of which one writes what older code
// wrote, and two read it with room for one actor in memory.
const sharedHere = sharedRuntime(['todos']);
const sharedThere = sharedRuntime(['todos'], { beside: sharedHere });
const sharedBefore = sharedRuntime(['todos-before']);
const sharedReader = sharedRuntime(['todos'], { beside: sharedBefore, residentsMax: 1 });
const sharedSecondReader = sharedRuntime(['todos'], { beside: sharedBefore, residentsMax: 1 });

const contextOf = async (runtime: Awaited<ReturnType<typeof openRuntime>>, id: string) =>
  (await runtime.actor(todos, id).snapshot()).context;

test('what a machine drew while it computed an event stays what it was, after passivation and a restart', async () => {
  const database = join(temporaryFolder(), 'app.db');
  let first: Awaited<ReturnType<typeof contextOf>>;
  const before = Date.now();
  {
    await using runtime = await openRuntime(['todos'], { database, hosts: 1, residentsMax: 1 });
    const list = runtime.actor(todos, '1');
    await list.send({ type: 'add' });
    await list.send({ type: 'add' });
    first = await contextOf(runtime, '1');

    // Takes the only place in memory.
    for (const id of ['2', '3', '4']) await runtime.actor(todos, id).send({ type: 'add' });
    expect(await contextOf(runtime, '1')).toEqual(first);
  }
  await using runtime = await openRuntime(['todos'], { database, hosts: 1 });
  expect(await contextOf(runtime, '1')).toEqual(first);

  const [one, two] = first.todos;
  await runtime.actor(todos, '1').send({ type: 'done', id: two?.id ?? '' });
  expect((await contextOf(runtime, '1')).todos.map(({ isDone }) => isDone)).toEqual([false, true]);
  const drawn = [first.listId, ...first.todos.flatMap(({ id, draws }) => [id, ...draws.slice(0, 2)])];
  expect(new Set(drawn).size).toBe(drawn.length);
  expect(one?.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  const [, , now, date, , like, ...others] = (one?.draws ?? []) as [
    number,
    number,
    number,
    Date,
    string,
    Date,
  ];
  expect(others.at(-1)).toBe(now);
  expect(now).toBeGreaterThanOrEqual(before);
  expect(now).toBeLessThanOrEqual(Date.now());
  expect([date, like]).toEqual([new Date(now), new Date(now)]);
});

test('the same event of two actors draws differently, and so does what was decided anew', async () => {
  const database = join(temporaryFolder(), 'app.db');
  const runtime = await openRuntime(['todos'], { database, hosts: 2 });
  await Promise.all(['1', '2'].map((id) => runtime.actor(todos, id).send({ type: 'add' })));

  const [one, two] = [await contextOf(runtime, '1'), await contextOf(runtime, '2')];

  expect(one.listId).not.toBe(two.listId);
  expect(one.todos[0]?.draws[0]).not.toBe(two.todos[0]?.draws[0]);
});

test('only events that drew say so, and a user’s metadata stays', async () => {
  const runtime = await openRuntime(['todos', 'order']);
  await runtime.actor(todos, '1').send({ type: 'add' }, { metadata: { by: 'me' } });
  await runtime.actor(todos, '1').send({ type: 'done', id: '' }, { metadata: { by: 'you' } });
  await runtime.actor(order, '1').send({ type: 'pay', cents: 7, fails: false });
  await runtime.actor(order, '1').waitFor(({ status }) => status === 'done');

  const metadata: unknown[] = [];
  for await (const event of runtime.store.readAll()) metadata.push(event.metadata);

  expect(metadata.slice(0, 2)).toEqual([{ by: 'me', 'holdfast.entropy': true }, { by: 'you' }]);
  expect(metadata.length).toBeGreaterThan(5);
  expect(JSON.stringify(metadata.slice(2))).not.toContain('entropy');
});

test('a step that waits for its clock to move on ends, and at the same time in every replay', async () => {
  const database = join(temporaryFolder(), 'app.db');
  const open = () => openRuntime(['waiter'], { database, hosts: 1, hostUnresponsiveMs: 60_000 });
  let waited: { from: number; until: number };
  {
    await using runtime = await open();
    const actor = runtime.actor(waiter, '1');
    await actor.send({ type: 'waited', ms: 20 });
    waited = (await actor.snapshot()).context;
  }
  await using runtime = await open();

  expect(waited.until - waited.from).toBe(20);
  expect((await runtime.actor(waiter, '1').snapshot()).context).toEqual(waited);
});

test('a rehearsal replays what was drawn', async () => {
  const runtime = await openRuntime(['todos']);
  for (let count = 0; count < 3; count++) await runtime.actor(todos, '1').send({ type: 'add' });

  expect(await runtime.rehearse()).toMatchObject({ ok: true, streams: 1 });
});

test('a machine with children that draw is after a restart what it was', async () => {
  const database = join(temporaryFolder(), 'app.db');
  let before: unknown;
  {
    await using runtime = await openRuntime(['todos'], { database });
    const actor = runtime.actor(planner, '1');
    await actor.send({ type: 'add' });
    await actor.send({ type: 'add' });
    before = (await actor.snapshot()).context;
  }
  const runtime = await openRuntime(['todos'], { database });

  expect((await runtime.actor(planner, '1').snapshot()).context).toEqual(before);
});

test('an actor that another process begins is to everybody what it began as', async () => {
  const [here, there] = [await sharedHere(), await sharedThere()];
  // In memory on both sides, and begun on neither.
  for (const runtime of [here, there]) {
    await contextOf(runtime, 'begun');
    await runtime.actor(planner, 'begun').snapshot();
  }

  await here.actor(todos, 'begun').send({ type: 'add' });
  await here.actor(planner, 'begun').send({ type: 'add' });

  expect(await contextOf(there, 'begun')).toEqual(await contextOf(here, 'begun'));
  const drawn = async (runtime: typeof here) => (await runtime.actor(planner, 'begun').snapshot()).context;
  expect(await drawn(there)).toEqual(await drawn(here));
});

/** The context of each actor, read twice from the file by a runtime that keeps one actor in memory. */
async function readTwice(runtime: Runtime, ids: readonly string[]) {
  const reads: unknown[] = [];
  for (let time = 0; time < 2; time++) {
    for (const id of ids) reads.push(await contextOf(runtime, id));
    await contextOf(runtime, 'another');
  }
  return [reads.slice(0, ids.length), reads.slice(ids.length)] as const;
}

test('events that were written before their machine drew for them draw the same in every replay', async () => {
  const runtime = await sharedBefore();
  const before = Date.now();
  await runtime.actor(older, '1').send({ type: 'add' });
  await runtime.actor(older, '1').send({ type: 'add' });
  await runtime.actor(older, '2').send({ type: 'add' });

  const [first, second] = await readTwice(await sharedReader(), ['1', '2']);

  expect(second).toEqual(first);
  const [one, two] = first as { listId: string; since: number; todos: { id: string }[] }[];
  const ids = [one?.listId, two?.listId, ...[one, two].flatMap((list) => list?.todos.map(({ id }) => id))];
  expect(new Set(ids).size).toBe(5);
  expect(one?.since).toBeGreaterThanOrEqual(before);
  expect(one?.since).toBeLessThanOrEqual(Date.now());
  expect((await readTwice(await sharedSecondReader(), ['2', '1']))[0]).toEqual([two, one]);
});

test('events that an application appended itself, under ids of its own, draw the same in every replay', async () => {
  const { store } = await sharedBefore();
  const before = Date.now();
  await store.append('todos/appended', [
    { type: 'add', data: {}, id: 'first of mine' },
    { type: 'add', data: {}, id: 'second of mine' },
  ]);
  await store.append('todos/appended', [{ type: 'add', data: {} }]);

  const [first, second] = await readTwice(await sharedReader(), ['appended']);

  expect(second).toEqual(first);
  const [{ since, todos: added }] = first as [{ since: number; todos: { id: string }[] }];
  expect(new Set(added.map(({ id }) => id)).size).toBe(3);
  expect(since).toBeGreaterThanOrEqual(before);
  expect(since).toBeLessThanOrEqual(Date.now());
});

test('an event that is upcast to several draws on for each of them, and begins as it did', async () => {
  const runtime = await sharedBefore();
  await runtime.actor(older, 'many').send({ type: 'many', count: 3 });
  const given = (await runtime.actor(older, 'many').snapshot()).context.ids;

  const [first, second] = await readTwice(await sharedReader(), ['many']);

  expect(second).toEqual(first);
  const ids = (first as [{ todos: { id: string }[] }])[0].todos.map(({ id }) => id);
  expect(ids[0]).toBe(given[0]);
  expect(new Set(ids).size).toBe(3);
});

test('a rehearsal of events that were written before their machine drew for them finds nothing', async () => {
  const database = join(temporaryFolder(), 'app.db');
  {
    await using runtime = await openRuntime(['todos-before'], { database });
    await runtime.actor(older, '1').send({ type: 'add' });
  }
  const runtime = await openRuntime(['todos-kept'], { database });
  await runtime.actor(todosKept, '1').send({ type: 'add' });

  expect((await runtime.store.stats()).snapshots).toBe(1);
  expect(await runtime.rehearse()).toMatchObject({ ok: true, streams: 1 });
});

test('an actor in memory that another process moves on with events that nobody marked is read anew', async () => {
  const [here, there] = [await sharedHere(), await sharedThere()];
  await here.actor(todos, 'moved on').send({ type: 'add' });
  await contextOf(there, 'moved on');

  await here.store.append('todos/moved on', [{ type: 'add', data: {} }]);

  expect(await contextOf(there, 'moved on')).toEqual(await contextOf(here, 'moved on'));
});
