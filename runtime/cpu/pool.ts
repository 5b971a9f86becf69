// The only importer of piscina, and only once there is work for it.
import type { Piscina } from 'piscina';
import type * as tasks from './tasks.ts';

type Tasks = typeof tasks;

/** Threads for work that is only computing. They load no addon and start when first needed. */
export class CpuPool {
  readonly #threads: number;
  #pool: Promise<Piscina> | undefined;

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
    return pool.run(input, signal === undefined ? { name } : { name, signal });
  }

  async close(): Promise<void> {
    const pool = await this.#pool;
    await pool?.destroy();
  }

  async #start(): Promise<Piscina> {
    const { Piscina } = await import('piscina');
    return new Piscina({
      filename: new URL('./tasks.js', import.meta.url).href,
      minThreads: 0,
      maxThreads: this.#threads,
      idleTimeout: 5_000,
    });
  }
}
