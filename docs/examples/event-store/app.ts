// app.ts
import {
  EventStore,
  exportEvents,
  InMemoryEventStoreBackend,
  importEvents,
  isHoldfastError,
  ReadOnlySqliteBackend,
  SqliteEventStoreBackend,
} from 'holdfast/store';

type NoteEvent = { type: 'created'; data: { title: string } } | { type: 'revised'; data: { words: number } };

const backend = await SqliteEventStoreBackend.open('notes.db', { lockTimeoutMs: 5_000 });
await using store = EventStore.withBackend<NoteEvent>(backend);

const created = { type: 'created', data: { title: 'Plan' } } as const;
console.log(await store.append('note-1', [created], { expectedVersion: 'no-stream' }));

const revised = (words: number) => ({ type: 'revised', data: { words } }) as const;
await store.append('note-1', [revised(10), revised(20)], { expectedVersion: 1 });
await store.append('note-1', [revised(30)], { expectedVersion: 'stream-exists' });
await store.append('note-2', [created], { expectedVersion: 'any' });

try {
  await store.append('note-1', [revised(40)], { expectedVersion: 1 });
} catch (error) {
  if (!isHoldfastError(error, 'HOLDFAST_ERR_VERSION_CONFLICT')) throw error;
  console.log(`${error.stream}: expected ${error.expected}, is at ${error.actual}`);
}

const imported = { ...revised(50), id: 'import-7', metadata: { by: 'bob' } };
console.log((await store.append('note-2', [imported])).outcome);
console.log((await store.append('note-2', [imported])).outcome);

const key = { idempotencyKey: 'request-1' };
console.log((await store.append('note-2', [revised(60)], key)).version);
console.log(await store.append('note-2', [revised(60)], key));

for await (const { version, type, data, metadata } of store.read('note-2', { after: 1, limit: 1 }))
  console.log(version, type, data, metadata);
for await (const { version } of store.read('note-1', { direction: 'backward', limit: 2 }))
  console.log(version);

for await (const { position, stream, version, type } of store.readAll({ after: 4 }))
  console.log(position, stream, version, type);

const after = await store.getEventsAfter('note-1', 2);
console.log(after.map(({ data }) => data));

const stop = new AbortController();
void store.append('note-3', [created]); // arrives while the log is followed
for await (const { position, stream } of store.subscribe({ after: 6, signal: stop.signal })) {
  console.log(position, stream);
  if (position === 8) stop.abort();
}

await store.saveSnapshot('note-1', { version: 4, state: { title: 'Plan', words: 30 } });
const snapshot = await store.getLatestSnapshot('note-1');
console.log(snapshot, await store.getLatestSnapshot('note-2'));

await store.flush();
const { events, streams, snapshots, position, journalMode, synchronous } = await store.stats();
console.log({ events, streams, snapshots, position, journalMode, synchronous });

await store.backup('copy.db');
console.log(await store.verify());

await using copy = EventStore.withBackend(await ReadOnlySqliteBackend.open('copy.db'));
console.log((await copy.stats()).events);
await copy.append('note-1', [revised(1)]).catch((error) => console.log(error.code));

console.log(await exportEvents(backend, 'notes.jsonl'));
const scratch = new InMemoryEventStoreBackend();
console.log(await importEvents(scratch, 'notes.jsonl'));
console.log(await importEvents(scratch, 'notes.jsonl'));

await using memory = EventStore.withBackend(scratch);
console.log((await memory.stats()).events);
