import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type TimerPolicy, timerPolicies } from '../../runtime/protocol/timer.ts';
import { openRun } from '../support/open-run.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { isThorough } from '../support/thorough.ts';

const minuteMs = 60_000;
const minutes = (max: number) => fc.integer({ min: 1, max }).map((count) => count * minuteMs + 1);

const taking = <Do extends string, Rest extends object>(
  weight: number,
  name: Do,
  rest: fc.Arbitrary<Rest>,
) => ({
  weight,
  arbitrary: rest.map((given) => ({ do: name, ...given })),
});
const nothing = fc.constant({});

const step = fc.oneof(
  taking(4, 'set', fc.record({ policy: fc.constantFrom(...timerPolicies), ms: minutes(30) })),
  taking(6, 'run', fc.record({ ms: minutes(20) })),
  taking(4, 'move', nothing),
  taking(2, 'sleep', fc.record({ ms: minutes(600) })),
  taking(1, 'jump', fc.record({ jumps: fc.array(minutes(600), { minLength: 1, maxLength: 3 }) })),
  taking(2, 'kill', fc.record({ awayMs: minutes(600) })),
  taking(2, 'begin', nothing),
);
/** Each step, and which of the runs takes it. */
const steps = fc.array(fc.tuple(step, fc.nat(1)), { minLength: 1, maxLength: 40 });

type Timer = {
  readonly stream: string;
  readonly policy: TimerPolicy;
  readonly ms: number;
  readonly setAt: number;
  readonly setInRunning: number;
};

/** What timers promise, as plainly as it can be said. */
class Promised {
  readonly timers: Timer[] = [];
  runningMs = 0;
  startedAt = 0;

  due(now: number): string[] {
    const isDue = ({ policy, ms, setAt, setInRunning }: Timer): boolean => {
      if (policy === 'deadline') return now >= setAt + ms;
      const from = policy === 'restart' ? Math.max(setInRunning, this.startedAt) : setInRunning;
      return this.runningMs >= from + ms;
    };
    return this.timers
      .filter(isDue)
      .map(({ stream }) => stream)
      .sort();
  }
}

/** Up to two processes on one file, on a computer that sleeps, whose clock jumps, and where processes are killed. */
class Computer {
  readonly promised = new Promised();
  readonly clock = { ms: 1_000_000 };
  readonly #path = join(temporaryFolder(), 'app.db');
  /** Which process has a number. */
  readonly #processes = new Map<number, string>();
  #runs: ReturnType<typeof openRun>[] = [];
  #begun = 0;
  #sleptMs = 0;

  begin(): void {
    const pid = [process.ppid, process.pid][this.#runs.length];
    if (pid === undefined) return;
    const { promised, clock } = this;
    if (this.#runs.length === 0) promised.startedAt = promised.runningMs;
    const name = `run ${++this.#begun}`;
    const run = openRun(
      this.#path,
      clock,
      name,
      pid,
      name,
      (of) => this.#processes.get(of) ?? 'none of ours',
      () => this.#sleptMs,
    );
    this.#processes.set(pid, name);
    run.runs.begin();
    this.#runs.push(run);
  }

  set(which: number, policy: TimerPolicy, ms: number): void {
    const { promised, clock } = this;
    const stream = `s/${promised.timers.length}`;
    this.#run(which).setTimer(policy, ms, stream);
    promised.timers.push({ stream, policy, ms, setAt: clock.ms, setInRunning: promised.runningMs });
  }

  run(ms: number): void {
    this.clock.ms += ms;
    this.promised.runningMs += ms;
  }

  sleep(which: number, ms: number): void {
    this.clock.ms += ms;
    this.#sleptMs += ms;
    for (const at of [which, which + 1]) this.#run(at).runs.noticeSleep();
  }

  /** One process notices each jump, and the other one, which is suspended meanwhile, all of them together. */
  jump(which: number, jumps: readonly number[]): void {
    let countedMs = this.#run(which).runs.countedJumps();
    const knownMs = countedMs;
    for (const ms of jumps) {
      this.clock.ms += ms;
      countedMs = this.#run(which).runs.clockHasJumped(ms, countedMs);
      this.run(minuteMs);
    }
    const allMs = jumps.reduce((sum, ms) => sum + ms, 0);
    if (this.#run(which + 1) === this.#run(which)) return;
    this.#run(which + 1).runs.clockHasJumped(allMs, knownMs);
  }

  kill(awayMs: number): void {
    this.#runs = [];
    this.#processes.clear();
    this.clock.ms += awayMs;
    this.begin();
  }

  move(which: number): void {
    this.#run(which).moveOn();
  }

  /** No timer is early in any process, and none is late in one that has moved what comes up. */
  check(): void {
    const { promised, clock } = this;
    const due = promised.due(clock.ms);
    for (const { runs, due: handedOut } of this.#runs) {
      expect(due).toEqual(expect.arrayContaining(handedOut(1_000)));
      runs.giveSign();
    }
    const [run] = this.#runs;
    expect([...(run?.due(1_000) ?? [])].sort()).toEqual(due);
    const next = run?.nextDueAt();
    if (next !== undefined) expect(next).toBeGreaterThan(clock.ms);
  }

  #run(which: number): ReturnType<typeof openRun> {
    return this.#runs[which % this.#runs.length] as ReturnType<typeof openRun>;
  }
}

test('timers of every policy are due when they promise, whatever sleeps, jumps, starts beside another and is killed', () => {
  fc.assert(
    fc.property(steps, (taken) => {
      const computer = new Computer();
      computer.begin();
      for (const [each, which] of taken) {
        switch (each.do) {
          case 'set':
            computer.set(which, each.policy, each.ms);
            break;
          case 'run':
            computer.run(each.ms);
            break;
          case 'sleep':
            computer.sleep(which, each.ms);
            break;
          case 'jump':
            computer.jump(which, each.jumps);
            break;
          case 'kill':
            computer.kill(each.awayMs);
            break;
          case 'begin':
            computer.begin();
            break;
          case 'move':
            computer.move(which);
        }
        computer.check();
      }
    }),
    { numRuns: isThorough ? 500 : 60 },
  );
});
