import { join } from 'node:path';
import { EventStore, SqliteEventStoreBackend } from 'holdfast/store';
import { expect, onTestFinished, test, vi } from 'vitest';
import { codedError } from '../support/coded-error.ts';
import { counter } from '../support/fixtures/counter.ts';
import { openRuntime } from '../support/open-runtime.ts';
import { setSchemaVersion } from '../support/set-schema-version.ts';
import { soon } from '../support/soon.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const refused = codedError('HOLDFAST_ERR_SCHEMA_NEWER');

test('a store whose file a newer version has brought up to date reads on, and writes nothing more', async () => {
  const path = join(temporaryFolder(), 'app.db');
  const store = EventStore.withBackend(await SqliteEventStoreBackend.open(path));
  onTestFinished(() => store.close());
  await store.append('s', [{ type: 'noted' }]);

  setSchemaVersion(path, 1_000);

  for (let n = 0; n < 2; n++) await expect(store.append('s', [{ type: 'noted' }])).rejects.toEqual(refused);
  const read = [];
  for await (const { version } of store.read('s')) read.push(version);
  expect(read).toEqual([1]);
});

test('a runtime whose file a newer version has brought up to date says so, and acknowledges nothing', async () => {
  const path = join(temporaryFolder(), 'app.db');
  const runtime = await openRuntime(['counter'], { database: path });
  const actor = runtime.actor(counter, 'visits');
  await actor.send({ type: 'added', by: 1 });

  setSchemaVersion(path, 1_000);

  await expect(actor.send({ type: 'added', by: 2 })).rejects.toEqual(refused);

  await vi.waitFor(async () => {
    const failing = { status: 'failing', store: { failure: 'HOLDFAST_ERR_SCHEMA_NEWER' } };
    expect(await runtime.health()).toMatchObject(failing);
  }, soon);
  expect((await actor.snapshot()).context).toMatchObject({ total: 1 });
});
