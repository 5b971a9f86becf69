import { checkSeals } from '../../runtime/cpu/check-seals.ts';
import { isHoldfastError } from '../../runtime/errors/holdfast-error.ts';
import { systemClock } from '../../runtime/ports/clock.ts';
import type { EventStoreBackend } from '../../runtime/ports/event-store-backend.ts';
import type { AppendReceipt, AppendRequest } from '../../runtime/protocol/append.ts';
import { checkpoint } from '../../runtime/sqlite/connection/checkpoint.ts';
import { openForReading, openForWriting } from '../../runtime/sqlite/connection/open-database.ts';
import { refuseUnreadable } from '../../runtime/sqlite/connection/schema-version.ts';
import { IntegrityCheck } from '../../runtime/sqlite/log/integrity-check.ts';
import { LogReader } from '../../runtime/sqlite/log/log-reader.ts';
import { LogWriter } from '../../runtime/sqlite/log/log-writer.ts';
import { SnapshotTable } from '../../runtime/sqlite/log/snapshot-table.ts';
import { EventStore } from '../../runtime/store/event-store.ts';
import { verifyLog } from '../../runtime/store/verify-log.ts';

interface OpenedHere extends AsyncDisposable {
  readonly backend: EventStoreBackend;
  readonly store: EventStore;
}

/** The store over a file without its threads, which take ten times as long to start as a small log to read. */
export function openStoreInThisThread(path: string): OpenedHere {
  const options = { path, lockTimeoutMs: 0 };
  const database = openForWriting(options);
  const writer = new LogWriter(database, { ...options, clock: systemClock, run: '' });
  const snapshots = new SnapshotTable(writer);
  const reader = new LogReader(database);
  const check = new IntegrityCheck(database, path);
  let waiting: { request: AppendRequest; settle: (outcome: AppendReceipt | Error) => void }[] = [];
  const commit = (): void => {
    const group = waiting;
    waiting = [];
    const outcomes = writer.appendGroup(group.map(({ request }) => request));
    for (const [index, { settle }] of group.entries()) settle(outcomes[index] as AppendReceipt | Error);
  };
  const part: Omit<EventStoreBackend, 'stats' | 'backup'> = {
    append: (request) =>
      new Promise((resolve, reject) => {
        if (waiting.length === 0) setImmediate(commit);
        waiting.push({ request, settle: (out) => (out instanceof Error ? reject(out) : resolve(out)) });
      }),
    readStream: async (stream, query) => reader.readStream(stream, query),
    readLog: async (query) => reader.readLog(query),
    saveSnapshot: async (stream, snapshot) => snapshots.save([{ stream, ...snapshot }], systemClock.now()),
    getLatestSnapshot: async (stream) => reader.getLatestSnapshot(stream),
    watch: () => () => undefined,
    flush: async () => checkpoint(database, path),
    async verify() {
      const requests = {
        head: () => reader.head(),
        checkFile: () => check.checkFile(),
        sealedPage: (after: number) => check.sealedPage(after),
      };
      type Method = keyof typeof requests;
      const request = async (method: Method, after: number) => requests[method](after);
      const pool = { run: async (_: unknown, rows: Parameters<typeof checkSeals>[0]) => checkSeals(rows) };
      return verifyLog({ request } as never, pool as never, {});
    },
    close: async () => database.close(),
  };
  const backend = part as EventStoreBackend;
  const store = EventStore.withBackend(backend);
  return { backend, store, [Symbol.asyncDispose]: () => store.close() };
}

/** Whoever only looks at a file is told something with a code at the worst. */
export function expectReadable(path: string): void {
  try {
    refuseUnreadable(path);
    openForReading(path).close();
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
  }
}
