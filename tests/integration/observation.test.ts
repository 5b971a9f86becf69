import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { createRuntime, type Runtime } from 'holdfast';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { codedError } from '../support/coded-error.ts';
import { counter } from '../support/fixtures/counter.ts';
import { document } from '../support/fixtures/document.ts';
import { fixture, openRuntime } from '../support/open-runtime.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const folder = mkdtempSync(join(tmpdir(), 'holdfast-test-'));
let shared: Runtime;
let ids = 0;

beforeAll(async () => {
  shared = await createRuntime({ database: join(folder, 'app.db'), modules: [fixture('counter')], hosts: 1 });
});

afterAll(async () => {
  await shared.close();
  rmSync(folder, { recursive: true });
});

/** An actor that nobody has sent to. */
function newActor() {
  return shared.actor(counter, `${++ids}`);
}

test('a snapshot of an actor without events is its beginning', async () => {
  const actor = newActor();

  const snapshot = await actor.snapshot();

  expect(snapshot).toMatchObject({
    stream: actor.address,
    version: 0,
    state: 'open',
    context: { total: 0 },
    status: 'active',
  });
  expect([snapshot.matches('open'), snapshot.matches('locked')]).toEqual([true, false]);
});

test('a snapshot has the position of the last event of its actor, also when it was read anew', async () => {
  const database = join(temporaryFolder(), 'app.db');
  const position = async (id: string): Promise<number> => {
    await using runtime = await openRuntime(['counter'], { database });
    const actor = runtime.actor(counter, id);
    return (await actor.snapshot()).position;
  };
  const first = await openRuntime(['counter'], { database });
  const [a, b] = [first.actor(counter, 'a'), first.actor(counter, 'b')];
  // So many that a snapshot is saved, after which some more follow.
  for (let n = 0; n < 12; n++) await a.send({ type: 'added', by: 1 });
  const receipt = await b.send({ type: 'added', by: 1 });
  expect(receipt.position).toBe(13);
  expect([(await a.snapshot()).position, (await b.snapshot()).position]).toEqual([12, 13]);
  await first.close();

  expect([await position('a'), await position('b'), await position('nobody')]).toEqual([12, 13, 0]);
});

test('a snapshot can be sent to another thread, without its functions', async () => {
  const actor = newActor();
  await actor.send({ type: 'added', by: 2 });

  const { matches, ...copy } = await actor.snapshot();

  expect(structuredClone(await actor.snapshot())).toEqual(copy);
  expect(copy).toMatchObject({ version: 1, state: 'open', context: { total: 2 }, tags: new Set() });
  expect(matches('open')).toBe(true);
});

test('a snapshot waits for the commands that were sent before it', async () => {
  const actor = newActor();

  const sent = Array.from({ length: 20 }, () => actor.send({ type: 'added', by: 1 }));
  const snapshot = await actor.snapshot();
  await Promise.all(sent);

  expect(snapshot).toMatchObject({ version: 20, context: { total: 20 } });
});

test('changes gives the state now and after each change, and ends on abort without an error', async () => {
  const actor = newActor();
  const abort = new AbortController();
  const seen: number[] = [];

  for await (const { version, context } of actor.changes({ signal: abort.signal })) {
    expect(context.total).toBe(version);
    seen.push(version);
    if (version === 5) abort.abort();
    else await actor.send({ type: 'added', by: 1 });
  }

  expect(seen).toEqual([0, 1, 2, 3, 4, 5]);
});

test('a slow reader of changes skips to the newest state and never goes back', async () => {
  const actor = newActor();
  const seen: number[] = [];

  for await (const { version } of actor.changes()) {
    seen.push(version);
    if (version >= 100) break;
    await Promise.all(Array.from({ length: 50 }, () => actor.send({ type: 'added', by: 1 })));
  }

  expect(seen).toEqual([...seen].sort((a, b) => a - b));
  expect(seen.at(-1)).toBe(100);
  expect(seen.length).toBeLessThan(50);
});

