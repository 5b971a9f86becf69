import { CpuPool } from '../cpu/pool.ts';
import { typescriptExecArgv } from './typescript-modules.ts';

/** What the threads of a {@link definitionPool} load, and from where. */
export interface DefinitionPoolOptions {
  /** URLs of the modules that export the definitions. */
  readonly modules: readonly string[];
  /** Heap of a thread, in megabytes. */
  readonly memoryMb: number;
  readonly workerUrl: URL | string | undefined;
}

/**
 * A pool of threads that import definitions. The application's code never runs on the calling thread, where an endless
 * loop would be the end of everything: threads of the worker file stand in where there is no file for the pool.
 */
export function definitionPool(threads: number, options: DefinitionPoolOptions): CpuPool {
  const { modules, memoryMb, workerUrl } = options;
  const execArgv = typescriptExecArgv(modules);
  return new CpuPool(threads, {
    memoryMb,
    execArgv,
    standIn: async () => {
      const { TaskThreads } = await import('../threads/task-threads.ts');
      return new TaskThreads({ workerUrl, memoryMb, execArgv });
    },
  });
}
