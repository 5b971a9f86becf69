import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { holdfastError } from '../../errors/holdfast-error.ts';
import { fromWireError } from '../../errors/wire-error.ts';
import { flagsOf, typescriptExecArgv } from '../../hosts/typescript-modules.ts';
import { programUnderTest } from '../sut-program.ts';
import type { ChildAnswer, ChildCalls, ChildOptions, ChildRequest } from './child-protocol.ts';

/** Flags of this process that its child needs to load the same modules. */
const inherited =
  /^--(import|require|conditions|experimental-[a-z-]+|disable-warning|enable-source-maps)(=|$)/;
const stderrMax = 4_000;

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

/** A process of its own for a runtime under test, which is asked over its IPC channel. */
export class ChildLink {
  readonly #process: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  readonly #ended: Promise<unknown>;
  #asked = 0;
  #stderr = '';

  private constructor(modules: readonly string[]) {
    this.#process = fork(programUnderTest.process, [], {
      execArgv: [...(typescriptExecArgv(modules) ?? flagsOf(process.execArgv, inherited))],
      // A group of its own: what ends a whole test run (Ctrl-C) leaves it the time to take its folder away.
      detached: true,
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-stderrMax);
    });
    this.#process.on('message', (answer: ChildAnswer) => this.#answered(answer));
    this.#process.on('error', () => undefined);
    this.#ended = once(this.#process, 'close').then(([code, signal]) => this.#close(code, signal));
  }

  /** Starts a process and opens the runtime in it. */
  static async open(options: ChildOptions): Promise<ChildLink> {
    const link = new ChildLink(options.modules);
    try {
      await link.call('open', options);
      return link;
    } catch (error) {
      await link.kill();
      throw error;
    }
  }

  /**
   * Calls the process.
   *
   * @throws HOLDFAST_ERR_THREAD_EXITED if it ends meanwhile, and what the call fails with.
   */
  call<Call extends keyof ChildCalls>(
    call: Call,
    ...args: Parameters<ChildCalls[Call]>
  ): ReturnType<ChildCalls[Call]> {
    const id = ++this.#asked;
    const answer = new Promise<unknown>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      const request: ChildRequest = { id, call, args };
      if (!this.#process.connected) return this.#reject(id, this.#goneBecause('it had ended before'));
      this.#process.send(request, (error) => {
        if (error !== null) this.#reject(id, this.#goneBecause(error.message));
      });
    });
    return answer as ReturnType<ChildCalls[Call]>;
  }

  /** Ends the process at once, as `kill -9` does, and resolves when it is gone. */
  async kill(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.#ended;
  }

  #answered({ id, result, failed }: ChildAnswer): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (failed === undefined) waiting?.resolve(result);
    else waiting?.reject(fromWireError(failed));
  }

  #reject(id: number, error: Error): void {
    this.#waiting.get(id)?.reject(error);
    this.#waiting.delete(id);
  }

  #close(code: unknown, signal: unknown): void {
    const why = this.#goneBecause(`exit code ${String(code)}, signal ${String(signal)}`);
    for (const id of [...this.#waiting.keys()]) this.#reject(id, why);
  }

  #goneBecause(why: string): Error {
    const said = this.#stderr.trim() === '' ? '' : ` It said: ${this.#stderr.trim()}`;
    return holdfastError(
      'HOLDFAST_ERR_THREAD_EXITED',
      `The process of the runtime under test ended: ${why}.${said}`,
    );
  }
}
