import type { TaskOptions, TaskRunner } from '../cpu/pool.ts';
import { heapLimits } from './heap-limits.ts';
import type { TaskControl } from './task-thread.ts';
import { Thread } from './thread.ts';

/** What the threads are started with. */
export interface TaskThreadsOptions {
  readonly workerUrl: URL | string | undefined;
  readonly memoryMb: number;
  readonly execArgv: readonly string[] | undefined;
}

/**
 * Stands in for the CPU pool in an application that was bundled: threads of the same worker file as the others, which
 * run one task at a time. They load no addon and may be ended at any moment.
 */
export class TaskThreads implements TaskRunner {
  readonly #options: TaskThreadsOptions;
  readonly #all = new Set<Thread<TaskControl>>();
  readonly #idle: Thread<TaskControl>[] = [];
  #lastNumber = 0;

  constructor(options: TaskThreadsOptions) {
    this.#options = options;
  }

  async run(name: string, input: unknown, options: TaskOptions): Promise<unknown> {
    const { signal, transfer = [] } = options;
    signal?.throwIfAborted();
    const thread = this.#idle.pop() ?? this.#start();
    // What a task has left behind, such as a timer that throws, may have ended its thread since.
    if (thread.hasEnded) return this.#end(thread).then(() => this.run(name, input, options));
    const end = (): void => void thread.kill();
    signal?.addEventListener('abort', end, { once: true });
    try {
      await thread.started();
      const limits = { timeoutMs: Number.POSITIVE_INFINITY, transfer };
      const result = await thread.control.call('run', [name, input], limits);
      this.#idle.push(thread);
      return result;
    } catch (error) {
      // Whatever went wrong, the next task gets a thread that nothing went wrong on.
      await this.#end(thread);
      throw signal?.aborted ? signal.reason : error;
    } finally {
      signal?.removeEventListener('abort', end);
    }
  }

  async destroy(): Promise<void> {
    await Promise.all([...this.#all].map((thread) => this.#end(thread)));
  }

  close(): Promise<void> {
    return this.destroy();
  }

  #start(): Thread<TaskControl> {
    const { workerUrl, memoryMb, execArgv } = this.#options;
    const thread = new Thread<TaskControl>({
      role: 'cpu',
      name: `cpu ${++this.#lastNumber}`,
      workerUrl,
      data: undefined,
      resourceLimits: heapLimits(memoryMb),
      execArgv,
    });
    this.#all.add(thread);
    return thread;
  }

  async #end(thread: Thread<TaskControl>): Promise<void> {
    if (!this.#all.delete(thread)) return;
    await thread.kill();
    await thread.ended;
    thread.control.close();
  }
}
