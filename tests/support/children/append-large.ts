import { EventStore, SqliteEventStoreBackend } from 'holdfast/store';

/** One append that is too large for the index of the log, told how it ended, and an end as sudden as a power cut. */
const [path = ''] = process.argv.slice(2);
const store = EventStore.withBackend(await SqliteEventStoreBackend.open(path));
const event = { type: 'noted', data: { note: 'x'.repeat(10 * 1024 * 1024) } };
const outcome = await store.append('large', [event, event], { idempotencyKey: 'large' }).then(
  ({ outcome: known }) => known,
  (error: { code: string }) => error.code,
);
process.stdout.write(`${outcome}\n`, () => process.kill(process.pid, 'SIGKILL'));
