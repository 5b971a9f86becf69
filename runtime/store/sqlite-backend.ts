import type { CpuPool } from '../cpu/pool.ts';
import { holdfastError } from '../errors/holdfast-error.ts';
import { loadPart, partLoader } from '../errors/load-part.ts';
import type {
  EventStoreBackend,
  IntegrityReport,
  LongWorkOptions,
  PageQuery,
  StoreStats,
} from '../ports/event-store-backend.ts';
import type { AppendReceipt, AppendRequest, EncodedSnapshot } from '../protocol/append.ts';
import type { DeadLetter } from '../protocol/dead-letter.ts';
import { limits } from '../protocol/limits.ts';
import { checkOptions, checkWholeOption, toWorkerUrl } from '../protocol/options.ts';
import type { FirstReads } from '../protocol/reader-control.ts';
import type { RecordedEvent } from '../protocol/recorded-event.ts';
import type { ControlChannel } from '../threads/control-channel.ts';
import type { ReaderClient } from '../threads/reader-client.ts';
import { StoreClient } from '../threads/store-client.ts';
import { mayOpen } from '../threads/thread-role.ts';
import { closeEach } from './close-each.ts';
import { absolutePath, databasePath } from './database-path.ts';
import { openFile } from './open-files.ts';

/** Options of {@link SqliteEventStoreBackend.open}. */
export interface SqliteBackendOptions {
  /**
   * How long an append waits for the write lock of another process before it rejects with
   * `HOLDFAST_ERR_STORAGE_BUSY`, in milliseconds. Default 30,000.
   */
  readonly lockTimeoutMs?: number;
  /** The worker file, when a bundler has moved it: see `docs/how-to/bundle.md`. Default: the file of the package. */
  readonly workerUrl?: URL | string | undefined;
}

/**
 * What a reader is for. Actors wait for what is read for them: neither for a query of the application or a count, which may take
 * long, nor for the check of a file, which takes minutes for a large one.
 */
export type ReaderPurpose = 'actors' | 'queries' | 'checks';

const optionNames = ['lockTimeoutMs', 'workerUrl'] as const;

/** Loads the code of readers, which from then on takes no turn of the event loop. */
export const loadReaderClient: () => Promise<typeof import('../threads/reader-client.ts')> = partLoader(
  () => import('../threads/reader-client.ts'),
);

/**
 * Keeps the log in one SQLite file. A store thread of its own writes it, with WAL and `synchronous=FULL`, so an append
 * that has resolved survives the end of the process and a power cut. A reader thread starts when much is read.
 * Several processes may open the same file at once.
 */
export class SqliteEventStoreBackend implements EventStoreBackend {
  /** The absolute path of the database; of a symbolic link, that of the file. */
  readonly path: string;
  readonly #store: StoreClient;
  readonly #released: () => void;
  /** The worker file that the threads are started from. @internal */
  readonly workerUrl: URL | string | undefined;
  #pool: CpuPool | undefined;
  readonly #readers: { [Purpose in ReaderPurpose]?: Promise<ReaderClient> } = {};
  #reads = 0;
  #closing: Promise<void> | undefined;

  private constructor(
    path: string,
    store: StoreClient,
    workerUrl: URL | string | undefined,
    released: () => void = () => undefined,
  ) {
    this.path = path;
    this.#store = store;
    this.#released = released;
    this.workerUrl = workerUrl;
  }

  /**
   * Opens the database and creates it if it is missing; its folder must exist. Brings an older schema up to date.
   *
   * @throws HOLDFAST_ERR_STORAGE_PATH, _READONLY, _FULL, _BUSY, _IO, _CORRUPT, _NOT_A_DATABASE, _FOREIGN and
   * HOLDFAST_ERR_SCHEMA_NEWER: a file that is refused is left as it was; HOLDFAST_ERR_OPTION_INVALID;
   * HOLDFAST_ERR_INSIDE_HOST in a thread of Holdfast; HOLDFAST_ERR_THREAD_START.
   */
  static async open(
    path: string | URL,
    options: SqliteBackendOptions = {},
  ): Promise<SqliteEventStoreBackend> {
    refuseInHost();
    checkOptions('SqliteEventStoreBackend.open', options, optionNames);
    checkWholeOption('SqliteEventStoreBackend.open', 'lockTimeoutMs', options.lockTimeoutMs, 0, 2 ** 31 - 1);
    const { lockTimeoutMs = 30_000 } = options;
    const workerUrl = toWorkerUrl('SqliteEventStoreBackend.open', options.workerUrl);
    const file = databasePath(path);
    const { open: store, released } = await openFile(file, (isOpenHere) =>
      StoreClient.start({ path: file, isOpenHere, lockTimeoutMs, workerUrl }),
    );
    return new SqliteEventStoreBackend(file, store, workerUrl, released);
  }

  /** Over a store thread that serves already. @internal */
  static over(path: string, store: StoreClient): SqliteEventStoreBackend {
    return new SqliteEventStoreBackend(path, store, undefined);
  }