test('changes shows what another runtime on the same file appends', async () => {
  const runtime = await openRuntime(['counter']);
  const other = await openRuntime(['counter'], { database: runtime.database });
  const changes = runtime.actor(counter, 'a').changes();
  await changes.next();

  await other.actor(counter, 'a').send({ type: 'added', by: 3 });

  await expect(changes.next()).resolves.toMatchObject({ value: { version: 1, context: { total: 3 } } });
  await changes.return();
});

test.each([undefined, new Error('no more')])(
  'a stream of changes ends when it is destroyed, though nothing changes: %s',
  async (error) => {
    const changes = Readable.from(newActor().changes());
    const ended = new Promise((resolve) => changes.once('close', resolve));
    changes.on('error', () => undefined);
    await once(changes, 'data');

    changes.destroy(error);

    await ended;
  },
);

test('changes ends without an error when the runtime closes', async () => {
  const runtime = await openRuntime(['counter']);
  const changes = runtime.actor(counter, 'a').changes();
  await changes.next();

  const last = changes.next();
  await runtime.close();

  await expect(last).resolves.toEqual({ done: true, value: undefined });
});

test('waitFor resolves at once if it holds, and later if it comes to hold', async () => {
  const actor = newActor();

  await expect(actor.waitFor(({ version }) => version === 0)).resolves.toMatchObject({ version: 0 });
  const locked = actor.waitFor(({ state }) => state === 'locked');
  await actor.send({ type: 'added', by: 1 });
  await actor.send({ type: 'locked' });

  await expect(locked).resolves.toMatchObject({ version: 2, state: 'locked' });
});

test('waitFor finds a state that was left at once', async () => {
  const actor = newActor();
  const asked: number[] = [];
  const third = actor.waitFor(
    ({ version }) => {
      asked.push(version);
      return version === 3;
    },
    { timeoutMs: 5_000 },
  );
  // The states of these are told in few frames.
  await Promise.all(Array.from({ length: 20 }, () => actor.send({ type: 'added', by: 1 })));

  await expect(third).resolves.toMatchObject({ version: 3, context: { total: 3 } });
  expect(asked).toEqual([0, 1, 2, 3]);
});

test('waitFor rejects with what its predicate throws', async () => {
  const error = new Error('no');

  const failing = newActor().waitFor(() => {
    throw error;
  });

  await expect(failing).rejects.toBe(error);
});

test('waitFor ends with its time-out, the reason of its signal, or the close of the runtime', async () => {
  const runtime = await openRuntime(['counter']);
  const actor = runtime.actor(counter, 'a');
  await actor.snapshot();
  const never = () => false;
  const abort = new AbortController();
  const reason = new Error('enough');

  await expect(actor.waitFor(never, { timeoutMs: 1_000 })).rejects.toEqual(
    codedError('HOLDFAST_ERR_TIMEOUT', { message: expect.stringContaining(`is "open" at version 0`) }),
  );
  const aborted = actor.waitFor(never, { signal: abort.signal });
  abort.abort(reason);
  await expect(aborted).rejects.toBe(reason);
  const closed = actor.waitFor(never);
  closed.catch(() => undefined);
  await actor.snapshot();
  await runtime.close();
  await expect(closed).rejects.toEqual(codedError('HOLDFAST_ERR_CLOSED'));
});

test('the state of an actor at a version is what its events up to there say', async () => {
  const runtime = await openRuntime(['document']);
  const plan = runtime.actor(document, 'plan');
  await plan.send({ type: 'created', title: 'Plan' });
  await plan.send({ type: 'revised', body: 'x' });

  expect(await runtime.stateAt('document/plan', { version: 1 })).toMatchObject({
    version: 1,
    state: 'draft',
    context: { title: 'Plan', body: '' },
  });
  expect(await runtime.stateAt('document/plan')).toMatchObject({ version: 2, context: { body: 'x' } });
  await expect(runtime.stateAt('document/none')).rejects.toThrow(codedError('HOLDFAST_ERR_ARGUMENT_INVALID'));
  await expect(runtime.stateAt('other/1')).rejects.toThrow(codedError('HOLDFAST_ERR_DEFINITION_UNKNOWN'));
  await expect(runtime.stateAt('plan')).rejects.toThrow(codedError('HOLDFAST_ERR_ARGUMENT_INVALID'));
});
