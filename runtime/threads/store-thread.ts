import type { MessagePort } from 'node:worker_threads';
import { holdfastError } from '../errors/holdfast-error.ts';
import { systemClock } from '../ports/clock.ts';
import type { AppendRequest } from '../protocol/append.ts';
import { type Frame, readAppends, writeOutcome } from '../protocol/append-frame.ts';
import { writeDirectAnswer } from '../protocol/host-messages.ts';
import type { LoadRequest } from '../protocol/load.ts';
import { loadCrypto } from '../protocol/sha256.ts';
import type { DeliverySignal, StoreControl, StoreThreadData } from '../protocol/store-control.ts';
import { storeLimits } from '../protocol/store-limits.ts';
import { checkpoint } from '../sqlite/connection/checkpoint.ts';
import { codedCalls } from '../sqlite/connection/coded-calls.ts';
import { FilePresence } from '../sqlite/connection/file-presence.ts';
import { openForWriting } from '../sqlite/connection/open-database.ts';
import type { ProcessIdentity } from '../sqlite/connection/process-identity.ts';
import { DeadLetterBox, deadLettersPage } from '../sqlite/deliveries/dead-letter-box.ts';
import type { SqliteDatabase } from '../sqlite/driver.ts';
import { LogReader } from '../sqlite/log/log-reader.ts';
import { type AppendOutcome, LogWriter } from '../sqlite/log/log-writer.ts';
import { SnapshotTable } from '../sqlite/log/snapshot-table.ts';
import { readStats } from '../sqlite/log/stats.ts';
import { OperationTable, type Piece } from '../sqlite/operations/operation-table.ts';
import { ProjectionWriter } from '../sqlite/projections/projection-writer.ts';
import { storageError } from '../sqlite/storage-error.ts';
import { serveControl } from './control-channel.ts';
import { DeliveryDesk } from './delivery-desk.ts';
import { FramePort } from './frame-port.ts';
import { GroupCommit } from './group-commit.ts';
import { HeadReports } from './head-reports.ts';
import { serveRequests } from './request-port.ts';

/** What a simulation gives a store thread of its own. */
export interface StoreSurroundings {
  readonly database: SqliteDatabase;
  /** Which process the thread is in. */
  readonly identity: ProcessIdentity;
  /** What the processor has counted, in milliseconds. */
  readonly uptime: () => number;
  /** Told of a group of appends after it was committed or has failed, before anybody else is. */
  readonly onGroup: (group: readonly AppendRequest[], outcomes: readonly AppendOutcome[]) => void;
}

