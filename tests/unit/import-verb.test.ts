import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { Terminal } from '../../runtime/cli/terminal.ts';
import { importVerb } from '../../runtime/cli/verbs/import.ts';
import { openForWriting } from '../../runtime/sqlite/connection/open-database.ts';
import { EventStore } from '../../runtime/store/event-store.ts';
import { exportEvents } from '../../runtime/store/export-events.ts';
import { InMemoryEventStoreBackend } from '../../runtime/store/in-memory-backend.ts';
import { SqliteEventStoreBackend } from '../../runtime/store/sqlite-backend.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const workerUrl = new URL('../../dist/runtime/threads/worker.js', import.meta.url);

test('an import that is interrupted ends while another process holds the lock', async () => {
  const folder = temporaryFolder();
  const [path, database] = [join(folder, 'events.ndjson'), join(folder, 'app.db')];
  const source = new InMemoryEventStoreBackend();
  await EventStore.withBackend(source).append('a', [{ type: 'noted' }]);
  await exportEvents(source, path);
  const other = openForWriting({ path: database, lockTimeoutMs: 1_000 });
  onTestFinished(() => void other.close());
  other.exec('begin immediate');
  const stop = new AbortController();
  const { open } = SqliteEventStoreBackend;
  vi.spyOn(SqliteEventStoreBackend, 'open').mockImplementation((file) =>
    open(file, { workerUrl, lockTimeoutMs: 600_000 }),
  );
  const { append } = SqliteEventStoreBackend.prototype;
  vi.spyOn(SqliteEventStoreBackend.prototype, 'append').mockImplementation(function (this: never, request) {
    setImmediate(() => stop.abort(new Error('interrupted')));
    return append.call(this, request);
  });
  onTestFinished(() => void vi.restoreAllMocks());

  const importing = importVerb.run({
    database,
    args: [path],
    options: {},
    terminal: new Terminal(false),
    signal: stop.signal,
    runForeign: (work) => work(),
  });

  await expect(importing).rejects.toThrow('interrupted');
});
