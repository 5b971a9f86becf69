// An application that is bundled into one file, which is also the worker file and the module of its definitions.
// Usage: node app.mjs DATABASE.
import { createRuntime } from 'holdfast';
import { exportEvents, ReadOnlySqliteBackend } from 'holdfast/store';
import { isHoldfastThread } from 'holdfast/worker';
import { notebook } from '../fixtures/notebook.ts';

export { notebook };

async function main(database: string): Promise<void> {
  await using runtime = await createRuntime({
    database,
    modules: [import.meta.url],
    workerUrl: import.meta.url,
  });
  const { version } = await runtime.actor(notebook, 'n').send({ type: 'noted', id: 'a' });
  console.log('sent', version);
  for await (const { data } of runtime.store.readAll()) console.log('read', (data as { id: string }).id);
  const { ok } = await runtime.store.verify();
  console.log('verified', ok);
  const rehearsal = await runtime.rehearse();
  console.log('rehearsed', rehearsal.ok, rehearsal.events);
  await using backend = await ReadOnlySqliteBackend.open(database, { workerUrl: import.meta.url });
  const { events } = await exportEvents(backend, `${database}.ndjson`);
  console.log('exported', events);
}

if (!isHoldfastThread) await main(process.argv[2] ?? '');
