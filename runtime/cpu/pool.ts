// The only importer of piscina, and only once there is work for it.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Piscina } from 'piscina';
import type * as tasks from './tasks.ts';

type Tasks = typeof tasks;
type Task = (input: unknown) => never;

/**
 * Threads for work that is only computing. They load no addon and start when first needed. An application that was
 * bundled into one file has no file to start them from: there the work is done on the calling thread, piece by piece.
 */
export class CpuPool {
  readonly #threads: number;
  #pool: Promise<Piscina | undefined> | undefined;

  /** At most `threads` threads; they end after five idle seconds. */
  constructor(threads: number) {
    this.#threads = threads;
  }

  async run<Name extends keyof Tasks>(
    name: Name,
    input: Parameters<Tasks[Name]>[0],
    signal?: AbortSignal,
  ): Promise<ReturnType<Tasks[Name]>> {
    this.#pool ??= this.#start();
    const pool = await this.#pool;
    if (pool !== undefined) return pool.run(input, signal === undefined ? { name } : { name, signal });
    signal?.throwIfAborted();
    const task = (await import('./tasks.ts'))[name] as Task;
    return task(input);
  }

  async close(): Promise<void> {
    const pool = await this.#pool;
    await pool?.close();
  }

  async #start(): Promise<Piscina | undefined> {
    // Holds from here and from the chunks of the doors, which the build puts into a folder beside this one.
    const file = new URL('../cpu/tasks.js', import.meta.url);
    if (!existsSync(fileURLToPath(file))) return undefined;
    const { Piscina } = await import('piscina');
    return new Piscina({
      filename: file.href,
      minThreads: 0,
      maxThreads: this.#threads,
      idleTimeout: 5_000,
    });
  }
}
