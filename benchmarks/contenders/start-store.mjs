// JavaScript, as it would be in production: stripping types takes time of the start.
import { join } from 'node:path';

const { folder, database } = JSON.parse(process.argv[2]);
const imported = performance.now();
const { EventStore, SqliteEventStoreBackend } = await import('holdfast/store');
const opening = performance.now();
const backend = await SqliteEventStoreBackend.open(database === '' ? join(folder, 'store.db') : database);
const store = EventStore.withBackend(backend);
const appending = performance.now();
await store.append('start/1', [{ type: 'started', data: { pid: process.pid } }]);
const detail = {
  importMs: opening - imported,
  openMs: appending - opening,
  appendMs: performance.now() - appending,
};
console.log(JSON.stringify({ value: 0, unit: 'ms', detail }));
await store.close();
