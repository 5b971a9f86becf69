import type { CpuPool } from '../cpu/pool.ts';
import { holdfastError } from '../errors/holdfast-error.ts';
import { loadPart } from '../errors/load-part.ts';
import type {
  EventStoreBackend,
  IntegrityReport,
  LongWorkOptions,
  PageQuery,
  StoreStats,
} from '../ports/event-store-backend.ts';
import type { AppendReceipt, EncodedSnapshot } from '../protocol/append.ts';
import { checkOptions, toWorkerUrl } from '../protocol/options.ts';
import type { RecordedEvent } from '../protocol/recorded-event.ts';
import type { ReaderClient } from '../threads/reader-client.ts';
import { closeEach } from './close-each.ts';
import { absolutePath, databasePath } from './database-path.ts';
import { openFile } from './open-files.ts';
import { closedError, loadReaderClient, type SqliteBackendOptions, verifyWith } from './sqlite-backend.ts';

/** How often the file is looked at for what others have appended, in milliseconds. */
const pollMs = 100;

/**
 * Reads a database file and never writes to it: no database is created, and no schema is brought up to date. For looking
 * into files of other people. Others may write to the file meanwhile. SQLite may create a log and its index beside the
 * file (`-wal`, `-shm`), which are empty, and leaves them there.
 */
export class ReadOnlySqliteBackend implements EventStoreBackend {
  /** The absolute path of the database; of a symbolic link, that of the file. */
  readonly path: string;
  readonly #reader: ReaderClient;
  readonly #released: () => void;
  readonly #watches = new Map<() => void, (reason: Error) => void>();
  #pool: CpuPool | undefined;
  #closing: Promise<void> | undefined;

  private constructor(path: string, reader: ReaderClient, released: () => void) {
    this.path = path;
    this.#reader = reader;
    this.#released = released;
  }

  /**
   * Opens a database that exists.
   *
   * @throws HOLDFAST_ERR_STORAGE_PATH, _CORRUPT, _NOT_A_DATABASE, _FOREIGN, HOLDFAST_ERR_SCHEMA_NEWER,
   * HOLDFAST_ERR_SCHEMA_OLDER; HOLDFAST_ERR_OPTION_INVALID; HOLDFAST_ERR_THREAD_START.
   */
  static async open(
    path: string | URL,
    options: Pick<SqliteBackendOptions, 'workerUrl'> = {},
  ): Promise<ReadOnlySqliteBackend> {
    const owner = 'ReadOnlySqliteBackend.open';
    checkOptions(owner, options, ['workerUrl']);
    const workerUrl = toWorkerUrl(owner, options.workerUrl);
    const absolute = databasePath(path);
    const { refuseUnreadable } = await loadPart(import('../sqlite/connection/schema-version.ts'));
    const { ReaderClient } = await loadReaderClient();
    const { open: reader, released } = await openFile(absolute, async (isOpenHere) => {
      if (!isOpenHere) refuseUnreadable(absolute);
      return ReaderClient.start(absolute, workerUrl);
    });
    return new ReadOnlySqliteBackend(absolute, reader, released);
  }

  /** The reader thread. @internal */
  reader(): ReaderClient {
    if (this.#closing !== undefined) throw closedError(this.path);
    return this.#reader;
  }

  append(): Promise<AppendReceipt> {
    return Promise.reject(onlyRead(this.path));
  }

  async saveSnapshot(): Promise<void> {
    throw onlyRead(this.path);
  }

  async readStream(stream: string, query: PageQuery): Promise<readonly RecordedEvent[]> {
    return this.reader().request('readStream', stream, query);
  }

  async readLog(query: PageQuery): Promise<readonly RecordedEvent[]> {
    return this.reader().request('readLog', query);
  }

  async getLatestSnapshot(stream: string): Promise<EncodedSnapshot | undefined> {
    return this.reader().request('getLatestSnapshot', stream);
  }

  watch(listener: (position: number) => void, failed: (reason: Error) => void): () => void {
    const reader = this.reader();
    let timer: NodeJS.Timeout | undefined;
    // Asked again only once it is answered: of a reader that is busy, questions would pile up.
    const look = (): void => {
      reader.request('head').then(
        (position) => {
          if (!this.#watches.has(stop)) return;
          timer = setTimeout(look, pollMs);
          listener(position);
        },
        (error: unknown) => {
          if (this.#watches.delete(stop)) failed(error as Error);
        },
      );
    };
    const stop = (): void => {
      clearTimeout(timer);
      this.#watches.delete(stop);
    };
    this.#watches.set(stop, failed);
    look();
    return stop;
  }

  /** There is nothing to flush. */
  async flush(): Promise<void> {
    this.reader();
  }

  async stats(): Promise<StoreStats> {
    return this.reader().request('stats');
  }

  async backup(path: string, options: LongWorkOptions = {}): Promise<void> {
    await this.reader().backup(absolutePath(path), options);
  }

  async verify(options: LongWorkOptions = {}): Promise<IntegrityReport> {
    const { CpuPool } = await loadPart(import('../cpu/pool.ts'));
    const reader = this.reader();
    this.#pool ??= new CpuPool(1);
    return verifyWith(reader, this.#pool, options, () => this.reader());
  }

  /** Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    for (const [stop, failed] of this.#watches) {
      stop();
      failed(closedError(this.path));
    }
    await closeEach([this.#reader, this.#pool]).finally(this.#released);
  }
}

function onlyRead(path: string): Error {
  return holdfastError(
    'HOLDFAST_ERR_STORAGE_READONLY',
    `${path} was opened only for reading. Nothing was written.`,
  );
}
