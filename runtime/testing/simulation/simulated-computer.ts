import type { AnyAggregateDefinition } from '../../../actors/definitions/define-aggregate.ts';
import { holdfastError } from '../../errors/holdfast-error.ts';
import { hostOf } from '../../protocol/address.ts';
import type { AnyBlueprint } from '../../protocol/container-blueprint.ts';
import type { Runtime } from '../../runtime.ts';
import type { StoreSurroundings } from '../../threads/store-thread.ts';
import type { ThreadData } from '../../threads/thread.ts';
import { systemThreading, type Threading } from '../../threads/threading.ts';
import { EventLoop } from './event-loop.ts';
import type { FaultKind, Faults } from './faults.ts';
import type { SimulationRandom } from './random.ts';
import type { Scheduler } from './scheduler.ts';
import { SimulatedDisk } from './simulated-disk.ts';
import { SimulatedPort, simulatedPort } from './simulated-port.ts';
import {
  idleMs,
  openRuntime,
  type ProcessOptions,
  serveThread,
  type ThreadCode,
} from './simulated-process.ts';
import { SimulatedThread } from './simulated-thread.ts';
import type { Trace } from './trace.ts';

/** The wall clock of every simulation begins here, whatever day it is: 2030-01-01. */
const beginningMs = 1_893_456_000_000;
const diskCodes = ['SQLITE_FULL', 'SQLITE_IOERR_WRITE', 'SQLITE_IOERR_FSYNC'] as const;

/** What a simulated computer is made of. */
export interface ComputerOptions {
  readonly code: ThreadCode;
  readonly scheduler: Scheduler;
  readonly faults: Faults;
  /** For what happens between two processes. */
  readonly random: SimulationRandom;
  readonly trace: Trace;
  readonly definitions: readonly AnyAggregateDefinition[];
  readonly container: AnyBlueprint | undefined;
  readonly hosts: number;
  readonly onGroup: StoreSurroundings['onGroup'];
  readonly onCommit: () => void;
  /** Told of an error that nobody has caught in the main thread. */
  readonly onError: (error: unknown) => void;
}

/** A computer with a clock, a disk that outlives everything, and one process after another that runs the runtime. */
export class SimulatedComputer {
  readonly main: EventLoop;
  readonly disk: SimulatedDisk;
  readonly #options: ComputerOptions;
  readonly #process: ProcessOptions;
  readonly #threads = new Set<SimulatedThread>();
  readonly #whenUp: ((runtime: Runtime) => void)[] = [];
  #runtime: Runtime | undefined;
  #isDown = true;
  #isOff = false;
  #onCrash: () => void = () => undefined;
  #processes = 0;
  #threadsMade = 0;
  #setByMs = 0;
  /** Commits that are still to fail, and how. */
  #broken = { commits: 0, code: diskCodes[0] as (typeof diskCodes)[number] };

