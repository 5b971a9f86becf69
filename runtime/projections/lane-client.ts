import { MessageChannel, type MessagePort } from 'node:worker_threads';
import type { CpuPool } from '../cpu/pool.ts';
import { PulseWatch } from '../cpu/pulse-watch.ts';
import { holdfastError } from '../errors/holdfast-error.ts';
import { fromWireError } from '../errors/wire-error.ts';
import { typescriptExecArgv } from '../hosts/typescript-modules.ts';
import type { LaneAnswer, LaneData } from '../protocol/lane.ts';
import type { LaneOutcome, LaneRequest, ProjectionSummary } from '../protocol/projection.ts';
import { Pulse } from '../protocol/pulse.ts';
import type { SqliteEventStoreBackend } from '../store/sqlite-backend.ts';
import { heapLimits } from '../threads/heap-limits.ts';
import type { TaskControl } from '../threads/task-thread.ts';
import { Thread } from '../threads/thread.ts';

/** What lanes are started with. */
export interface LaneOptions {
  readonly backend: SqliteEventStoreBackend;
  readonly modules: readonly string[];
  readonly memoryMb: number;
  /** How long one event may take before its thread is ended, in milliseconds. */
  readonly timeoutMs: number;
}

/** The thread of a lane has ended. */
export class LaneLost extends Error {
  /** The event whose handler was running just then; `undefined` for another request, and where none was running. */
  readonly position: number | undefined;
  /** Whether any handler has run on it. */
  readonly hasRun: boolean;

  constructor(message: string, hasRun = false, position?: number, cause?: Error) {
    super(message, { cause });
    this.hasRun = hasRun;
    this.position = position;
  }
}

/** What a lane could not be started for, or any other error, for whoever waits for a projection. */
export function codedTrouble(error: unknown): unknown {
  if (!(error instanceof LaneLost)) return error;
  return holdfastError('HOLDFAST_ERR_THREAD_START', error.message, undefined, error.cause);
}

interface Pending {
  readonly after: number;
  readonly resolve: (outcome: LaneOutcome) => void;
  readonly reject: (error: Error) => void;
}

/** A thread that a lane runs on, whichever it is. */
interface Runner {
  readonly ended: Promise<Error>;
  kill(): void;
}

/** This side of a lane: a thread that runs handlers of projections. */
export class LaneClient {
  /** What its modules export. */
  readonly loaded: Promise<readonly ProjectionSummary[]>;
  readonly #port: MessagePort;
  readonly #pulse = new Pulse();
  readonly #timeoutMs: number;
  readonly #pending = new Map<number, Pending>();
  /** Nothing where no thread could be started. */
  readonly #runner: Promise<Runner | undefined>;
  #watch: PulseWatch | undefined;
  #hungFor: string | undefined;
  #lost: Error | undefined;
  #lastId = 0;
  #forgetReader: () => void = () => undefined;

  /** On a thread of its own, or as a task of a pool. On trial, answers come when what handlers began has ended. */
  constructor(options: LaneOptions, { pool, isTrial = false }: { pool?: CpuPool; isTrial?: boolean } = {}) {
    const { port1, port2 } = new MessageChannel();
    const reads = new MessageChannel();
    this.#port = port1;
    this.#timeoutMs = options.timeoutMs;
    const loaded = Promise.withResolvers<readonly ProjectionSummary[]>();
    this.loaded = loaded.promise;
    port1.on('message', (answer: LaneAnswer) => {
      if ('loaded' in answer) return loaded.resolve(answer.loaded);
      if ('failed' in answer) return loaded.reject(fromWireError(answer.failed));
      const pending = this.#take(answer.id);
      if ('error' in answer) pending?.reject(fromWireError(answer.error));
      else pending?.resolve(answer.result);
    });
    port1.unref();
    const runner = this.#start(options, port2, reads, isTrial, pool);
    this.#runner = runner.catch(() => undefined);
    this.#watchOver();
    const lose = (error: Error): void => {
      this.#forgetReader();
      // Where it was never handed over, the reader would keep the other end.
      reads.port2.close();
      loaded.reject(this.#lose(error));
    };
    void this.loaded.catch(() => undefined).then(() => this.#unwatchIfIdle());
    runner.then(({ ended }) => ended).then(lose, lose);
  }

  /** What a range of events does. Rejects with {@link LaneLost} if the thread ends. */
  compute(request: LaneRequest): Promise<LaneOutcome> {
    if (this.#lost !== undefined) return Promise.reject(this.#lost);
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { after: request.after, resolve, reject });
      this.#watchOver();
      this.#port.postMessage({ id, request });
    });
  }

