import { join } from 'node:path';
import { createRuntime, type Runtime } from 'holdfast';
import { expect, onTestFinished, test } from 'vitest';
import { codedError } from '../support/coded-error.ts';
import { listener } from '../support/fixtures/account/skipped-listener.ts';
import { account as v1 } from '../support/fixtures/account/v1.ts';
import { account as v2 } from '../support/fixtures/account/v2.ts';
import { account as v9 } from '../support/fixtures/account/v9.ts';
import { fixture } from '../support/open-runtime.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { writtenOnce } from '../support/written-once.ts';

async function open(database: string, name: string): Promise<Runtime> {
  const runtime = await createRuntime({ database, modules: [fixture(`account/${name}`)], hosts: 1 });
  onTestFinished(() => runtime.close());
  return runtime;
}

/** A file that the first version of an application has left: an account with three deposits, frozen, and looked at. */
const leftByFirst = writtenOnce(async (database) => {
  await using runtime = await createRuntime({ database, modules: [fixture('account/v1')], hosts: 1 });
  const plan = runtime.actor(v1, 'plan');
  await plan.send({ type: 'opened', owner: 'Ada' });
  for (const amount of [1, 2, 4]) await plan.send({ type: 'deposited', amount });
  await plan.send({ type: 'viewed' });
  await plan.send({ type: 'frozen' });
});

test('the second version goes on where the first has stopped', async () => {
  const runtime = await open(await leftByFirst(), 'v2');
  const plan = runtime.actor(v2, 'plan');

  await expect(plan.snapshot()).resolves.toMatchObject({
    version: 6,
    state: 'locked',
    context: { owner: 'Ada', cents: 700 },
  });

  await expect(plan.send({ type: 'deposited', cents: 1 })).rejects.toEqual(
    codedError('HOLDFAST_ERR_EVENT_REJECTED', { state: 'locked' }),
  );
  const other = runtime.actor(v2, 'other');
  await other.send({ type: 'opened', owner: 'Eve' });
  await expect(other.send({ type: 'deposited', cents: 5 })).resolves.toMatchObject({ version: 2 });
  expect(await runtime.store.verify()).toMatchObject({ ok: true, events: 8 });
});

test('the ninth version goes on where the first has stopped, with all that lies between', async () => {
  const runtime = await open(await leftByFirst(), 'v9');

  await expect(runtime.actor(v9, 'plan').snapshot()).resolves.toMatchObject({
    version: 6,
    state: 'closed',
    context: { owner: 'Ada', name: 'Account of Ada', balance: { EUR: 700 } },
  });
});

test('what the first and the second have written together is read by the ninth', async () => {
  const database = join(temporaryFolder(), 'app.db');
  const first = await open(database, 'v1');
  await first.actor(v1, 'plan').send({ type: 'opened', owner: 'Ada' });
  await first.actor(v1, 'plan').send({ type: 'deposited', amount: 3 });
  await first.close();
  const second = await open(database, 'v2');
  await second.actor(v2, 'plan').send({ type: 'deposited', cents: 5 });
  await second.close();
  const ninth = await open(database, 'v9');
  const plan = ninth.actor(v9, 'plan');

  await plan.send({ type: 'credited', money: { cents: 7, currency: 'USD' } });

  await expect(plan.snapshot()).resolves.toMatchObject({ context: { balance: { EUR: 305, USD: 7 } } });
  await ninth.close();
  const again = await open(database, 'v9');
  await expect(again.actor(v9, 'plan').snapshot()).resolves.toMatchObject({
    context: { balance: { EUR: 305, USD: 7 } },
  });
});

test('changes show a past that is upcast', async () => {
  const runtime = await open(await leftByFirst(), 'v2');

  for await (const { context } of runtime.actor(v2, 'plan').changes()) {
    expect(context).toEqual({ owner: 'Ada', cents: 700 });
    break;
  }
});

