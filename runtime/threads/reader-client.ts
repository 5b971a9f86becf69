import { rm } from 'node:fs/promises';
import type { MessagePort } from 'node:worker_threads';
import { holdfastError } from '../errors/holdfast-error.ts';
import type { LongWorkOptions } from '../ports/event-store-backend.ts';
import type {
  BackupProgress,
  QueryValues,
  ReaderControl,
  ReaderRequests,
  ReaderThreadData,
  StopFlag,
} from '../protocol/reader-control.ts';
import { within } from '../waiting/within.ts';
import { type ExitGuarded, exitGuard } from './exit-guard.ts';
import { RequestClient } from './request-port.ts';
import { Thread } from './thread.ts';
import { threading } from './threading.ts';

/** What was asked before a close is answered for so long. Then queries are stopped. */
const answeredMs = 1_000;
/** A thread that has not stopped after so long is left to itself: it holds the native addon, and must not be ended. */
const leftAfterMs = 4_000;

/** The main thread's side of the reader thread. */
export class ReaderClient {
  readonly thread: Thread<ReaderControl>;
  readonly #requests: RequestClient<ReaderRequests>;
  readonly #halt: MessagePort;
  readonly #cancels = new Set<(reason: unknown) => void>();
  readonly #guarded: ExitGuarded;
  readonly #stop: StopFlag = newStopFlag();

  private constructor(path: string, workerUrl: URL | string | undefined) {
    const requests = threading().createChannel();
    const halt = threading().createChannel();
    const closed = new Int32Array(new SharedArrayBuffer(4));
    const data: ReaderThreadData = {
      path,
      requests: requests.port2,
      halt: halt.port2,
      closed,
      stop: this.#stop,
    };
    const transfer = [requests.port2, halt.port2];
    this.thread = new Thread<ReaderControl>({ role: 'reader', name: 'reader', workerUrl, data, transfer });
    this.#requests = new RequestClient<ReaderRequests>(requests.port1);
    this.#halt = halt.port1;
    this.#halt.unref();
    this.#guarded = { closed, halt: () => this.#halt.postMessage('halt') };
    exitGuard.add(this.#guarded);
    this.thread.onEnded((reason) => {
      exitGuard.remove(this.#guarded);
      this.#requests.pending.fail(reason);
    });
  }

  static async start(path: string, workerUrl: URL | string | undefined): Promise<ReaderClient> {
    const client = new ReaderClient(path, workerUrl);
    try {
      await client.thread.started();
    } catch (error) {
      // It holds no database, and an exit must not wait for it.
      exitGuard.remove(client.#guarded);
      throw error;
    }
    return client;
  }

  async request<Method extends keyof ReaderRequests>(
    method: Method,
    ...args: Parameters<ReaderRequests[Method]>
  ): Promise<ReturnType<ReaderRequests[Method]>> {
    this.thread.hold();
    try {
      return await this.#requests.request(method, ...args);
    } finally {
      this.thread.release();
    }
  }

  /** Runs a query on what is served of a projection. On abort it ends between two rows, or does not begin. */
  async query(
    name: string,
    generation: number,
    sql: string,
    values: QueryValues,
    signal: AbortSignal | undefined,
  ): Promise<Record<string, unknown>[] | 'moved'> {
    if (signal === undefined) return this.request('queryServed', name, generation, sql, values, null);
    const stop = newStopFlag();
    const onAbort = (): void => void Atomics.store(stop, 0, 1);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      return await this.request('queryServed', name, generation, sql, values, stop);
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** Lets a host thread read over a port of its own. */
  async connectHost(port: MessagePort): Promise<void> {
    await this.thread.control.call('connectHost', [port], { transfer: [port], timeoutMs: Infinity });
  }

  async backup(target: string, options: LongWorkOptions): Promise<void> {
    const { signal, onProgress } = options;
    signal?.throwIfAborted();
    const { port1, port2 } = threading().createChannel();
    let failure: { readonly reason: unknown } | undefined;
    let isComplete = false;
    let progress = { done: 0, total: 0 };
    const cancel = (reason: unknown): void => {
      failure ??= { reason };
      port1.postMessage('cancel');
    };
    const onAbort = (): void => cancel(signal?.reason);
    port1.on('message', ({ copied, total }: BackupProgress) => {
      try {
        progress = { done: copied, total };
        onProgress?.(progress);
      } catch (error) {
        cancel(error);
      }
    });
    port1.unref();
    signal?.addEventListener('abort', onAbort, { once: true });
    this.#cancels.add(cancel);
    try {
      await this.thread.control.call('backup', [target, port2], {
        timeoutMs: Number.POSITIVE_INFINITY,
        transfer: [port2],
      });
      isComplete = true;
      // SQLite tells before each step, and not after the last one.
      const { total } = progress;
      if (progress.done < total) onProgress?.({ done: total, total });
    } catch (error) {
      failure ??= { reason: error };
    } finally {
      this.#cancels.delete(cancel);
      signal?.removeEventListener('abort', onAbort);
      port1.close();
    }
    if (failure === undefined) return;
    // It may have been complete before it could be cancelled; what failed leaves no file all the same.
    if (isComplete) await rm(target, { force: true });
    throw failure.reason;
  }

  /**
   * Ends work under way, answers what was asked before, and closes the connection. Resolves after a while also if SQLite
   * is in the middle of a statement.
   */
  async close(): Promise<void> {
    const closed = holdfastError(
      'HOLDFAST_ERR_CLOSED',
      'The store was closed meanwhile. Open it again to go on.',
    );
    for (const cancel of this.#cancels) cancel(closed);
    this.thread.hold();
    try {
      // The end of a thread may overtake its answers: what was asked before is answered first.
      const { pending } = this.#requests;
      let isAnswered = await within(pending.settled(), answeredMs);
      if (!isAnswered) {
        Atomics.store(this.#stop, 0, 1);
        isAnswered = await within(pending.settled(), leftAfterMs);
      }
      pending.fail(closed);
      if (!isAnswered) return this.#guarded.halt();
      await this.thread.endedBy(this.thread.control.call('close', []));
    } finally {
      this.#requests.close();
      this.#halt.close();
      this.thread.control.close();
      this.thread.release();
    }
  }
}

function newStopFlag(): StopFlag {
  return new Int32Array(new SharedArrayBuffer(4));
}
