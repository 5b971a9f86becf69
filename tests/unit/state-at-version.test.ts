import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { stateAtVersion } from '../../runtime/state-at-version.ts';
import { EventStore } from '../../runtime/store/event-store.ts';
import { SqliteEventStoreBackend } from '../../runtime/store/sqlite-backend.ts';
import { codedError } from '../support/coded-error.ts';
import { fixture } from '../support/open-runtime.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const workerUrl = new URL('../../dist/runtime/threads/worker.js', import.meta.url);
const definitions = { modules: [fixture('counter').href], memoryMb: 512 };

test.each([
  ['before its thread begins', (end: () => Promise<void>) => end()],
  ['while its thread begins', (end: () => Promise<void>) => void setImmediate(() => void end())],
])('a replay whose events cannot be read any more ends: %s', async (_, when) => {
  const backend = await SqliteEventStoreBackend.open(join(temporaryFolder(), 'app.db'), { workerUrl });
  onTestFinished(() => backend.close());
  await EventStore.withBackend(backend).append('counter/a', [{ type: 'added', data: { by: 2 } }]);
  const { signal } = new AbortController();
  const fold = () => stateAtVersion(backend, definitions, 'counter/a', { signal });
  const reader = await backend.reader();
  const { connectHost } = reader;
  reader.connectHost = async (port) => {
    await connectHost.call(reader, port);
    await when(() => reader.close());
  };

  await expect(fold()).rejects.toThrow(codedError('HOLDFAST_ERR_THREAD_EXITED'));

  expect(await fold()).toMatchObject({ version: 1, context: { total: 2 } });
});
