import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, onTestFinished } from 'vitest';
import type { OperationStore } from '../../runtime/ports/operation-store.ts';
import { openForWriting } from '../../runtime/sqlite/connection/open-database.ts';
import { processIdentity } from '../../runtime/sqlite/connection/process-identity.ts';
import { openSqlite, type SqliteDatabase } from '../../runtime/sqlite/driver.ts';
import { LogWriter } from '../../runtime/sqlite/log/log-writer.ts';
import { OperationTable, type Piece } from '../../runtime/sqlite/operations/operation-table.ts';
import { SqliteOperations } from '../../runtime/store/sqlite-operations.ts';
import { openStoreThread } from './open-store-thread.ts';
import { OneQueue, type OperationSubject } from './operation-subject.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** One queue in a file, claimed in the name of a store thread of its own. */
export async function openSqliteOperations(path: string) {
  const client = await openStoreThread(path);
  const operations = new SqliteOperations(client);
  const queue = new OneQueue(operations);
  queue.run = client.run;
  return { client, operations, queue };
}

/**
 * Operations in a file, over a store thread that the tests of a file share: it remembers nothing of operations, and what a
 * test leaves in the file is removed. For the top of a test file.
 */
export function sqliteSubjects(): () => Promise<OperationSubject> {
  let opened: ReturnType<typeof openSubject> | undefined;
  afterAll(async () => (await opened)?.close());
  return async () => {
    opened ??= openSubject(mkdtempSync(join(tmpdir(), 'holdfast-operations-')));
    const { subject, clear } = await opened;
    onTestFinished(clear);
    return subject;
  };
}

async function openSubject(folder: string) {
  const path = join(folder, 'app.db');
  const client = await openStoreThread(path);
  const beside = openSqlite(path, { readonly: false, busyTimeoutMs: 5_000 });
  const clearing = beside.prepare('delete from runs where run <> ?');
  return {
    subject: { store: new SqliteOperations(client), ...runsIn(beside) },
    clear() {
      beside.exec(`delete from operations; delete from operation_keys; delete from operation_counters;
        delete from sqlite_sequence where name = 'operations'`);
      clearing.run(client.run);
    },
    async close() {
      beside.close();
      await client.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The same tables without the thread, which is faster for many short examples. */
export function sqliteTable(database: SqliteDatabase, path: string): OperationSubject {
  const writer = new LogWriter(database, { path, lockTimeoutMs: 0, clock: { now: () => 1 }, run: 'own' });
  const alive = new Set<string>();
  const runs = { begin: () => undefined, stayKnown: () => undefined, living: () => alive };
  const table = new OperationTable(database, writer, runs);
  return {
    store: promising(table),
    begin: (run) => alive.add(run),
    kill: (run) => alive.delete(run),
  };
}

/** A file of its own. */
export function openTable(): { subject: OperationSubject; database: SqliteDatabase; path: string } {
  const path = join(temporaryFolder(), 'app.db');
  const database = openForWriting({ path, lockTimeoutMs: 0 });
  onTestFinished(() => database.close());
  return { subject: sqliteTable(database, path), database, path };
}

/** Runs of this very process, which lives, until their rows are taken away. */
function runsIn(database: SqliteDatabase): Pick<OperationSubject, 'begin' | 'kill'> {
  return {
    begin(run) {
      const identity = processIdentity(process.pid) ?? `${process.pid} ${performance.timeOrigin}`;
      database
        .prepare('insert or replace into runs values (?, ?, ?, ?, 0)')
        .run(run, process.pid, identity, Date.now());
    },
    kill(run) {
      database.prepare('delete from runs where run = ?').run(run);
    },
  };
}

function promising(table: OperationTable): OperationStore {
  return {
    enqueue: async (operations, limits, now) => table.enqueue([{ operations, limits, now }])[0] ?? [],
    hurry: async (queue, now) => carryOut(table.hurry(queue, now)),
    claim: async (claim, now) => {
      carryOut(table.makeDue(claim, now));
      return table.claim(claim, now);
    },
    settle: async (run, outcomes, now) => table.settle(run, outcomes, now),
    cancel: async (id, now) => table.cancel(id, now),
    networkIsBack: async (queue, spreadMs, now) => carryOut(table.networkIsBack(queue, spreadMs, now)),
    requeue: async (id, now) => table.requeue(id, now),
    discard: async (id) => table.discard(id),
    list: async (query) => table.page(query),
    get: async (id) => table.get(id),
    metrics: async (queue, now) => table.metrics(queue, now),
  };
}

function carryOut(piece: Piece): void {
  while (piece());
}
