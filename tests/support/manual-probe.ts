import type { ConnectivityProbe, ProbeResult } from 'holdfast';

/** A probe whose answers the test gives, one for each check. */
export class ManualProbe implements ConnectivityProbe {
  /** Signals of the checks so far. */
  readonly checks: AbortSignal[] = [];
  /** What every check finds at once; `undefined` has each wait for {@link answer}. */
  result: ProbeResult | Error | undefined;
  readonly #pending: { resolve: (result: ProbeResult) => void; reject: (error: Error) => void }[] = [];
  readonly #waiting = new Set<() => void>();

  constructor(result?: ProbeResult | Error) {
    this.result = result;
  }

  check(signal: AbortSignal): Promise<ProbeResult> {
    this.checks.push(signal);
    for (const wake of this.#waiting) wake();
    if (this.result instanceof Error) return Promise.reject(this.result);
    if (this.result !== undefined) return Promise.resolve(this.result);
    return new Promise((resolve, reject) => this.#pending.push({ resolve, reject }));
  }

  /** Answers the oldest check that waits. */
  answer(result: ProbeResult | Error): void {
    const pending = this.#pending.shift();
    if (pending === undefined) throw new Error('no check waits');
    if (result instanceof Error) pending.reject(result);
    else pending.resolve(result);
  }

  /** Resolves when so many checks have begun. */
  async begun(count: number): Promise<void> {
    while (this.checks.length < count) {
      await new Promise<void>((resolve) => {
        const wake = () => {
          this.#waiting.delete(wake);
          resolve();
        };
        this.#waiting.add(wake);
      });
    }
  }
}
