// Usage: read-damaged.ts DATABASE... Opens, verifies, reads and appends to each database in turn, and prints one line of
// JSON about each: the code of the first error, or what verify said and the events that were read.
import { isHoldfastError } from 'holdfast';
import { EventStore, SqliteEventStoreBackend } from 'holdfast/store';

const codeOf = (error: unknown) => (isHoldfastError(error) ? error.code : String(error));

async function examine(path: string): Promise<object> {
  let store: EventStore;
  try {
    store = EventStore.withBackend(await SqliteEventStoreBackend.open(path));
  } catch (error) {
    return { opening: codeOf(error) };
  }
  try {
    const report = await store.verify();
    const events: unknown[] = [];
    for await (const { id, stream, version, position, type, data } of store.readAll()) {
      events.push([id, stream, version, position, type, data]);
    }
    const appending = await store.append('notebook/0', [{ type: 'noted', data: { id: 'new' } }]).then(
      () => 'appended',
      (error: unknown) => codeOf(error),
    );
    return { ok: report.ok, problems: report.problems.length, events, appending };
  } catch (error) {
    return { reading: codeOf(error) };
  } finally {
    await store.close();
  }
}

for (const path of process.argv.slice(2)) process.stdout.write(`${JSON.stringify(await examine(path))}\n`);
