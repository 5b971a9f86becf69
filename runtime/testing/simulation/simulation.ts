import type { AnyAggregateDefinition } from '../../../actors/definitions/define-aggregate.ts';
import type { AnyStateMachine } from '../../../actors/xstate-adapter.ts';
import type { ActorRef } from '../../actor-ref.ts';
import type { ActorSnapshot } from '../../actor-snapshot.ts';
import { holdfastError } from '../../errors/holdfast-error.ts';
import { messageOf } from '../../errors/message-of.ts';
import { parseAddress, toAddress } from '../../protocol/address.ts';
import type { AppendRequest } from '../../protocol/append.ts';
import { encode } from '../../protocol/codec.ts';
import { describe } from '../../protocol/names.ts';
import type { Runtime } from '../../runtime.ts';
import { LogReader } from '../../sqlite/log/log-reader.ts';
import type { AppendOutcome } from '../../sqlite/log/log-writer.ts';
import { answerOf } from '../model/answer.ts';
import { DurableStates } from './durable-states.ts';
import { Faults } from './faults.ts';
import { commandKey, Ledger } from './ledger.ts';
import type { ResolvedSimulation, SimulationInvariant } from './options.ts';
import { SimulationRandom } from './random.ts';
import { realActivity } from './real-activity.ts';
import { RepeatingClient } from './repeating-client.ts';
import type { Scheduler } from './scheduler.ts';
import { pause, SimulatedComputer } from './simulated-computer.ts';
import { hosted, type ThreadCode } from './simulated-process.ts';
import { shownAppend, Trace } from './trace.ts';
import { Restless, Stall, Violation } from './violation.ts';
import type { DurableWorld, SimulatedSendOptions, SimulatedWorld } from './world.ts';

/** Nothing has happened for so long, and nothing is left to do, in virtual milliseconds: longer than any back-off. */
const restAfterMs = 10_000;
/** A script that waits for so long while nothing happens waits for something that is not of the simulation. */
const stalledAfterMs = 600_000;
/** How often a host is asked again that does not show what the log leads to. */
const looksMax = 5;
/** What is due may still be on its way for so long. */
const dueForMs = 60_000;

/** The longest that a timer can be, in milliseconds: 24 days. */
const timeoutMaxMs = 2 ** 31 - 1;

/** One run of a simulated world. */
export class Simulation {
  readonly scheduler: Scheduler;
  readonly faults: Faults;
  readonly trace: Trace;
  readonly computer: SimulatedComputer;
  readonly #options: ResolvedSimulation;
  readonly #random: SimulationRandom;
  readonly #ledger: Ledger;
  readonly #states: DurableStates;
  readonly #client: RepeatingClient;
  /** Streams that were appended to since the last look. */
  readonly #appended = new Set<string>();
  #resting: { readonly until: number; readonly tasksUntil: number; readonly resolve: () => void }[] = [];
  readonly #activityBefore = realActivity();
  #isDirty = false;
  #lastNewsAt = 0;
  #violation: unknown;
  #quietSince: number | undefined;
  #commands = 0;
  #step = 0;

  constructor(options: ResolvedSimulation, scheduler: Scheduler, code: ThreadCode) {
    const { seed, faults, definitions, container, hosts } = options;
    this.#options = options;
    this.scheduler = scheduler;
    this.faults = new Faults(seed, faults);
    this.trace = new Trace(() => scheduler);
    this.#random = new SimulationRandom(seed, 'world');
    this.computer = new SimulatedComputer({
      code,
      scheduler,
      faults: this.faults,
      random: new SimulationRandom(seed, 'process'),
      trace: this.trace,
      definitions,
      container,
      hosts,
      onGroup: (requests, outcomes) => this.#onGroup(requests, outcomes),
      onCommit: () => {
        this.#isDirty = true;
      },
      onError: (error) => this.#fail(error),
    });
    scheduler.isAtRest = () =>
      scheduler.now - this.#lastNewsAt > restAfterMs && this.#ledger.waiting.work === 0;
    const { database } = this.computer.disk;
    this.#ledger = new Ledger(database, (letter) => this.trace.note('dead-letter', { ...letter }));
    this.#states = new DurableStates(new LogReader(database), hosted(definitions));
    const clientRandom = new SimulationRandom(seed, 'client');
    this.#client = new RepeatingClient(this.computer, this.#ledger, this.trace, clientRandom);
  }