/** Serves the one writer of a database: appends over frame ports, everything else over the control plane. */
export function serveStore(
  control: MessagePort,
  data: StoreThreadData,
  surroundings?: StoreSurroundings,
): void {
  const onMigration = (isUnderWay: 0 | 1): void => void Atomics.store(data.hurried, 1, isUnderWay);
  const database = surroundings?.database ?? openForWriting({ ...data, onMigration });
  const tables = openTables(database, data, surroundings);
  const { presence, writer, snapshots, deadLetters, desk, projections } = tables;
  const links = new Set<FramePort>();
  const generations = new Map<number, number>();
  const log = new LogReader(database, storeLimits.firstLoadEventsMax);
  const loads = codedCalls(database, data.path, { load: (request: LoadRequest) => log.load(request) });
  const heads = new HeadReports(data.heads, writer, projections);
  let operations: OperationTable | undefined;
  const commits = new GroupCommit(writer, {
    before: () => desk.committing(),
    after(group, outcomes) {
      surroundings?.onGroup(group, outcomes);
      for (const link of links) link.flush();
      desk.committed();
      heads.report();
    },
  });

  const addLink = (port: MessagePort, link: FramePort): void => {
    links.add(link);
    port.once('close', () => links.delete(link));
  };
  const connect = (port: MessagePort, host?: { isFenced: () => boolean; answers: FramePort }): void => {
    const link: FramePort = new FramePort(port, (frame: Frame) =>
      readAppends(frame, (id, request, direct) => {
        // Within its group: the report of one before does not speak of it.
        const answer = (outcome: AppendOutcome) => {
          if (host === undefined) heads.appendedBeyondHosts();
          if (direct !== null) host?.answers.send((out) => writeDirectAnswer(out, direct, outcome));
          link.send((out) => writeOutcome(out, id, outcome));
        };
        if (host?.isFenced() === true) link.send((out) => writeOutcome(out, id, fenced()));
        else commits.add({ request, answer });
      }),
    );
    port.ref();
    addLink(port, link);
  };

  // Prepared when first needed: most runtimes start without.
  const queues = (): OperationTable => {
    operations ??= new OperationTable(database, writer, desk.ofOperations);
    return operations;
  };
  const releaseOperations = (): void => {
    try {
      operations?.release(data.run, systemClock.now());
    } catch {
      // A full disk must not keep anyone from closing: they then count as not finished.
    }
  };

  const close = (): void => {
    heads.end();
    if (database.open) {
      commits.drain();
      desk.end();
      for (const link of links) link.close();
      database.close();
    }
    Atomics.store(data.closed, 0, 1);
    Atomics.notify(data.closed, 0);
  };

  connect(data.appends);
  // While the news that this thread is ready travels; the first event that is sealed here needs it.
  setImmediate(loadCrypto);
  data.heads.once('message', close);
  const api: StoreControl = {
    connectHost(host, generation, port, answersPort, reads) {
      generations.set(host, generation);
      const answers = new FramePort(answersPort, () => undefined);
      // Before the link of the host: whoever waits in the main thread is told first.
      addLink(answersPort, answers);
      connect(port, { isFenced: () => generations.get(host) !== generation, answers });
      addLink(reads, serveRequests(reads, loads));
    },
    fenceHost(host, generation) {
      generations.set(host, generation);
      // What arrived before the fence is committed before it is acknowledged: the next host sees it.
      commits.drain();
    },
    saveSnapshots: (saved) => snapshots.save(saved, systemClock.now()),
    recordDeadLetters: (letters) => deadLetters.record(letters, systemClock.now()),
    keyDeadLetter: (id) => deadLetters.withKey(id),
    removeDeadLetter: (id) => deadLetters.remove(id),
    watch: (on) => heads.watch(on),
    beginRun: () => desk.begin(),
    dueTimers: (without) => desk.dueTimers(without),
    messages: (without, range) => desk.messages(without, range),
    standing() {
      presence?.check();
      return { deadLetters: deadLetters.count(), pending: desk.counts(), failure: writer.failure };
    },
    ownWork: () => desk.ownWork(),
    releaseWork: (stream) => desk.releaseWork(stream),
    giveUpDelivery: (given, letter) => deadLetters.giveUp(given, letter, systemClock.now()),
    openProjection: (summary, again) => projections.open(summary, again),
    applyProjection: (batch) => projections.apply(batch),
    enqueueOperations: (calls) => queues().enqueue(calls),
    async claimOperations(claim, now) {
      await inPieces(queues().makeDue(claim, now));
      return queues().claim(claim, now);
    },
    settleOperations: (run, outcomes, now) => queues().settle(run, outcomes, now),
    cancelOperation: (id, now) => queues().cancel(id, now),
    networkIsBack: (queue, spreadMs, now) => inPieces(queues().networkIsBack(queue, spreadMs, now)),
    hurryOperations: (queue, now) => inPieces(queues().hurry(queue, now)),
    requeueOperation: (id, now) => queues().requeue(id, now),
    discardOperation: (id) => queues().discard(id),
    operations: (query) => queues().page(query),
    operation: (id) => queues().get(id),
    operationMetrics: (queue, now) => queues().metrics(queue, now),
    readStream: (stream, query) => log.readStream(stream, query),
    readLog: (query) => log.readLog(query),
    getLatestSnapshot: (stream) => log.getLatestSnapshot(stream),
    deadLetters: (after) => deadLettersPage(database, after),
    stats: () => (log.head() > storeLimits.countedHereMax ? undefined : readStats(database, data.path)),
    checkpoint: () => checkpoint(database, data.path),
    close() {
      releaseOperations();
      close();
      setImmediate(() => {
        data.heads.close();
        data.signals.close();
        control.close();
      });
    },
  };
  serveControl(control, codedCalls(database, data.path, api));
}

/** Prepares every statement: a schema that is damaged shows here. */
function openTables(
  database: SqliteDatabase,
  data: StoreThreadData,
  surroundings: StoreSurroundings | undefined,
) {
  const system = { identity: surroundings?.identity, uptime: surroundings?.uptime };
  try {
    const isHurried = () => Atomics.load(data.hurried, 0) === 1;
    const presence = surroundings === undefined ? new FilePresence(data.path, systemClock) : undefined;
    const writer = new LogWriter(database, { ...data, clock: systemClock, presence, isHurried });
    const signal = (given: DeliverySignal) => data.signals.postMessage(given);
    return {
      presence,
      writer,
      snapshots: new SnapshotTable(writer),
      deadLetters: new DeadLetterBox(database, writer),
      projections: new ProjectionWriter(database, writer, systemClock, () => signal({ kind: 'messages' })),
      desk: new DeliveryDesk({ ...data, writer, database, clock: systemClock, signal, ...system }),
    };
  } catch (error) {
    database.close();
    throw storageError(error, data.path);
  }
}

/** Lets others have their turn between two transactions. */
async function inPieces(piece: Piece): Promise<void> {
  while (piece()) await new Promise(setImmediate);
}

function fenced(): Error {
  return holdfastError(
    'HOLDFAST_ERR_GENERATION_FENCED',
    'The append came from a host thread that has been replaced. Nothing was written.',
  );
}