test('an older version that runs beside a newer one is refused what it would misread, and writes nothing there', async () => {
  const database = join(temporaryFolder(), 'app.db');
  const older = await open(database, 'v1');
  await older.actor(v1, 'plan').send({ type: 'opened', owner: 'Ada' });
  const newer = await open(database, 'v2');
  await newer.actor(v2, 'plan').send({ type: 'deposited', cents: 5 });
  const refused = codedError('HOLDFAST_ERR_EVENT_NEWER', {
    stream: 'account/plan',
    version: 2,
    position: 2,
    eventType: 'deposited',
    found: 2,
    supported: 1,
  });

  await expect(older.actor(v1, 'plan').send({ type: 'deposited', amount: 1 })).rejects.toEqual(refused);
  await expect(older.actor(v1, 'plan').snapshot()).rejects.toEqual(refused);

  await expect(older.actor(v1, 'other').send({ type: 'opened', owner: 'Eve' })).resolves.toMatchObject({
    version: 1,
  });
  await expect(newer.actor(v2, 'plan').send({ type: 'deposited', cents: 1 })).resolves.toMatchObject({
    version: 3,
  });
  await expect(newer.actor(v2, 'plan').snapshot()).resolves.toMatchObject({ context: { cents: 6 } });
});

test('an upcaster that fails is named with the event, also to the caller on the main thread', async () => {
  const database = join(temporaryFolder(), 'app.db');
  const first = await open(database, 'v1');
  await first.actor(v1, 'plan').send({ type: 'opened', owner: 'Ada' });
  await first.actor(v1, 'plan').send({ type: 'deposited', amount: 13 });
  await first.close();
  const runtime = await open(database, 'failing-migrate');

  await expect(runtime.actor(v2, 'plan').snapshot()).rejects.toEqual(
    codedError('HOLDFAST_ERR_UPCAST_FAILED', {
      stream: 'account/plan',
      version: 2,
      position: 2,
      eventType: 'deposited',
      schemaVersion: 1,
      message: expect.stringContaining('thirteen is not counted'),
    }),
  );
});

test('events that a version passes over are counted for the runtime, each once, and published where they are met', async () => {
  const runtime = await createRuntime({
    database: await leftByFirst(),
    modules: [fixture('account/removed'), fixture('account/skipped-listener')],
    hosts: 1,
  });
  onTestFinished(() => runtime.close());
  expect(await runtime.skippedEvents()).toEqual([]);

  await runtime.actor(v1, 'plan').snapshot();
  await runtime.actor(v1, 'plan').snapshot();

  const kind = 'account';
  expect(await runtime.skippedEvents()).toEqual([
    { kind, type: 'deposited', reason: 'unknown-type', count: 3 },
    { kind, type: 'viewed', reason: 'not-accepted', count: 1 },
    { kind, type: 'frozen', reason: 'unknown-type', count: 1 },
  ]);
  // The module says in its own actor what was published in its thread.
  const { context } = await runtime.actor(listener, 'l').snapshot();
  expect(context.published).toEqual([
    'account/plan 2 deposited unknown-type',
    'account/plan 3 deposited unknown-type',
    'account/plan 4 deposited unknown-type',
    'account/plan 5 viewed not-accepted',
    'account/plan 6 frozen unknown-type',
  ]);
});

test('a migrate that fails is published where it was called, and the actor is read from its events', async () => {
  const database = await leftByFirst();
  const runtime = await createRuntime({
    database,
    modules: [fixture('account/failing-migrate'), fixture('account/skipped-listener')],
    hosts: 1,
  });
  onTestFinished(() => runtime.close());

  await expect(runtime.actor(v2, 'plan').snapshot()).resolves.toMatchObject({ context: { cents: 700 } });

  const { context } = await runtime.actor(listener, 'l').snapshot();
  expect(context.published).toEqual(['account/plan 6 from 1: no idea']);
});

test('a snapshot of the first version is what the second goes on from', async () => {
  const runtime = await open(await leftByFirst(), 'wrong-migrate');

  // The units that `wrong-migrate` takes for cents show that the snapshot was used and not the events.
  await expect(runtime.actor(v2, 'plan').snapshot()).resolves.toMatchObject({ context: { cents: 7 } });
});