  append(request: AppendRequest): Promise<AppendReceipt> {
    if (this.#closing !== undefined) return Promise.reject(closedError(this.path));
    return this.#store.append(request);
  }

  async readStream(stream: string, query: PageQuery): Promise<readonly RecordedEvent[]> {
    return this.#read('readStream', [stream, query]);
  }

  async readLog(query: PageQuery): Promise<readonly RecordedEvent[]> {
    return this.#read('readLog', [query]);
  }

  async saveSnapshot(stream: string, snapshot: EncodedSnapshot): Promise<void> {
    await this.store().thread.control.call('saveSnapshots', [[{ stream, ...snapshot }]]);
  }

  async getLatestSnapshot(stream: string): Promise<EncodedSnapshot | undefined> {
    return this.#read('getLatestSnapshot', [stream]);
  }

  watch(listener: (position: number) => void, failed: (reason: Error) => void): () => void {
    const store = this.store();
    let isWatching = true;
    const watching = store.watch(({ position }) => isWatching && listener(position));
    const fail = (reason: Error) =>
      isWatching && failed(this.#closing === undefined ? reason : closedError(this.path));
    store.thread.hold();
    watching.then(({ position }) => isWatching && listener(position), fail);
    const forget = store.thread.onEnded(fail);
    return () => {
      if (!isWatching) return;
      isWatching = false;
      forget();
      store.thread.release();
      watching.then(({ stop }) => stop()).catch(() => undefined);
    };
  }

  async flush(): Promise<void> {
    await this.store().thread.control.call('checkpoint', []);
  }

  async stats(): Promise<StoreStats> {
    return (await this.#read('stats', [], 'queries')) ?? (await this.reader('queries')).request('stats');
  }

  async backup(path: string, options: LongWorkOptions = {}): Promise<void> {
    await (await this.reader()).backup(absolutePath(path), options);
  }

  async verify(options: LongWorkOptions = {}): Promise<IntegrityReport> {
    const { CpuPool } = await loadPart(import('../cpu/pool.ts'));
    const reader = await this.reader('checks');
    this.#pool ??= new CpuPool(1);
    return verifyWith(reader, this.#pool, options, () => this.store());
  }

  /**
   * Idempotent. Appends that were made before are committed. What is read or checked for seconds more is left to itself, and
   * ends with HOLDFAST_ERR_CLOSED. The last connection to the file, also of another process, copies the log back into it.
   */
  close(): Promise<void> {
    this.#closing ??= closeEach([...Object.values(this.#readers), this.#pool, this.#store]).finally(
      this.#released,
    );
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** The store thread, for the runtime. @internal */
  store(): StoreClient {
    if (this.#closing !== undefined) throw closedError(this.path);
    return this.#store;
  }

  /** The reader thread for a purpose, started when first needed; for the runtime. @internal */
  reader(purpose: ReaderPurpose = 'actors'): Promise<ReaderClient> {
    if (this.#closing !== undefined) return Promise.reject(closedError(this.path));
    this.#readers[purpose] ??= this.#startReader(purpose);
    return this.#readers[purpose];
  }

  /** Whether there is a reader thread: one that has died is `absent` until the next read. @internal */
  get readerState(): 'running' | 'absent' | 'ended' {
    if (this.#closing !== undefined) return 'ended';
    return this.#readers.actors === undefined ? 'absent' : 'running';
  }

  /** Dead letters after one of them, oldest first, as far as a page goes. @internal */
  deadLetters(after: number): Promise<DeadLetter[]> {
    return this.#read('deadLetters', [after], 'queries');
  }

  /** The first reads are answered by the store thread: a program that reads little needs no other. */
  async #read<Method extends keyof FirstReads>(
    method: Method,
    args: Parameters<FirstReads[Method]>,
    purpose: ReaderPurpose = 'actors',
  ): Promise<ReturnType<FirstReads[Method]>> {
    const hasReader = this.#readers[purpose] !== undefined;
    if (this.#closing === undefined && !hasReader && ++this.#reads < limits.firstReadsMax) {
      const control: Pick<ControlChannel<FirstReads>, 'call'> = this.#store.thread.control;
      try {
        return (await control.call(method, args, { timeoutMs: limits.firstReadMs })) as ReturnType<
          FirstReads[Method]
        >;
      } catch {
        // The reader does not wait for what the store thread may be waiting for, and says what it finds.
      }
    }
    return (await this.reader(purpose)).request(method, ...args);
  }

  /** A reader that could not start or has ended is forgotten, and replaced at the next read. */
  #startReader(purpose: ReaderPurpose): Promise<ReaderClient> {
    const forget = () => delete this.#readers[purpose];
    const started = loadReaderClient().then(({ ReaderClient }) =>
      ReaderClient.start(this.path, this.workerUrl),
    );
    started.then(({ thread }) => thread.onEnded(forget), forget);
    return started;
  }
}

/** Verifies the log that a reader reads. `checkOpen` throws once the store was closed, whose threads then end. */
export async function verifyWith(
  reader: ReaderClient,
  pool: CpuPool,
  options: LongWorkOptions,
  checkOpen: () => void,
): Promise<IntegrityReport> {
  const { verifyLog } = await loadPart(import('./verify-log.ts'));
  return verifyLog(reader, pool, options).catch((error: unknown) => {
    checkOpen();
    throw error;
  });
}

/** A definition module that opens a runtime would do so again in each host of that runtime, without end. */
function refuseInHost(): void {
  if (mayOpen()) return;
  throw holdfastError(
    'HOLDFAST_ERR_INSIDE_HOST',
    'A module opened a runtime or a store while it was imported for its definitions. Move them ' +
      "to a module of their own, or open it only `if (!isHoldfastThread)`, from 'holdfast/worker'.",
  );
}

/** The error of a store that is closed. */
export function closedError(path: string): Error {
  return holdfastError('HOLDFAST_ERR_CLOSED', `The store on ${path} is closed. Open it again to go on.`);
}
