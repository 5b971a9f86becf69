import { setTimeout as sleep } from 'node:timers/promises';
import type { AnyAggregateDefinition } from '../../../actors/definitions/define-aggregate.ts';
import type { ActorRef } from '../../actor-ref.ts';
import { createRuntime } from '../../create-runtime.ts';
import { isHoldfastError } from '../../errors/holdfast-error.ts';
import { messageOf } from '../../errors/message-of.ts';
import { hostDied } from '../../observability/channels.ts';
import { hostOf, toAddress } from '../../protocol/address.ts';
import { decode, encode } from '../../protocol/codec.ts';
import type { Runtime } from '../../runtime.ts';
import {
  type CommandStep,
  type EventStep,
  endOf,
  type FaultStep,
  kindOf,
  type ModelStep,
  type WorkStep,
} from '../model/model-step.ts';
import { programUnderTest } from '../sut-program.ts';
import type { ChildCalls, ChildObserved, ChildOptions, ChildTaking } from './child-protocol.ts';
import {
  checkFaults,
  loadBlueprintUnderTest,
  loadDefinitionUnderTest,
  moduleUnderTest,
} from './definition-under-test.ts';
import type { SutMessage } from './sut-message.ts';
import type { Outcome } from './system-under-test.ts';
import { openSutChannel, VirtualClock } from './virtual-clock.ts';

/** How long is waited for what cannot be seen for certain, in milliseconds: a timer that comes to nothing. */
const nothingMs = 200;
const pauseMaxMs = 16;
const crashTimeoutMs = 5_000;

/** Refused by the machine or the definition: an answer, which no repetition changes. */
const refusals: readonly string[] = [
  'HOLDFAST_ERR_EVENT_REJECTED',
  'HOLDFAST_ERR_TRANSITION_FAILED',
  'HOLDFAST_ERR_COMMAND_FAILED',
  'HOLDFAST_ERR_PAYLOAD_INVALID',
];

const accepted: Outcome = { accepted: true };

/** A runtime over a file, in the process of its own that it is tested in: what the child does as it is told. */
export class RuntimeUnderTest implements Omit<ChildCalls, 'open'> {
  readonly #options: ChildOptions;
  readonly #clock: VirtualClock;
  readonly #definition: AnyAggregateDefinition;
  readonly #runtime: Runtime;
  readonly #channel = openSutChannel();
  /** The last telling that a host has answered. */
  #toldId = 0;
  #tellings = 0;
  #away = 0;
  /** Host threads that have died. */
  #deaths = 0;