  /** The states that the log leads to, by address. */
  get states(): Readonly<Record<string, ActorSnapshot>> {
    const { addresses } = this.#states;
    return Object.fromEntries(
      addresses.map((address) => [address, this.#states.snapshot(address) as ActorSnapshot]),
    );
  }

  /** Steps of the workload that were begun. */
  get steps(): number {
    return this.#step;
  }

  /** Has everything happen. Throws what went wrong. */
  async run(): Promise<void> {
    const { scheduler, computer } = this;
    let isOver = false;
    const played = scheduler.within(computer.main, () => this.#play());
    played.then(
      () => {
        isOver = true;
      },
      (error: unknown) => this.#fail(error),
    );
    while (!isOver) {
      const next = scheduler.next();
      if (next === undefined) throw this.#stalled('nothing is left that could happen');
      computer.trouble(next.loop);
      await scheduler.run(next);
      if (this.#violation !== undefined) throw this.#violation;
      scheduler.within(computer.main, () => this.#look());
      if (this.#resting.some(({ tasksUntil }) => scheduler.tasks >= tasksUntil)) throw this.#restless();
      if (scheduler.tasks >= this.#options.tasksMax)
        throw this.#stalled(`it did not end within ${this.#options.tasksMax} tasks`);
    }
  }

  async #play(): Promise<void> {
    const { script, workload, steps } = this.#options;
    const { computer } = this;
    void computer.live();
    await computer.whenUp();
    if (script !== undefined) await script(this.#world());
    while (workload !== undefined && this.#step < steps) {
      this.#step++;
      await workload(this.#world());
      // Mostly so short that commands overlap, and at times so long that timers ring between.
      await pause(this.#random.chance(0.9) ? this.#random.integer(0, 30) : this.#random.integer(30, 3_000));
    }
    this.faults.isOver = true;
    computer.fillDisk(0);
    this.trace.note('rest');
    await computer.whenUp();
    await this.#settle();
    if (this.#ledger.waiting.work > 0 && realActivity() > this.#activityBefore)
      throw this.#stalled('work that an actor has invoked waits for real input or output');
    this.#checkRest();
    await this.#compareHosts();
    this.trace.note('close');
    await computer.shutDown();
  }

  /** After every task: what it has made durable must be right. */
  #look(): void {
    if (this.#isDirty) {
      this.#isDirty = false;
      // A sign of life is no news.
      const isNews = this.#ledger.look() || this.#appended.size > 0;
      if (isNews) {
        this.#quietSince = undefined;
        this.#lastNewsAt = this.scheduler.now;
      }
      for (const address of this.#appended) this.#states.follow(address);
      this.#appended.clear();
      this.#check(this.#options.invariants);
    }
    this.#lookForRest();
  }

  #lookForRest(): void {
    const { scheduler, computer } = this;
    if (this.#resting.some(({ until }) => scheduler.now >= until))
      this.#endRest(({ until }) => scheduler.now >= until);
    if (scheduler.isBusy || !computer.isUp || this.#client.underway > 0) return;
    this.#quietSince ??= scheduler.now;
    const quietForMs = scheduler.now - this.#quietSince;
    if (quietForMs < restAfterMs) return;
    const { timers, messages } = this.#ledger.waiting;
    if (timers > 0 || messages > 0) return;
    if (this.#resting.length > 0) this.#endRest(() => true);
    else if (quietForMs > stalledAfterMs)
      throw this.#stalled('its script waits for something that is no part of it');
  }

  #endRest(isOver: (rest: { readonly until: number }) => boolean): void {
    for (const rest of this.#resting.filter(isOver)) this.computer.main.soon(rest.resolve);
    this.#resting = this.#resting.filter((rest) => !isOver(rest));
    this.#quietSince = undefined;
  }

  /** Waits until nothing is left to do; without a time, for no more tasks than are allowed for that. */
  #settle(withinMs?: number): Promise<void> {
    const { restMs, restTasksMax } = this.#options;
    const { now, tasks } = this.scheduler;
    const until = now + (withinMs ?? restMs);
    const tasksUntil = tasks + (withinMs === undefined ? restTasksMax : Number.POSITIVE_INFINITY);
    return new Promise((resolve) => this.#resting.push({ until, tasksUntil, resolve }));
  }

  #checkRest(): void {
    this.#ledger.checkLog();
    this.#ledger.checkNothingDue(this.computer.now() - dueForMs);
    this.#check(this.#options.invariants);
    this.#check(this.#options.invariantsAtRest);
  }

  /** What hosts show is what the log leads to, also of an actor that has moved on meanwhile. */
  async #compareHosts(): Promise<void> {
    const textOf = ({ version, state, context, status }: ActorSnapshot): string =>
      encode({ version, state, context, status });
    for (const address of this.#states.addresses) {
      const { kind, id } = parseAddress(address);
      const definition = this.#options.definitions.find(
        (each) => each.kind === kind,
      ) as AnyAggregateDefinition;
      let [shown, folded] = ['', ''];
      for (let look = 1; look <= looksMax && (look === 1 || shown !== folded); look++) {
        const runtime = await this.computer.whenUp();
        shown = textOf(await this.#actor(runtime, definition, id).snapshot());
        folded = textOf(this.#states.snapshot(address) as ActorSnapshot);
      }
      if (shown === folded) continue;
      throw new Violation(
        'a host shows what the log leads to',
        `${address} shows ${shown}, and its log leads to ${folded}.`,
      );
    }
  }

  #check(invariants: Readonly<Record<string, SimulationInvariant>>): void {
    for (const [name, holds] of Object.entries(invariants)) {
      let answer: unknown;
      try {
        answer = answerOf(() => holds(this.#durable));
      } catch (error) {
        throw new Violation(name, messageOf(error), error);
      }
      if (answer === false) throw new Violation(name, 'it does not hold.');
    }
  }

  readonly #durable: DurableWorld = this.#durableWorld();

  #durableWorld(): DurableWorld {
    const simulation = this;
    return {
      get now() {
        return simulation.computer.now();
      },
      state: ({ kind }, id) => this.#states.snapshot(toAddress(kind, id)) as never,
      states: ({ kind }) =>
        this.#states.addresses
          .filter((address) => address.startsWith(`${kind}/`))
          .map((address) => this.#states.snapshot(address) as never),
    };
  }

  #world(): SimulatedWorld {
    const { computer } = this;
    const world: Omit<SimulatedWorld, keyof DurableWorld | 'runtime'> = {
      random: this.#random,
      step: this.#step,
      send: (definition, id, event, options) =>
        this.#command(definition, id, event.type, options, (actor, given) => actor.send(event, given), true),
      execute: (definition, id, name, ...[input, options]) =>
        this.#command(
          definition as never,
          id,
          name,
          options as SimulatedSendOptions | undefined,
          (actor, given) => actor.execute(name as never, input as never, given as never),
          false,
        ) as never,
      advance: async (ms) => {
        checkNumber('advance', ms, 0);
        this.trace.note('advance', { ms });
        // Also no time is a turn of others: whoever waits in a loop waits for what they do.
        await pause(Math.min(ms, timeoutMaxMs));
        for (let left = ms - timeoutMaxMs; left > 0; left -= timeoutMaxMs)
          await pause(Math.min(left, timeoutMaxMs));
      },
      settle: async (withinMs) => {
        if (withinMs !== undefined) checkNumber('settle', withinMs, 0);
        await this.#settle(withinMs);
      },
      crashHosts: (definition, id) => computer.crashHosts(definition && toAddress(definition.kind, id ?? '')),
      crashProcess: async () => {
        computer.crashProcess();
        await computer.whenUp();
      },
      setClock: (byMs) => {
        checkNumber('setClock', byMs);
        computer.setClock(byMs);
      },
      passivate: () => computer.passivate(),
      fillDisk: (commits) => {
        checkNumber('fillDisk', commits, 0);
        computer.fillDisk(commits);
      },
    };
    const durable = Object.getOwnPropertyDescriptors(this.#durable);
    const runtime = { get: () => computer.runtime, enumerable: true };
    return Object.defineProperties(world, { ...durable, runtime }) as SimulatedWorld;
  }

  #command<Result extends { readonly stream: string; readonly version: number }>(
    definition: AnyAggregateDefinition,
    id: string,
    name: string,
    options: SimulatedSendOptions = {},
    send: (actor: ActorRef<AnyStateMachine, never>, options: SimulatedSendOptions) => Promise<Result>,
    mustHaveEvents: boolean,
  ): Promise<Result> {
    const key = options.idempotencyKey ?? `command-${++this.#commands}`;
    const metadata = { ...options.metadata, [commandKey]: key };
    return this.#client.send({
      key,
      address: toAddress(definition.kind, id),
      name,
      mustHaveEvents,
      send: (runtime) =>
        send(this.#actor(runtime, definition, id), { ...options, idempotencyKey: key, metadata }),
    });
  }

  #actor(runtime: Runtime, definition: AnyAggregateDefinition, id: string): ActorRef<AnyStateMachine, never> {
    return runtime.actor(definition, id) as ActorRef<AnyStateMachine, never>;
  }

  #onGroup(requests: readonly AppendRequest[], outcomes: readonly AppendOutcome[]): void {
    for (const [index, request] of requests.entries()) {
      const outcome = outcomes[index] as AppendOutcome;
      this.trace.note('append', shownAppend(request, outcome));
      if (!(outcome instanceof Error) && outcome.outcome === 'appended') this.#appended.add(request.stream);
    }
    try {
      this.#ledger.committed(requests, outcomes);
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    this.#violation ??= error ?? new Error('it was rejected with nothing');
  }

  #restless(): Error {
    const { restTasksMax } = this.#options;
    const why = `after ${restTasksMax} tasks there is still ${this.#ledger.shown}`;
    return new Restless(why, this.#ledger.waiting);
  }

  #stalled(why: string): Error {
    return new Stall(why, this.#ledger.waiting);
  }
}

function checkNumber(what: string, value: unknown, min = Number.NEGATIVE_INFINITY): void {
  if (typeof value === 'number' && Number.isFinite(value) && value >= min) return;
  const wanted = min === 0 ? 'a number of at least 0' : 'a number';
  throw holdfastError('HOLDFAST_ERR_ARGUMENT_INVALID', `${what} takes ${wanted}, got ${describe(value)}.`);
}
