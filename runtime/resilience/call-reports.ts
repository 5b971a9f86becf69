import type { CallRun, TripRule } from '../../machines/circuit-breaker.machine.ts';

interface OpenRun {
  outcome: CallRun['outcome'];
  count: number;
  at: number;
}

/** Runs that are kept until a failure makes them worth telling; of what is older no rule sees anything. */
const runsMax = 10_000;

/**
 * Counts how calls ended since the circuit was last told. As long as they succeed it is told nothing: successes ride along
 * with the next failure. For a rule that looks at times, a run is of one slice of time.
 */
class CallTally {
  readonly #sliceMs: number;
  #runs: OpenRun[] = [];
  #last: OpenRun = { outcome: 'failed', count: 0, at: 0 };

  /** `sliceMs` is infinite for a rule that does not look at times. */
  constructor(sliceMs: number) {
    this.#sliceMs = sliceMs;
  }

  /** A call succeeded: what a closed circuit costs, so nothing more than it must. */
  succeeded(): void {
    const last = this.#last;
    if (last.outcome === 'ok' && this.#sliceMs === Number.POSITIVE_INFINITY) last.count++;
    else this.#count('ok');
  }

  failed(): void {
    this.#count('failed');
  }

  /** What has been counted, which is then forgotten. */
  take(): CallRun[] {
    const runs = this.#runs;
    this.#runs = [];
    this.#last = { outcome: 'failed', count: 0, at: 0 };
    return runs;
  }

  #count(outcome: CallRun['outcome']): void {
    const at = performance.now();
    const last = this.#last;
    if (last.count > 0 && last.outcome === outcome && at - last.at < this.#sliceMs) {
      last.count++;
      return;
    }
    this.#last = { outcome, count: 1, at };
    this.#runs.push(this.#last);
    if (this.#runs.length > runsMax) this.#runs.shift();
  }
}

/** How long a failed call waits for the circuit to have heard of it, in milliseconds. */
const reportMaxMs = 1_000;

/** Tells a circuit how calls ended, in batches: it hears of successes with the next failure. */
export class CallReports {
  readonly #tally: CallTally;
  readonly #tell: (runs: readonly CallRun[]) => Promise<unknown>;
  #reporting: Promise<void> | undefined;

  constructor(trip: TripRule, tell: (runs: readonly CallRun[]) => Promise<unknown>) {
    this.#tally = new CallTally(trip.rule === 'time' ? trip.windowMs / 10 : Number.POSITIVE_INFINITY);
    this.#tell = tell;
  }

  succeeded(): void {
    this.#tally.succeeded();
  }

  /** Resolves when the circuit has heard of it, or has not for too long. */
  failed(): Promise<void> {
    this.#tally.failed();
    // Failures of one turn are one report; those that come while it is under way are the next.
    this.#reporting ??= Promise.resolve().then(() => this.#report());
    return this.#reporting;
  }

  async #report(): Promise<void> {
    this.#reporting = undefined;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, reportMaxMs);
    });
    await Promise.race([this.#tell(this.#tally.take()).catch(() => undefined), late]);
    clearTimeout(timer);
  }
}