  get isLost(): boolean {
    return this.#lost !== undefined;
  }

  /** Ends the thread. Handlers are pure: what is under way can be computed again. */
  async close(): Promise<void> {
    this.#lose(new Error('closed'));
    const runner = await this.#runner;
    runner?.kill();
    await runner?.ended;
  }

  async #start(
    options: LaneOptions,
    requests: MessagePort,
    reads: MessageChannel,
    isTrial: boolean,
    pool: CpuPool | undefined,
  ): Promise<Runner> {
    const { backend, modules, memoryMb } = options;
    const reader = await backend.reader();
    await reader.connectHost(reads.port1);
    this.#forgetReader = reader.thread.onEnded(this.#disconnected);
    const data: LaneData = { modules, isTrial, requests, reads: reads.port2, pulse: this.#pulse.cells };
    const transfer = [requests, reads.port2];
    return pool === undefined
      ? startThread(options.backend.workerUrl, data, memoryMb, transfer)
      : startTask(pool, data, transfer);
  }

  #take(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    this.#unwatchIfIdle();
    return pending;
  }

  /** Nobody answers what it reads any more, and it is not told so. No handler is to blame. */
  readonly #disconnected = (reason: Error): void => {
    this.#lose(reason, true);
    void this.#runner.then((runner) => runner?.kill());
  };

  #lose(error: Error, isInnocent = false): Error {
    if (this.#lost !== undefined) return this.#lost;
    this.#watch?.stop();
    const { phase, index, version } = this.#pulse.read();
    const why =
      this.#hungFor === undefined ? error.message : `it did not come to an end within ${this.#hungFor}`;
    const hasRun = index > 0 && !isInnocent;
    const message = `The thread of the projections was ended: ${why}.`;
    this.#lost = new LaneLost(message, hasRun, undefined, error);
    for (const [id, { after, reject }] of this.#pending) {
      const isCulprit = hasRun && phase === 'computing' && id === index && version > 0;
      reject(
        isCulprit
          ? new LaneLost(`Its handler ended the thread: ${why}.`, hasRun, after + version)
          : this.#lost,
      );
    }
    this.#pending.clear();
    this.#port.close();
    return this.#lost;
  }

  /** While something is under way: an idle lane costs no timer. */
  #watchOver(): void {
    this.#watch ??= new PulseWatch({
      limitMs: this.#timeoutMs,
      pulse: this.#pulse,
      onHung: () => {
        this.#hungFor = this.#watch?.hungFor;
        void this.#runner.then((runner) => runner?.kill());
      },
    });
  }

  #unwatchIfIdle(): void {
    if (this.#pending.size > 0) return;
    this.#watch?.stop();
    this.#watch = undefined;
  }
}

async function startThread(
  workerUrl: URL | string | undefined,
  data: LaneData,
  memoryMb: number,
  transfer: readonly MessagePort[],
): Promise<Runner> {
  const thread = new Thread<TaskControl>({
    role: 'cpu',
    name: 'projections',
    workerUrl,
    data: undefined,
    resourceLimits: heapLimits(memoryMb),
    execArgv: typescriptExecArgv(data.modules),
  });
  void thread.ended.then(() => thread.control.close());
  try {
    await thread.started();
    await thread.control.call('run', ['startLane', data], { transfer });
  } catch (error) {
    // Nobody else knows of it: a lane that was closed meanwhile has no port any more to hand over.
    await thread.kill();
    await thread.ended;
    throw error;
  }
  return { ended: thread.ended, kill: () => void thread.kill() };
}

function startTask(pool: CpuPool, data: LaneData, transfer: readonly MessagePort[]): Runner {
  const end = new AbortController();
  const ended = pool.run('runLane', data, { signal: end.signal, transfer }).then(
    () => new Error('it was closed'),
    (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
  );
  return { ended, kill: () => end.abort() };
}
