import type { MessagePort } from 'node:worker_threads';
import * as tasks from '../cpu/tasks.ts';
import { invariant } from '../errors/invariant.ts';
import { serveControl } from './control-channel.ts';

/** The control plane of a thread that stands in for one of the CPU pool. */
export interface TaskControl {
  run(name: string, input: unknown): unknown;
}

/** Runs the tasks of the CPU pool, where there is no file that the pool could start its threads from. */
export function serveTasks(control: MessagePort): void {
  serveControl<TaskControl>(control, {
    run(name, input) {
      const task = (tasks as Record<string, (input: never) => unknown>)[name];
      invariant(task !== undefined, `there is no task "${name}"`);
      return task(input as never);
    },
  });
}
