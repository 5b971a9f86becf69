import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isHoldfastError } from '../../errors/holdfast-error.ts';
import { nearestName } from '../../errors/nearest-name.ts';
import { toModuleUrls } from '../../options.ts';
import { decode, encode } from '../../protocol/codec.ts';
import { type AnyBlueprint, handleOf, isBlueprint } from '../../protocol/container-blueprint.ts';
import { describe } from '../../protocol/names.ts';
import { checkOptions, checkWholeOption, invalidOption } from '../../protocol/options.ts';
import type { FaultStep, ModelStep } from '../model/model-step.ts';
import { ChildLink } from './child-link.ts';
import type { ChildOptions } from './child-protocol.ts';
import type {
  Beginning,
  Observed,
  Outcome,
  SystemInstance,
  SystemUnderTest,
  Taking,
} from './system-under-test.ts';

/**
 * What can go wrong in a runtime under test:
 *
 * - `host-crash`: the thread that hosts the actor ends by an error that nobody caught;
 * - `process-kill`: the whole process is killed (SIGKILL) and another one started on the same file;
 * - `passivate`: the actor is dropped from memory; one with work under way is not;
 * - `duplicate`: the next event or command is sent twice at once and once more after that, under the same key;
 * - `delay`: the acknowledgement of the next event or command is late: the one after it is sent before;
 * - `clock-jump`: the clock on the wall is set, by up to a day forward or back, and what is due by it comes.
 *
 * The first two also happen while a step is under way, which is then repeated under its key until it is answered.
 */
export const runtimeFaults = [
  'host-crash',
  'process-kill',
  'passivate',
  'duplicate',
  'delay',
  'clock-jump',
] as const;

/** One of the {@link runtimeFaults}. */
export type RuntimeFault = (typeof runtimeFaults)[number];

/** Options of {@link runtimeSut}. */
export interface RuntimeSutOptions {
  /** The modules that export the definition, as `createRuntime` takes them. Only that one is hosted. */
  readonly modules: readonly (string | URL)[];
  /** What goes wrong. Default: nothing. */
  readonly faults?: readonly RuntimeFault[];
  /** What `defineContainer` returned, for actions that ask for services; exported by one of `modules` too. */
  readonly container?: AnyBlueprint;
  /** Host threads. Default 2. */
  readonly hosts?: number;
  /** How long a step may take before that is a difference, in milliseconds. Default 10,000. */
  readonly stepTimeoutMs?: number;
}

const owner = 'runtimeSut';
const betweenFaults: readonly string[] = ['host-crash', 'process-kill', 'passivate', 'delay', 'clock-jump'];
const amidFaults: readonly string[] = ['host-crash', 'process-kill', 'duplicate'];

/**
 * A real runtime as a system under test: its threads in a process of their own, over a real file in a temporary folder.
 * It takes the same steps as the model, and what is durable is compared after each: the journal, the state, the context,
 * the output.
 *
 * The process is started with the first run and serves all of them, with another actor for each; it ends with
 * `propertyTest`, `testPaths` or `replay`, and also if this process ends without a word.
 *
 * Promises, callbacks and observables are replaced in the process, also those of child machines: they come to what the
 * model says. Its clock stands still and is moved by the steps, so that timers come in the model's order. Actions run for
 * real. Messages to other actors go nowhere, as in the model.
 *
 * @throws HOLDFAST_ERR_OPTION_INVALID. At the first run: the same if no module exports the kind of the model, or for
 * faults that its definition cannot be compared under (`onRestart: 'fail'` with crashes, `timers` other than `'deadline'`
 * with `process-kill` or `clock-jump`); HOLDFAST_ERR_MODULE_LOAD.
 *
 * @example
 * await propertyTest(order, {
 *   ...properties,
 *   sut: runtimeSut({ modules: [new URL('./domain.ts', import.meta.url)], faults: ['host-crash', 'process-kill'] }),
 *   numRuns: 20,
 * });
 */
export function runtimeSut(options: RuntimeSutOptions): SystemUnderTest {
  checkOptions(owner, options, ['modules', 'faults', 'container', 'hosts', 'stepTimeoutMs']);
  const { faults = [], hosts = 2, stepTimeoutMs = 10_000 } = options;
  if (options.container !== undefined && !isBlueprint(options.container))
    throw invalidOption(
      `${owner}: "container" must be what defineContainer returned, got ${describe(options.container)}.`,
    );
  const container = options.container === undefined ? undefined : handleOf(options.container).signature();
  const modules = toModuleUrls(owner, options.modules);
  checkFaultNames(faults);
  checkWholeOption(owner, 'hosts', hosts, 1, 64);
  checkWholeOption(owner, 'stepTimeoutMs', stepTimeoutMs, 1, 2 ** 31 - 1);
  return new RuntimeSystem({ modules, faults, container, hosts, stepTimeoutMs });
}

function checkFaultNames(faults: unknown): void {
  if (!Array.isArray(faults))
    throw invalidOption(`${owner}: "faults" must be an array of ${runtimeFaults.join(', ')}.`);
  for (const fault of faults as readonly unknown[]) {
    if ((runtimeFaults as readonly unknown[]).includes(fault)) continue;
    const near = nearestName(String(fault), runtimeFaults);
    throw invalidOption(
      `${owner}: there is no fault ${describe(fault)}${near === undefined ? `: there are ${runtimeFaults.join(', ')}` : `; did you mean "${near}"?`}`,
    );
  }
}