  private constructor(
    options: ChildOptions,
    clock: VirtualClock,
    definition: AnyAggregateDefinition,
    runtime: Runtime,
  ) {
    this.#options = options;
    this.#clock = clock;
    this.#definition = definition;
    this.#runtime = runtime;
    this.#channel.onmessage = (message) => {
      const { data } = message as { data: SutMessage };
      if (data.kind === 'told') this.#toldId = data.id;
    };
    hostDied.subscribe(() => {
      this.#deaths++;
    });
  }

  static async open(options: ChildOptions): Promise<RuntimeUnderTest> {
    const { database, modules, kind, container, hosts, wallMs, faults } = options;
    const definition = await loadDefinitionUnderTest(modules, kind);
    checkFaults(definition, faults);
    const clock = VirtualClock.install();
    clock.moveTo(wallMs);
    const runtime = await createRuntime({
      database,
      modules: [moduleUnderTest(modules, kind, container)],
      ...(container === undefined ? {} : { container: await loadBlueprintUnderTest(modules, container) }),
      hosts,
      workerUrl: programUnderTest.worker,
      // One that is not used makes room for one that is.
      residentsMax: 1,
      passivateAfterMs: 2 ** 31 - 1,
      supervision: { intensity: 10_000, periodMs: 1, backoff: { minMs: 1, maxMs: 1, jitter: 0 } },
    });
    return new RuntimeUnderTest(options, clock, definition, runtime);
  }

  async begin(id: string, input: string | undefined, wallMs: number): Promise<void> {
    this.#moveClock(wallMs, true);
    await this.#ref(id).start(input === undefined ? {} : { input: decode(input) });
  }

  async take(taking: ChildTaking): Promise<Outcome> {
    const { id, wallMs, faults } = taking;
    const step = decode(taking.step) as ModelStep;
    const { pending } = kindOf(step) === 'timer' ? await this.#runtime.health() : {};
    this.#moveClock(wallMs, false);
    const striking = faults.map((fault) => this.#strike(id, fault, wallMs));
    const [outcome] = await Promise.all([this.#take(taking, step, pending?.timers ?? 0), ...striking]);
    return outcome;
  }

  async fault(id: string, { fault, byMs = 0 }: FaultStep, wallMs: number): Promise<void> {
    switch (fault) {
      case 'host-crash':
        return this.#crash(id);
      case 'passivate':
        return this.#passivate(id);
      case 'clock-jump':
        this.#moveClock(wallMs, byMs !== 0);
    }
  }

  async observe(id: string, after: number): Promise<ChildObserved> {
    const ref = this.#ref(id);
    const journal: ChildObserved['journal'][number][] = [];
    for await (const event of this.#runtime.store.read(ref.address, { after }))
      journal.push({ type: event.type, data: encode(event.data), id: event.id });
    const { version, state, context, status, output } = await this.#repeat(() => ref.snapshot());
    return { version, shown: encode({ state, context, status, output }), journal };
  }

  #take(taking: ChildTaking, step: ModelStep, pendingBefore: number): Promise<Outcome> {
    const { id, key: idempotencyKey } = taking;
    const ref = this.#ref(id);
    const isTwice = taking.faults.some(({ fault }) => fault === 'duplicate');
    switch (kindOf(step)) {
      case 'event':
        return this.#command(() => ref.send(step as EventStep, { idempotencyKey }), isTwice);
      case 'command': {
        const { command, input } = step as CommandStep;
        return this.#command(() => ref.execute(command, input, { idempotencyKey }), isTwice);
      }
      case 'timer':
        return this.#comes(taking, pendingBefore);
      default:
        return this.#hears(taking, step as WorkStep);
    }
  }

  /** Sends until there is an answer. Twice: at once and once more after that, under the same key. */
  async #command(send: () => Promise<{ version: number }>, isTwice: boolean): Promise<Outcome> {
    const answer = async (): Promise<{ version: number } | string> => {
      try {
        return await this.#repeat(send);
      } catch (error) {
        if (isHoldfastError(error) && refusals.includes(error.code)) return messageOf(error);
        throw error;
      }
    };
    const answers = await Promise.all(isTwice ? [answer(), answer()] : [answer()]);
    if (isTwice) answers.push(await answer());
    const [first] = answers;
    const versions = new Set(answers.map((each) => (typeof each === 'string' ? 'refused' : each.version)));
    if (versions.size > 1)
      throw new Error(`sent ${answers.length} times under one key, it came to ${[...versions].join(', ')}`);
    return typeof first === 'string' ? { accepted: false, why: first } : accepted;
  }

  /** Carries out again what a host that died may not have; whoever repeats it names a key. */
  async #repeat<T>(attempt: () => Promise<T>): Promise<T> {
    const until = performance.now() + this.#options.stepTimeoutMs;
    for (;;) {
      try {
        return await attempt();
      } catch (error) {
        const isPassing = isHoldfastError(error) && error.retryable && performance.now() < until;
        if (!isPassing) throw error;
        await sleep(1);
      }
    }
  }

  /** Waits until a timer is durable, and whatever else is due has been delivered. */
  async #comes({ id, version }: ChildTaking, pendingBefore: number): Promise<Outcome> {
    const comesToNothing = version.after === version.before;
    const isThere = async (): Promise<boolean> => {
      const { pending } = await this.#runtime.health();
      return comesToNothing
        ? (pending?.timers ?? 0) < pendingBefore
        : (await this.#versionOf(id)) >= version.after;
    };
    // What comes to nothing may have done so before it was looked at.
    const isReached = await this.#until(isThere, comesToNothing ? nothingMs : this.#options.stepTimeoutMs);
    // Messages to actors that nobody hosts stay on their way.
    await this.#until(async () => (await this.#runtime.health()).deliveriesUnderway === 0, nothingMs);
    if (isReached || comesToNothing) return accepted;
    return { accepted: false, why: `its timer did not come within ${this.#options.stepTimeoutMs} ms.` };
  }

  /** Tells work what it comes to, again after each crash, and waits until that is durable. */
  async #hears({ id, version, workKey = '' }: ChildTaking, step: WorkStep): Promise<Outcome> {
    const comesToNothing = version.after === version.before;
    const end = endOf(step);
    const value = encode(step[end] ?? null);
    let telling = ++this.#tellings;
    let deaths = this.#deaths;
    const isDone = async (): Promise<boolean> => {
      // It is told before it is asked where it is, and answers in this order.
      const isTold = this.#toldId === telling;
      const reached = await this.#versionOf(id);
      if (comesToNothing ? isTold && deaths === this.#deaths : reached >= version.after) return true;
      if (deaths !== this.#deaths) {
        deaths = this.#deaths;
        telling = ++this.#tellings;
      }
      if (this.#toldId !== telling) this.#post({ kind: 'tell', id: telling, key: workKey, end, value });
      return false;
    };
    const { stepTimeoutMs } = this.#options;
    if (await this.#until(isDone, stepTimeoutMs)) return accepted;
    return {
      accepted: false,
      why:
        this.#toldId === telling
          ? `its work came to an end, and nothing of it was durable within ${stepTimeoutMs} ms.`
          : `its work was not under way within ${stepTimeoutMs} ms.`,
    };
  }

  async #versionOf(id: string): Promise<number> {
    return (await this.#repeat(() => this.#ref(id).snapshot())).version;
  }

  /** Asks until something holds, more and more seldom; false if it did not in time. */
  async #until(holds: () => Promise<boolean>, timeoutMs: number): Promise<boolean> {
    const until = performance.now() + timeoutMs;
    for (let pauseMs = 1; !(await holds()); pauseMs = Math.min(pauseMs * 2, pauseMaxMs)) {
      if (performance.now() > until) return false;
      await sleep(pauseMs);
    }
    return true;
  }

  async #strike(id: string, fault: FaultStep, wallMs: number): Promise<void> {
    if (fault.fault === 'duplicate') return;
    await sleep(fault.amidMs ?? 0);
    await this.fault(id, fault, wallMs);
  }

  /** Ends the host thread of an actor, if one runs, and resolves when it is dead. */
  async #crash(id: string): Promise<void> {
    const host = hostOf(this.#ref(id).address, this.#options.hosts);
    const { hosts } = await this.#runtime.health();
    if (hosts[host]?.state !== 'running') return;
    const deaths = this.#deaths;
    this.#post({ kind: 'crash', host });
    await this.#until(async () => this.#deaths > deaths, crashTimeoutMs);
  }

  /** Has another actor of the same host take the only place in memory. One with work under way keeps its own. */
  async #passivate(id: string): Promise<void> {
    const { hosts } = this.#options;
    const host = hostOf(this.#ref(id).address, hosts);
    let other: string;
    do other = `away-${++this.#away}`;
    while (hostOf(toAddress(this.#definition.kind, other), hosts) !== host);
    // One that cannot begin without an input has taken the place all the same.
    await this.#ref(other)
      .snapshot()
      .catch(() => undefined);
  }

  #moveClock(wallMs: number, isJump: boolean): void {
    this.#clock.moveTo(wallMs, isJump);
    this.#post({ kind: 'moved' });
  }

  #post(message: SutMessage): void {
    this.#channel.postMessage(message);
  }

  #ref(id: string): Ref {
    return this.#runtime.actor(this.#definition, id) as unknown as Ref;
  }
}

type Ref = ActorRef & {
  execute(name: string, input: unknown, options: { idempotencyKey: string }): Promise<{ version: number }>;
};
