import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** How a child program ended and what it said. */
export interface ChildEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** What it printed, line by line; the last line only if it was whole. */
  readonly lines: readonly string[];
  readonly stderr: string;
}

/** How to start a child program. */
export interface ChildOptions {
  /** Put before Node.js on the command line: strace and its options, setpriv and its. */
  readonly prefix?: readonly string[];
  readonly execArgv?: readonly string[];
  readonly node?: string;
  readonly cwd?: string;
  /** Milliseconds after which it is killed, so that no hang outlives its test. Default 30,000. */
  readonly limitMs?: number;
}

/** A program of `children/` in a process of its own. It is killed when the test ends, if it has not ended before. */
export class ChildProgram {
  readonly ended: Promise<ChildEnd>;
  readonly #process: ChildProcess;
  readonly #lines: string[] = [];
  readonly #waiting = new Set<() => void>();
  #rest = '';

  constructor(program: string, args: readonly string[], options: ChildOptions = {}) {
    const { prefix = [], execArgv = [], node = process.execPath, cwd, limitMs = 30_000 } = options;
    const path = program.startsWith('/') ? program : join(import.meta.dirname, 'children', program);
    const [command, ...rest] = [...prefix, node, ...execArgv, path, ...args] as [string, ...string[]];
    // A group of its own: a tracer and what it traces end together.
    this.#process = spawn(command, rest, { stdio: ['pipe', 'pipe', 'pipe'], detached: true, cwd });
    this.#process.stdout?.setEncoding('utf8').on('data', (text: string) => this.#read(text));
    this.#process.stdin?.on('error', () => undefined);
    let stderr = '';
    this.#process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    const limit = setTimeout(() => this.kill(), limitMs);
    this.ended = once(this.#process, 'close').then(([code, signal]) => {
      clearTimeout(limit);
      this.#wake();
      return { code, signal, lines: this.#lines, stderr };
    });
    // Here and not once for the module, which several files of tests share.
    try {
      onTestFinished(() => this.kill());
    } catch {
      // A hook has started it, and waits for its end.
    }
  }

  get lines(): readonly string[] {
    return this.#lines;
  }

  /** Resolves once so many lines were printed; rejects if the program ends before. */
  async printed(count: number): Promise<void> {
    while (this.#lines.length < count) {
      if (this.#hasEnded()) {
        const { code, signal, stderr } = await this.ended;
        throw new Error(`the child ended (${code}, ${signal}) after ${this.#lines.length} lines: ${stderr}`);
      }
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  write(text: string): void {
    this.#process.stdin?.write(text);
  }

  kill(signal: NodeJS.Signals = 'SIGKILL'): void {
    if (this.#hasEnded() || this.#process.pid === undefined) return;
    try {
      process.kill(-this.#process.pid, signal);
    } catch {
      // It has just ended by itself.
    }
  }

  #hasEnded(): boolean {
    return this.#process.exitCode !== null || this.#process.signalCode !== null;
  }

  #read(text: string): void {
    const parts = (this.#rest + text).split('\n');
    this.#rest = parts.pop() ?? '';
    this.#lines.push(...parts);
    this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}

/** Runs a program of `children/` to its end. */
export function runChild(
  program: string,
  args: readonly string[],
  options: ChildOptions = {},
): Promise<ChildEnd> {
  return new ChildProgram(program, args, options).ended;
}
