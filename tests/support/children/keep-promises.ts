// Usage: keep-promises.ts FOLDER log|again|copies|large. Callers append their notes to `app.db` under keys, with all that a store
// does in between, and print what was promised once it is: `kept ID VERSION POSITION`, `snapshot STREAM VERSION`, `copied NAME
// POSITION`, `exported NAME POSITION`, `imported NAME POSITION`.
import { join } from 'node:path';
import { EventStore, exportEvents, importEvents, SqliteEventStoreBackend } from 'holdfast/store';
import { openSqlite } from '../../../runtime/sqlite/driver.ts';
import { callers, idsOf, rounds, streamOf, textOf } from '../note-texts.ts';
import { say } from './say.ts';

const [folder = '', what = 'log'] = process.argv.slice(2);
const path = join(folder, 'app.db');
let position = 0;

async function open(): Promise<{ backend: SqliteEventStoreBackend; store: EventStore }> {
  const backend = await SqliteEventStoreBackend.open(path);
  return { backend, store: EventStore.withBackend(backend) };
}

async function keepNotes(store: EventStore, round: number): Promise<void> {
  await Promise.all(
    Array.from({ length: callers }, async (_, caller) => {
      for (const id of idsOf(caller, round)) {
        const event = { type: 'noted', data: { id, text: textOf(id) } };
        const kept = await store.append(streamOf(caller), [event], { idempotencyKey: id });
        position = Math.max(position, kept.position);
        say(`kept ${id} ${kept.version} ${kept.position}`);
      }
    }),
  );
}

async function keepSnapshot(store: EventStore, version: number): Promise<void> {
  await store.saveSnapshot(streamOf(0), { version, state: { version, text: 'x'.repeat(version * 500) } });
  say(`snapshot ${streamOf(0)} ${version}`);
}

/** As a process does that comes along and has written enough: the log begins anew, over what is in it. */
function checkpointElsewhere(): void {
  const other = openSqlite(path, { readonly: false, busyTimeoutMs: 5_000 });
  other.pragma('wal_checkpoint(passive)');
  other.close();
}

async function keepLog(): Promise<void> {
  const { store: first } = await open();
  await keepNotes(first, 0);
  await keepSnapshot(first, 1);
  await first.flush();
  await keepNotes(first, 1);
  await first.close();
  const { store } = await open();
  await keepNotes(store, 2);
  checkpointElsewhere();
  await Promise.all([keepNotes(store, 3), keepSnapshot(store, 2)]);
  await store.close();
}

/** Whatever is there already is acknowledged, and nothing is written. */
async function keepAgain(): Promise<void> {
  const { store } = await open();
  let stored = 0;
  for await (const { data } of store.readAll()) {
    const { id } = data as { id: string };
    const [caller = 0] = id.split('-').map(Number);
    const event = { type: 'noted', data: { id, text: textOf(id) } };
    const kept = await store.append(streamOf(caller), [event], { idempotencyKey: id });
    say(`kept ${id} ${kept.version} ${kept.position}`);
    stored++;
  }
  say(`again ${stored}`);
}

async function keepCopies(): Promise<void> {
  const { backend, store } = await open();
  await keepNotes(store, 0);
  const before = position;
  await Promise.all([
    keepNotes(store, 1),
    store.backup(join(folder, 'copy.db')).then(() => say(`copied copy.db ${before}`)),
    exportEvents(backend, join(folder, 'all.jsonl')).then(() => say(`exported all.jsonl ${before}`)),
  ]);
  const other = await SqliteEventStoreBackend.open(join(folder, 'other.db'));
  await importEvents(other, join(folder, 'all.jsonl'));
  say(`imported other.db ${before}`);
  await other.close();
  await store.close();
}

/** As much as SQLite copies a log back by itself for, and begins it anew. */
async function keepLarge(): Promise<void> {
  const { store } = await open();
  for (let round = 0; round < rounds; round++) {
    await keepNotes(store, round);
    for (let grown = 0; grown < 20; grown++) {
      const { version } = await store.append('ballast', [{ type: 'grown', data: 'x'.repeat(300_000) }]);
      say(`grown ${version}`);
    }
  }
  await store.close();
}

const keep = { log: keepLog, again: keepAgain, copies: keepCopies, large: keepLarge };
await keep[what as keyof typeof keep]();
process.exit();
