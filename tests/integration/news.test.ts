import { join } from 'node:path';
import { EventStore, SqliteEventStoreBackend } from 'holdfast/store';
import { expect, onTestFinished, test } from 'vitest';
import { counter } from '../support/fixtures/counter.ts';
import { openRuntime } from '../support/open-runtime.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

test('a watcher sees what another runtime does while its own runtime is busy appending', async () => {
  const database = join(temporaryFolder(), 'app.db');
  const busy = await openRuntime(['counter'], { database });
  const other = await openRuntime(['counter'], { database });
  const watched = busy.actor(counter, 'watched');
  await watched.snapshot();
  let isDone = false;
  const load = (async () => {
    while (!isDone) await busy.actor(counter, 'load').send({ type: 'added', by: 1 });
  })();

  for (let round = 1; round <= 5; round++) {
    const seen = watched.waitFor(({ version }) => version >= round, { timeoutMs: 10_000 });
    await other.actor(counter, 'watched').send({ type: 'added', by: 1 });
    await expect(seen).resolves.toMatchObject({ version: round });
  }

  isDone = true;
  await load;
});

test('a watcher sees what the store of its own runtime appends to the stream of the actor', async () => {
  const runtime = await openRuntime(['counter']);
  const watched = runtime.actor(counter, 'watched');
  const seen = watched.waitFor(({ context }) => context.total === 5);
  await watched.snapshot();

  await runtime.store.append('counter/watched', [{ type: 'added', data: { by: 5 } }]);

  await expect(seen).resolves.toMatchObject({ version: 1 });
});

test('a subscription is told of another connection, whatever write notices it first', async () => {
  const path = join(temporaryFolder(), 'events.db');
  const open = async () => {
    const store = EventStore.withBackend(await SqliteEventStoreBackend.open(path));
    onTestFinished(() => store.close());
    return store;
  };
  const [here, there] = [await open(), await open()];
  const events = here.subscribe();
  const first = events.next();
  await here.append('s', [{ type: 'noted' }]);
  await first;

  for (let position = 2; position <= 20; position++) {
    const next = events.next();
    await there.append('s', [{ type: 'noted' }]);
    await here.saveSnapshot('s', { version: 1, state: position });
    await expect(next).resolves.toMatchObject({ value: { position } });
  }
});
