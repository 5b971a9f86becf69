import type { MessagePort, ResourceLimits, Transferable, Worker } from 'node:worker_threads';
import { holdfastError, isHoldfastError } from '../errors/holdfast-error.ts';
import { fromWireError, type WireError } from '../errors/wire-error.ts';
import { limits } from '../protocol/limits.ts';
import { describe } from '../protocol/names.ts';
import { afterAwake } from '../waiting/awake-timer.ts';
import { type ControlApi, ControlChannel, loadComlink } from './control-channel.ts';
import { exitGuard } from './exit-guard.ts';
import { youngGenerationMb } from './heap-limits.ts';
import type { ThreadRole } from './thread-role.ts';
import { threading } from './threading.ts';

/** What a new thread is given. Everything in it can be cloned or is in `transfer`. */
export interface ThreadOptions {
  readonly role: ThreadRole;
  /** For error messages and debuggers. */
  readonly name: string;
  /** Replaces the worker file of the package, for bundles that cannot find it. */
  readonly workerUrl: URL | string | undefined;
  /** Read by the role. */
  readonly data: unknown;
  /** The ports within `data`. */
  readonly transfer?: readonly Transferable[];
  readonly resourceLimits?: ResourceLimits;
  readonly execArgv?: readonly string[] | undefined;
}

/** What the worker file finds in `workerData`. */
export interface ThreadData {
  readonly holdfast: ThreadRole;
  readonly control: MessagePort;
  readonly data: unknown;
}

/** What a thread says once it serves, or that it cannot, under a name that modules of the application do not post under. */
export interface StartReport {
  readonly holdfast: { readonly failed?: WireError; readonly found?: unknown };
}

/**
 * The file that each role starts from. Threads without user code start from one file of CommonJS, which the build makes:
 * its start does not wait for the loader of ES modules to resolve and read thirty files. Hosts import the modules of the
 * application, and so must share their XState and `holdfast/worker` with them. The paths hold from wherever this code
 * is in the build: beside these files, or in the chunks of the doors.
 */
function workerFileOf(role: ThreadRole): URL {
  return hasModules(role)
    ? new URL('../threads/worker.js', import.meta.url)
    : new URL('../threads/database-worker.cjs', import.meta.url);
}

/** Whether a thread imports modules of the application. */
function hasModules(role: ThreadRole): boolean {
  return role === 'host' || role === 'cpu';
}

/** One running worker thread with its control plane. */
export class Thread<Api extends ControlApi<Api>> {
  readonly name: string;
  readonly control: ControlChannel<Api>;
  /** Resolves with the reason when the thread has ended, however it ended, or was left behind. */
  readonly ended: Promise<Error>;
  readonly #hasModules: boolean;
  readonly #worker: Worker;
  readonly #ready: Promise<StartReport['holdfast']>;
  #failure: Error | undefined;
  #exitCode: number | undefined;
  #isLeftBehind = false;
  #leave: (reason: Error) => void = () => undefined;
  /** Whether it has ended, or was left behind. */
  hasEnded = false;
  /** Who is told of its end. */
  readonly #followers = new Set<(reason: Error) => void>();
  #holds = 0;

