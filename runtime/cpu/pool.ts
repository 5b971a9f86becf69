// The only importer of piscina, and only once there is work for it.
import { existsSync } from 'node:fs';
import type { Transferable } from 'node:worker_threads';
import type { Piscina } from 'piscina';
import { holdfastError } from '../errors/holdfast-error.ts';
import { invariant } from '../errors/invariant.ts';
import { loadPart } from '../errors/load-part.ts';
import { heapLimits } from '../threads/heap-limits.ts';
import { TaskSignal } from './task-signal.ts';
import type * as tasks from './tasks.ts';
import { leaveThreadsThatStay } from './threads-that-stay.ts';

type Tasks = typeof tasks;

/** Options of a pool. */
export interface CpuPoolOptions {
  /** Heap of a thread, in megabytes. Default: as much as Node.js gives it. */
  readonly memoryMb?: number;
  /** Flags of Node.js for the threads. Default: those of the process. */
  readonly execArgv?: readonly string[] | undefined;
  /** Serves in place of the pool where there is no file to start its threads from. Default: this thread checks seals. */
  readonly standIn?: () => Promise<TaskRunner>;
}

/** How one task is run. */
export interface TaskOptions {
  /** Gives up the task, and ends the thread that it runs on. */
  readonly signal?: AbortSignal;
  /** What in the input moves to the thread. */
  readonly transfer?: readonly Transferable[];
}

/** Something that runs tasks by name. */
export interface TaskRunner {
  run(name: string, input: unknown, options: TaskOptions): Promise<unknown>;
  /** Ends the threads, whatever they do. */
  destroy(): Promise<void>;
  /** Ends the threads when they are done. */
  close(): Promise<void>;
}

/**
 * Threads for work that is only computing. They load no addon and start when first needed. An application that was
 * bundled into one file has no file to start them from: there seals are checked on the calling thread, piece by piece, and
 * threads of the worker file stand in for all else.
 */
export class CpuPool {
  readonly #threads: number;
  readonly #options: CpuPoolOptions;
  #runner: Promise<TaskRunner> | undefined;

  /** At most `threads` threads; they end after five idle seconds. */
  constructor(threads: number, options: CpuPoolOptions = {}) {
    this.#threads = threads;
    this.#options = options;
  }

  async run<Name extends keyof Tasks>(
    name: Name,
    input: Parameters<Tasks[Name]>[0],
    options: TaskOptions = {},
  ): Promise<Awaited<ReturnType<Tasks[Name]>>> {
    this.#runner ??= this.#start().catch((error: unknown) => {
      // The next task tries again.
      this.#runner = undefined;
      throw error;
    });
    return (await this.#runner).run(name, input, options) as Promise<Awaited<ReturnType<Tasks[Name]>>>;
  }

  async close(): Promise<void> {
    await (await this.#runner)?.close();
  }

  async destroy(): Promise<void> {
    await (await this.#runner)?.destroy();
  }

  async #start(): Promise<TaskRunner> {
    // Holds from here and from the chunks of the doors, which the build puts into a folder beside this one.
    // A bundle of CommonJS has no URL: there it is `null`.
    const file = URL.parse('../cpu/tasks.js', import.meta.url);
    const { memoryMb, execArgv, standIn } = this.#options;
    if (file === null || !existsSync(file)) return (standIn && (await loadPart(standIn()))) ?? callingThread;
    const { ArrayTaskQueue, Piscina } = await importPiscina();
    const taskQueue = new ArrayTaskQueue();
    // That of piscina insists that the task is there, and tasks with a signal wait elsewhere.
    taskQueue.remove = () => undefined;
    const pool: Piscina = new Piscina({
      filename: file.href,
      minThreads: 0,
      maxThreads: this.#threads,
      idleTimeout: 5_000,
      taskQueue,
      // A module of definitions that opens a runtime notices by this where it is.
      workerData: { holdfast: 'pool' },
      ...(memoryMb === undefined ? {} : { resourceLimits: heapLimits(memoryMb) }),
      ...(execArgv === undefined ? {} : { execArgv: [...execArgv] }),
    });
    leaveThreadsThatStay(pool);
    // A thread that cannot begin tells nobody who waits for it, and without a listener the process would end.
    const waiting = new Set<(reason: Error) => void>();
    pool.on('error', (error) => {
      for (const reject of waiting) reject(notStarted(error));
    });
    let hasOrphan = false;
    return {
      run(name, input, { signal, transfer = [] }) {
        const options = { name, transferList: [...transfer] as never };
        const stop = signal === undefined ? undefined : new TaskSignal(signal);
        try {
          const task = pool.run(input, stop === undefined ? options : { ...options, signal: stop });
          return new Promise((resolve, reject) => {
            waiting.add(reject);
            task.then(resolve, reject).finally(() => waiting.delete(reject));
          });
        } catch (error) {
          // No thread could be made. The task would wait all the same, with a promise that nobody has; one with a signal does.
          if (stop === undefined) taskQueue.tasks.pop();
          else hasOrphan = true;
          stop?.withdraw();
          throw notStarted(error);
        }
      },
      close: () => pool.close(),
      // To end such a task as well would be a rejection that nobody hears, and the end of the process.
      destroy: () => (hasOrphan ? endThreads(pool) : pool.destroy()),
    };
  }
}

async function endThreads({ threads }: Piscina): Promise<void> {
  await Promise.allSettled(threads.map((thread) => thread.terminate()));
}

function notStarted(cause: unknown): Error {
  return holdfastError(
    'HOLDFAST_ERR_THREAD_START',
    `A CPU thread could not be started: ${(cause as Error).message}. Threads, memory or file descriptors may be short.`,
    undefined,
    cause,
  );
}

/**
 * By a name that bundlers do not follow: where there is one file only, there is none for the threads of piscina, others
 * stand in for them, and 10 KB of it would be carried along for nothing.
 */
async function importPiscina(): Promise<typeof import('piscina')> {
  const name = 'piscina';
  return await loadPart(import(/* @vite-ignore */ /* webpackIgnore: true */ name));
}

const callingThread: TaskRunner = {
  async run(name, input, { signal }) {
    signal?.throwIfAborted();
    invariant(name === 'checkSeals', `nothing stands in for the pool to run ${name}`);
    return (await loadPart(import('./check-seals.ts'))).checkSeals(input as never);
  },
  close: async () => undefined,
  destroy: async () => undefined,
};
