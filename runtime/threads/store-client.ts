import type { MessagePort } from 'node:worker_threads';
import type { AppendReceipt, AppendRequest } from '../protocol/append.ts';
import { createRunId } from '../protocol/event-id.ts';
import { loadCrypto } from '../protocol/sha256.ts';
import type { DeliverySignal, HeadMoved, StoreControl, StoreThreadData } from '../protocol/store-control.ts';
import { afterAwake } from '../waiting/awake-timer.ts';
import { AppendClient } from './append-client.ts';
import { type ExitGuarded, exitGuard } from './exit-guard.ts';
import { Thread } from './thread.ts';
import { threading } from './threading.ts';

const startTimeoutMs = 30_000;

/** Options of the store thread. */
export interface StoreClientOptions {
  readonly path: string;
  /** See `open-files.ts`. */
  readonly isOpenHere?: boolean | undefined;
  readonly lockTimeoutMs: number;
  readonly workerUrl: URL | string | undefined;
}

/** The main thread's side of the store thread. */
export class StoreClient {
  readonly thread: Thread<StoreControl>;
  readonly #appends: AppendClient;
  /** Identifies this run, for whoever runs work in its name. */
  readonly run = createRunId();
  readonly #heads: MessagePort;
  readonly #signals: MessagePort;
  readonly #guarded: ExitGuarded;
  readonly #hurried: Int32Array<SharedArrayBuffer>;
  readonly #listeners = new Set<(moved: HeadMoved) => void>();

  private constructor(options: StoreClientOptions) {
    const appends = threading().createChannel();
    const heads = threading().createChannel();
    const signals = threading().createChannel();
    const closed = new Int32Array(new SharedArrayBuffer(4));
    this.#hurried = new Int32Array(new SharedArrayBuffer(8));
    const data: StoreThreadData = {
      path: options.path,
      isOpenHere: options.isOpenHere,
      lockTimeoutMs: options.lockTimeoutMs,
      appends: appends.port2,
      heads: heads.port2,
      signals: signals.port2,
      run: this.run,
      closed,
      hurried: this.#hurried,
    };
    this.thread = new Thread<StoreControl>({
      role: 'store',
      name: 'store',
      workerUrl: options.workerUrl,
      data,
      transfer: [appends.port2, heads.port2, signals.port2],
    });
    this.#appends = new AppendClient(appends.port1);
    this.#heads = heads.port1;
    this.#heads.on('message', (moved: HeadMoved) => {
      for (const listener of this.#listeners) listener(moved);
    });
    this.#heads.unref();
    this.#signals = signals.port1;
    this.#signals.unref();
    const halt = () => {
      this.#hurry();
      this.#heads.postMessage('halt');
    };
    this.#guarded = { closed, halt };
    exitGuard.add(this.#guarded);
    this.thread.onEnded((reason) => {
      exitGuard.remove(this.#guarded);
      this.#appends.fail(reason);
    });
  }

  /** Starts the thread and opens the database; rejects with the coded error of the database if it cannot be opened. */
  static async start(options: StoreClientOptions): Promise<StoreClient> {
    const client = new StoreClient(options);
    // The thread takes longer to start than this; the first append needs it.
    loadCrypto();
    try {
      // It may have to wait for the lock of another process, and then says so itself.
      await client.#started(Math.min(options.lockTimeoutMs + startTimeoutMs, 2 ** 31 - 1));
    } catch (error) {
      // It holds no database, and an exit must not wait for it.
      exitGuard.remove(client.#guarded);
      throw error;
    }
    return client;
  }

  /** A large file on a slow disk takes minutes to be brought up to date, and who gave it up would begin anew each time. */
  #started(timeoutMs: number): Promise<unknown> {
    return this.thread.started(timeoutMs).catch((error: unknown) => {
      if (this.thread.hasEnded || !this.#hurried[1]) throw error;
      return this.#started(timeoutMs);
    });
  }

  append(request: AppendRequest): Promise<AppendReceipt> {
    this.thread.hold();
    return new Promise((resolve, reject) => {
      this.#appends.append(request, (outcome) => {
        this.thread.release();
        if (outcome instanceof Error) reject(outcome);
        else resolve(outcome);
      });
    });
  }

  /** Calls the listener with every new position. Returns how to stop, and the position to start from. */
  async watch(listener: (moved: HeadMoved) => void): Promise<{ position: number; stop: () => void }> {
    this.#listeners.add(listener);
    const stop = () => {
      if (!this.#listeners.delete(listener) || this.#listeners.size > 0) return;
      // A store that is closing has stopped already.
      this.thread.control.call('watch', [false]).catch(() => undefined);
    };
    try {
      // It may wait long for the lock of another process, and who is not answered would watch all the same.
      const position = await this.thread.control.call('watch', [true], { timeoutMs: Infinity });
      return { position, stop };
    } catch (error) {
      stop();
      throw error;
    }
  }

  /** Begins the run of a runtime. The listener is told whenever something waits to be delivered to an actor. */
  async beginRun(listener: (signal: DeliverySignal) => void): Promise<void> {
    this.#signals.on('message', listener);
    this.#signals.unref();
    await this.thread.control.call('beginRun', [], { timeoutMs: Infinity });
  }

  /**
   * From then on the thread waits no longer for the lock of another process: what has to be written is tried once. It is to
   * be closed, and would wait with each write.
   */
  hurryAfter(ms: number): void {
    this.thread.onEnded(afterAwake(ms, () => this.#hurry()));
  }

  #hurry(): void {
    Atomics.store(this.#hurried, 0, 1);
  }

  async close(): Promise<void> {
    this.thread.hold();
    try {
      // The end of a thread may overtake its answers: what was appended before is answered first.
      await this.#appends.pending.settled();
      await this.thread.endedBy(this.thread.control.call('close', []));
    } finally {
      this.#appends.close();
      this.#heads.close();
      this.#signals.close();
      this.thread.control.close();
      this.thread.release();
    }
  }
}