  /** @throws HOLDFAST_ERR_THREAD_START where no thread can be made. */
  constructor(options: ThreadOptions) {
    const { role, name, workerUrl, data, transfer = [], resourceLimits, execArgv } = options;
    const { port1, port2 } = threading().createChannel();
    const threadData: ThreadData = { holdfast: role, control: port2, data };
    this.name = name;
    this.#hasModules = hasModules(role);
    try {
      this.#worker = threading().startWorker(workerUrl ?? workerFileOf(role), {
        name: `holdfast ${name}`,
        workerData: threadData,
        transferList: [port2, ...transfer],
        resourceLimits: { maxYoungGenerationSizeMb: youngGenerationMb, ...resourceLimits },
        ...(execArgv === undefined ? {} : { execArgv: [...execArgv] }),
      });
    } catch (error) {
      throw this.#startFailed('it failed', error);
    }
    this.#worker.on('error', (error) => {
      this.#failure ??=
        error instanceof Error
          ? error
          : new Error(typeof error === 'object' ? describe(error) : String(error));
    });
    this.ended = new Promise((resolve) => {
      this.#leave = resolve;
      this.#worker.once('exit', (code) => resolve(this.#exited(code)));
    });
    // Says nothing of a thread that ends before it is ready: `ended` does.
    this.#ready = new Promise((resolve) => {
      this.#worker.on('message', (said: Partial<StartReport> | null) => {
        if (said?.holdfast !== undefined) resolve(said.holdfast);
      });
    });
    this.control = new ControlChannel<Api>(port1, name, this.ended, this);
    void this.ended.then(this.#tellEnd);
    this.#worker.unref();
  }

  /**
   * Resolves when the thread serves calls, with what its role has found while it started; rejects if it cannot be started. May be awaited any number of times.
   *
   * @throws HOLDFAST_ERR_THREAD_START, or what the thread failed with while it started.
   */
  async started(timeoutMs = 30_000): Promise<unknown> {
    this.hold();
    try {
      let callOff: (() => void) | undefined;
      const late = new Promise<never>((_, reject) => {
        callOff = afterAwake(timeoutMs, () =>
          reject(this.#startFailed(`it was not ready after ${timeoutMs} ms`)),
        );
      });
      const gone = this.ended.then((reason) =>
        Promise.reject(this.#startFailed('it ended at once', this.#failure ?? reason)),
      );
      // Meanwhile, so that no call to it waits for a file, which a process without file descriptors cannot read.
      const [report] = await Promise.all([
        Promise.race([this.#ready, late, gone]).finally(callOff),
        loadComlink().catch(() => undefined),
      ]);
      if (report.failed !== undefined) {
        const error = fromWireError(report.failed);
        throw isHoldfastError(error) ? error : this.#startFailed('it failed', error);
      }
      return report.found;
    } finally {
      this.release();
    }
  }

  /** Keeps the process alive until as many calls of `release`. */
  hold(): void {
    if (this.#holds++ === 0 && !this.#isLeftBehind) this.#worker.ref();
  }

  release(): void {
    if (--this.#holds === 0) this.#worker.unref();
  }

  /**
   * Calls a listener, a function of its own, once with the reason when the thread has ended, or soon if it has already.
   * Returns how to take that back: who lives shorter than the thread is to do so, since a promise keeps all who wait for it.
   */
  onEnded(listener: (reason: Error) => void): () => void {
    this.#followers.add(listener);
    if (this.hasEnded) void this.ended.then(this.#tellEnd);
    return () => void this.#followers.delete(listener);
  }

  /** How many wait to be told of its end. */
  get followers(): number {
    return this.#followers.size;
  }

  /** Waits for the end that a call has asked for. The end may overtake the answer of the call, and says the same. */
  async endedBy(asked: Promise<unknown>): Promise<void> {
    await asked.catch((error: unknown) => {
      const hasEnded = isHoldfastError(error, 'HOLDFAST_ERR_THREAD_EXITED') && this.#failure === undefined;
      if (!hasEnded) throw error;
    });
    await this.ended;
  }

  /** The error that ended the thread, if there was one. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** What the thread has exited with; `undefined` while it runs. */
  get exitCode(): number | undefined {
    return this.#exitCode;
  }

  /**
   * Bytes that the thread keeps outside of its heap. It need not turn its event loop to say so: the answer comes from
   * between two instructions. `undefined` before Node.js 22.16, and when the thread has ended.
   */
  async externalBytes(): Promise<number | undefined> {
    try {
      return (await this.#worker.getHeapStatistics?.())?.external_memory;
    } catch {
      return undefined;
    }
  }

  /** Whether it was told to end and runs on: see {@link kill}. */
  get isLeftBehind(): boolean {
    return this.#isLeftBehind;
  }

  /**
   * Ends the thread at once. Never for a thread that holds the native addon. There are loops that V8 does not interrupt,
   * since it takes what they call for something that looks whether it should end (in 13.6, `String.prototype.endsWith`), and
   * calls of native code that take long: a thread in one is left behind. It counts as ended, and takes a processor until it is.
   */
  async kill(): Promise<void> {
    // Told to end again, it would keep the process alive.
    if (this.#isLeftBehind) return;
    const callOff = afterAwake(limits.threadEndMs, () => this.#leaveBehind(), limits.threadEndMs / 10);
    await Promise.race([this.#worker.terminate(), this.ended]).finally(callOff);
  }

  readonly #tellEnd = (reason: Error): void => {
    this.hasEnded = true;
    for (const listener of this.#followers) listener(reason);
    this.#followers.clear();
  };

  #leaveBehind(): void {
    this.#isLeftBehind = true;
    exitGuard.leaveBehind(this.#worker);
    this.#leave(
      holdfastError(
        'HOLDFAST_ERR_THREAD_EXITED',
        `The ${this.name} thread did not end within ${limits.threadEndMs} ms, and was left behind.`,
      ),
    );
  }

  #exited(code: number): Error {
    exitGuard.hasEnded(this.#worker);
    this.#isLeftBehind = false;
    this.#exitCode = code;
    const why = this.#failure === undefined ? `exit code ${code}` : this.#failure.message;
    return holdfastError(
      'HOLDFAST_ERR_THREAD_EXITED',
      `The ${this.name} thread ended: ${why}.`,
      undefined,
      this.#failure,
    );
  }

  /** Only hosts and tasks load modules of the application, which are not to blame for what the system lacks. */
  #startFailed(why: string, cause?: unknown): Error {
    const { code, syscall } = (isHoldfastError(cause) ? {} : (cause ?? {})) as NodeJS.ErrnoException;
    const isShortage = !/_NOT_FOUND$|_INVALID_URL$/.test(String(code));
    const advice =
      syscall === 'uv_cwd'
        ? 'whether the folder that the process works in was removed'
        : code === undefined && this.#hasModules
          ? 'whether a definition module ends or blocks the thread while it is imported'
          : `at its cause${isShortage ? ': threads, memory or file descriptors may be short' : ''}`;
    return holdfastError(
      'HOLDFAST_ERR_THREAD_START',
      `The ${this.name} thread could not be started: ${why}${code === undefined ? '' : ` (${code})`}. Look ${advice}. ` +
        'In a bundle, keep better-sqlite3 and holdfast external, or set `workerUrl`.',
      undefined,
      cause,
    );
  }
}