  constructor(options: ComputerOptions) {
    this.#options = options;
    const { scheduler, faults } = options;
    this.main = new EventLoop('main', options.onError);
    scheduler.start(this.main);
    this.disk = scheduler.within(this.main, () => new SimulatedDisk(() => this.#commit(), options.onCommit));
    const onFault = (kind: string, details: object): void =>
      this.#options.trace.note('fault', { kind, ...details });
    this.#process = { ...options, scheduler, faults, disk: this.disk, onFault };
  }

  /** The clock on the wall. */
  now(): number {
    return beginningMs + this.#options.scheduler.now + this.#setByMs;
  }

  /** How threads are made here; code outside of the simulation gets those of the system. */
  get threading(): Threading {
    const { scheduler, faults } = this.#options;
    const wire = { latencyMs: () => faults.next('delayedMessage')?.integer(1, 1_000) ?? 0 };
    const isOutside = (): boolean => scheduler.current === undefined;
    return {
      startWorker: (file, options) =>
        isOutside()
          ? systemThreading.startWorker(file, options)
          : this.#startThread(options.workerData as ThreadData, options.name ?? '').asWorker,
      createChannel: () =>
        isOutside() ? systemThreading.createChannel() : SimulatedPort.pair(scheduler, wire),
      receive: (port) => (isOutside() ? systemThreading.receive(port) : simulatedPort(port).takeNow()),
    };
  }

  /** The runtime that lives now. */
  get runtime(): Runtime {
    if (this.#runtime !== undefined) return this.#runtime;
    throw holdfastError(
      'HOLDFAST_ERR_CLOSED',
      'The simulated process has crashed, and the next one does not serve yet.',
    );
  }

  get isUp(): boolean {
    return this.#runtime !== undefined;
  }

  /** The runtime, as soon as there is one. */
  whenUp(): Promise<Runtime> {
    const runtime = this.#runtime;
    if (runtime !== undefined) return Promise.resolve(runtime);
    return new Promise((resolve) => this.#whenUp.push(resolve));
  }

  /** Starts one process after another, until it is switched off. */
  async live(): Promise<void> {
    const { random } = this.#options;
    while (!this.#isOff) {
      this.#isDown = false;
      this.#processes++;
      const crashed = new Promise<void>((resolve) => {
        this.#onCrash = resolve;
      });
      const opened = await openRuntime(this.#process).catch(() => undefined);
      if (opened === undefined) {
        await pause(random.integer(1, 100));
        continue;
      }
      if (!this.#isDown) {
        this.#options.trace.note('start', { process: this.#processes });
        this.#runtime = opened;
        for (const resolve of this.#whenUp.splice(0)) resolve(opened);
        await crashed;
      }
      // What the program does that is gone reaches nobody any more; it lets go of those who wait for it.
      await opened.close().catch(() => undefined);
      await pause(random.integer(1, 10_000));
    }
  }

  /** Ends the process with all its threads. */
  crashProcess(): void {
    if (this.#isDown) return;
    this.#options.trace.note('crash', { process: this.#processes });
    this.#isDown = true;
    this.#runtime = undefined;
    for (const thread of [...this.#threads]) thread.end(1);
    this.#onCrash();
  }

  /** Ends the threads of hosts: of all, or of the one an actor lives on. */
  crashHosts(address?: string): void {
    for (const thread of [...this.#threads]) {
      const place = this.#hostOf(thread);
      if (place === undefined) continue;
      if (address === undefined || place === hostOf(address, this.#options.hosts)) this.#crash(thread);
    }
  }

  setClock(byMs: number): void {
    this.#setByMs += byMs;
    this.#options.trace.note('clock', { byMs });
  }

  fillDisk(commits: number): void {
    this.#broken = { commits, code: 'SQLITE_FULL' };
  }

  /** Has every host drop its idle actors. */
  passivate(): void {
    for (const { role, loop } of this.#threads) if (role === 'host') this.#sweep(loop);
  }

  /** Closes the runtime, as a program does that ends in order. No process is started any more. */
  async shutDown(): Promise<void> {
    const runtime = this.#runtime;
    this.#isOff = true;
    await runtime?.close();
  }

  /** Perhaps something goes wrong while a task runs, or before it. */
  trouble(loop: EventLoop): void {
    const { faults } = this.#options;
    const jump = faults.next('clockJump');
    if (jump !== undefined) {
      const size = jump.pick([5_000, 60_000, 3_600_000]);
      this.setClock(jump.integer(1, size) * jump.pick([-1, 1]));
    }
    const crash = faults.next('processCrash');
    if (crash !== undefined) this.#soon(crash, () => this.crashProcess());
    const thread = [...this.#threads].find((each) => each.loop === loop);
    if (thread === undefined || this.#hostOf(thread) === undefined) return;
    if (faults.next('passivate') !== undefined) {
      this.#note('passivate', { thread: loop.name });
      this.#sweep(loop);
    }
    const death = faults.next('hostCrash');
    if (death !== undefined) this.#soon(death, () => this.#crash(thread));
  }

  /** Now, or after some of the awaits of the task that is about to run. */
  #soon(random: SimulationRandom, crash: () => void): void {
    let left = random.integer(-1, 6);
    if (left < 0) return crash();
    const hop = (): void => {
      if (left-- > 0) queueMicrotask(hop);
      else crash();
    };
    queueMicrotask(hop);
  }

  /** Which host a thread is; `undefined` for other threads. In quarantine only the command that is tried may be to blame. */
  #hostOf({ role, loop }: SimulatedThread): number | undefined {
    const place = role === 'host' ? Number(/ (\d+)\./.exec(loop.name)?.[1]) : Number.NaN;
    return place < this.#options.hosts ? place : undefined;
  }

  #crash(thread: SimulatedThread): void {
    if (!thread.loop.isAlive) return;
    this.#note('hostCrash', { thread: thread.loop.name });
    thread.end(1);
  }

  /** Twice, since an actor that was used has a second chance. */
  #sweep(loop: EventLoop): void {
    const { scheduler } = this.#options;
    for (let sweep = 0; sweep < 2; sweep++) {
      for (const timer of scheduler.intervals(loop, idleMs)) {
        scheduler.remove(timer);
        scheduler.within(loop, () => timer.ring());
      }
    }
  }

  #startThread(data: ThreadData, name: string): SimulatedThread {
    const number = this.#processes;
    const thread = new SimulatedThread(
      {
        scheduler: this.#options.scheduler,
        data,
        name: `${number}: ${name.replace('holdfast ', '')}`,
        serve: (given) => serveThread(given, this.#process, number),
        onEnd: (ended, error) => {
          this.#threads.delete(ended);
          if (error !== undefined)
            this.#options.trace.note('threw', { thread: ended.loop.name, error: String(error) });
        },
      },
      this.main,
      ++this.#threadsMade,
    );
    this.#threads.add(thread);
    // A program that is gone starts nothing.
    if (this.#isDown) thread.end(1);
    return thread;
  }

  #commit(): (typeof diskCodes)[number] | undefined {
    const { faults, scheduler } = this.#options;
    const slow = faults.next('slowDisk');
    if (slow !== undefined) {
      const ms = slow.integer(1, 2_000);
      this.#note('slowDisk', { ms });
      scheduler.pass(ms);
    }
    const broken = faults.next('diskError');
    if (broken !== undefined) this.#broken = { commits: broken.integer(1, 5), code: broken.pick(diskCodes) };
    if (this.#broken.commits === 0) return undefined;
    this.#broken.commits--;
    this.#note('diskError', { code: this.#broken.code });
    return this.#broken.code;
  }

  #note(kind: FaultKind, details: object): void {
    this.#options.trace.note('fault', { kind, ...details });
  }
}

/** Some virtual time. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
