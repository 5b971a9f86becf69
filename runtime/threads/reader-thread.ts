import type { MessagePort } from 'node:worker_threads';
import type {
  ReaderControl,
  ReaderRequests,
  ReaderThreadData,
  StopFlag,
} from '../protocol/reader-control.ts';
import { codedCalls } from '../sqlite/connection/coded-calls.ts';
import { openForReading } from '../sqlite/connection/open-database.ts';
import { backupDatabase } from '../sqlite/copies/backup.ts';
import { deadLettersPage } from '../sqlite/deliveries/dead-letter-box.ts';
import type { SqliteDatabase } from '../sqlite/driver.ts';
import { IntegrityCheck } from '../sqlite/log/integrity-check.ts';
import { LogReader } from '../sqlite/log/log-reader.ts';
import { readStats } from '../sqlite/log/stats.ts';
import { streamsPage } from '../sqlite/log/stream-list.ts';
import { ProjectionReader } from '../sqlite/projections/projection-reader.ts';
import { Queries } from '../sqlite/projections/query.ts';
import { storageError } from '../sqlite/storage-error.ts';
import { serveControl } from './control-channel.ts';
import { serveRequests } from './request-port.ts';

/** Serves reads on a connection of its own, so that no read delays the writer. */
export function serveReader(
  control: MessagePort,
  data: ReaderThreadData,
  database: SqliteDatabase = openForReading(data.path),
): void {
  const { log, integrity, projections, queries } = openReads(database, data.path);
  const links = new Set<{ close(): void }>();

  const isStopped = (stop: StopFlag | null) => (): boolean =>
    Atomics.load(data.stop, 0) === 1 || (stop !== null && Atomics.load(stop, 0) === 1);
  const requests = codedCalls<ReaderRequests>(database, data.path, {
    readStream: (stream, query) => log.readStream(stream, query),
    readLog: (query) => log.readLog(query),
    getLatestSnapshot: (stream) => log.getLatestSnapshot(stream),
    load: (request) => log.load(request),
    actorSnapshot: (stream) => log.actorSnapshot(stream),
    streamsPage: (after) => streamsPage(database, after),
    checkFile: () => integrity.checkFile(),
    sealedPage: (after) => integrity.sealedPage(after),
    projectionPage: (query) => projections.page(query),
    projectionState: (generation, partition, at) => projections.stateAt(generation, partition, at),
    query: (sql, values) => queries.run(sql, values, isStopped(null)),
    correlated: (correlationId, after) => log.correlated(correlationId, after),
    queryServed: (name, generation, sql, values, stop) =>
      projections.asServed(name, generation, () => queries.run(sql, values, isStopped(stop))),
    servedState: (name, generation, partition) =>
      projections.asServed(name, generation, () => projections.state(generation, partition)),
    stats: () => readStats(database, data.path),
    deadLetters: (after) => deadLettersPage(database, after),
    head: () => log.head(),
  });
  const connect = (port: MessagePort): void => {
    const link = serveRequests(port, requests as never);
    links.add(link);
    port.once('close', () => links.delete(link));
  };
  const close = (): void => {
    for (const link of links) link.close();
    if (database.open) database.close();
    Atomics.store(data.closed, 0, 1);
    Atomics.notify(data.closed, 0);
  };

  connect(data.requests);
  data.halt.once('message', close);
  const api: ReaderControl = {
    connectHost: connect,
    backup: (target, progress) => backupDatabase(data.path, target, progress),
    close() {
      close();
      setImmediate(() => {
        data.halt.close();
        control.close();
      });
    },
  };
  serveControl(control, codedCalls(database, data.path, api));
}

/** Prepares statements: a schema that is damaged shows here. */
function openReads(database: SqliteDatabase, path: string) {
  try {
    return {
      log: new LogReader(database),
      integrity: new IntegrityCheck(database, path),
      projections: new ProjectionReader(database),
      queries: new Queries(database),
    };
  } catch (error) {
    database.close();
    throw storageError(error, path);
  }
}