/** Actors that one file is used for, so that what they leave behind stays little. */
const actorsOfFile = 100;
/** Each actor lives a year before the one that was tested before it: timers that it has left do not come any more. */
const [firstYear, yearMs] = [Date.UTC(2200, 0, 1), 366 * 86_400_000] as const;

type SystemOptions = Pick<ChildOptions, 'modules' | 'faults' | 'container' | 'hosts' | 'stepTimeoutMs'>;

class RuntimeSystem implements SystemUnderTest {
  readonly faults: readonly string[];
  readonly amidFaults: readonly string[];
  readonly #options: SystemOptions;
  #process: ProcessUnderTest | undefined;

  constructor(options: SystemOptions) {
    this.#options = options;
    this.faults = options.faults.filter((fault) => betweenFaults.includes(fault));
    this.amidFaults = options.faults.filter((fault) => amidFaults.includes(fault));
  }

  async begin({ id, model, given, nowMs }: Beginning): Promise<SystemInstance> {
    const { kind } = model.definition;
    if (this.#process?.kind !== kind || this.#process.actors >= actorsOfFile) {
      await this.close();
      this.#process = await ProcessUnderTest.start(this.#options, kind);
    }
    const instance = new RuntimeInstance(this.#process, id);
    await instance.begin(given, nowMs);
    return instance;
  }

  async close(): Promise<void> {
    const process = this.#process;
    this.#process = undefined;
    await process?.end();
  }
}

/** A process on a file, and the next one on the same file after it was killed. */
class ProcessUnderTest {
  readonly kind: string;
  readonly #options: Omit<ChildOptions, 'wallMs'>;
  #link: ChildLink | undefined;
  #wallMs = firstYear;
  actors = 0;

  private constructor(options: Omit<ChildOptions, 'wallMs'>) {
    this.kind = options.kind;
    this.#options = options;
  }

  static async start(options: SystemOptions, kind: string): Promise<ProcessUnderTest> {
    const folder = await mkdtemp(join(tmpdir(), 'holdfast-sut-'));
    const process = new ProcessUnderTest({ ...options, kind, folder, database: join(folder, 'sut.db') });
    try {
      await process.#open();
      return process;
    } catch (error) {
      await process.end();
      throw error;
    }
  }

  get link(): ChildLink {
    return this.#link as ChildLink;
  }

  /** The moment by the clock on the wall at which an actor begins. */
  nextYear(): number {
    return firstYear - ++this.actors * yearMs;
  }

  /** Notes the moment that a process goes on from which is started after this one. */
  at(wallMs: number): number {
    this.#wallMs = wallMs;
    return wallMs;
  }

  async killAndRestart(): Promise<void> {
    await this.#link?.kill();
    await this.#open();
  }

  async end(): Promise<void> {
    await this.#link?.kill();
    await rm(this.#options.folder, { recursive: true, force: true, maxRetries: 3 });
  }

  async #open(): Promise<void> {
    this.#link = await ChildLink.open({ ...this.#options, wallMs: this.#wallMs });
  }
}

class RuntimeInstance implements SystemInstance {
  readonly #process: ProcessUnderTest;
  readonly #id: string;
  readonly #beganMs: number;
  #seen = 0;

  constructor(process: ProcessUnderTest, id: string) {
    this.#process = process;
    this.#id = id;
    this.#beganMs = process.nextYear();
  }

  async begin(given: Beginning['given'], nowMs: number): Promise<void> {
    const input = given === undefined ? undefined : encode(given.input);
    await this.#process.link.call('begin', this.#id, input, this.#wallMs(nowMs));
  }

  async take(step: ModelStep, { nowMs, faults, ...taking }: Taking): Promise<Outcome> {
    const wallMs = this.#wallMs(nowMs);
    const id = this.#id;
    const isKill = ({ fault }: FaultStep): boolean => fault === 'process-kill';
    const others = faults.filter((fault) => !isKill(fault));
    const call = (strike: readonly FaultStep[]): Promise<Outcome> =>
      this.#process.link.call('take', { ...taking, id, step: encode(step), wallMs, faults: strike });
    const kill = faults.find(isKill);
    if (kill === undefined) return call(others);
    const answered = call(others).catch((error: unknown) => {
      if (!isHoldfastError(error, 'HOLDFAST_ERR_THREAD_EXITED')) throw error;
    });
    await sleep(kill.amidMs ?? 0);
    const [outcome] = await Promise.all([answered, this.#process.killAndRestart()]);
    return outcome ?? (await call([]));
  }

  async fault(fault: FaultStep, nowMs: number): Promise<void> {
    const wallMs = this.#wallMs(nowMs);
    if (fault.fault === 'process-kill') await this.#process.killAndRestart();
    else await this.#process.link.call('fault', this.#id, fault, wallMs);
  }

  async observe(): Promise<Observed> {
    const { version, shown, journal } = await this.#process.link.call('observe', this.#id, this.#seen);
    this.#seen += journal.length;
    const { state, context, status, output } = decode(shown) as Observed & { status: string };
    return {
      version,
      state,
      context,
      status,
      output,
      journal: journal.map(({ type, data, id }) => ({ type, data: decode(data), id })),
    };
  }

  #wallMs(nowMs: number): number {
    return this.#process.at(this.#beganMs + nowMs);
  }
}
