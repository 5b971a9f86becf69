import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, expect } from 'vitest';

/** How a run of a program ended, and what it wrote. */
export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/**
 * Runs a program again and again in one process, one run after the other, each from its first statement: starting a process
 * takes longer than most runs. At the end of the file the process must end by itself, as it does unless a run has left
 * something open. For the top of a test file; signals, deaths and what is written at the very end need processes of their own.
 */
export function programAgain(program: string, env: NodeJS.ProcessEnv = process.env) {
  let started: Started | undefined;
  let last: Promise<unknown> = Promise.resolve();

  const runNext = async (args: readonly string[]): Promise<Ran> => {
    started ??= start(program, env);
    started.child.stdin.write(`${JSON.stringify(args)}\n`);
    const { value } = await started.answers.next();
    if (value === undefined) throw new Error(`the process ended while it ran ${JSON.stringify(args)}`);
    return JSON.parse(value) as Ran;
  };

  afterAll(async () => {
    if (started === undefined) return;
    const { child, ended } = started;
    const limit = setTimeout(() => child.kill('SIGKILL'), 10_000);
    child.stdin.end();
    const [code] = await ended;
    clearTimeout(limit);
    expect(code, 'the process ends by itself').toBe(0);
  });

  return (...args: readonly string[]): Promise<Ran> => {
    const ran = last.then(() => runNext(args));
    last = ran.catch(() => undefined);
    return ran;
  };
}

type Started = ReturnType<typeof start>;

function start(program: string, env: NodeJS.ProcessEnv) {
  const path = join(import.meta.dirname, 'children/run-again.ts');
  const child = spawn(process.execPath, [path, program], { env, stdio: ['pipe', 'pipe', 'inherit'] });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return { child, answers, ended: once(child, 'close') };
}
