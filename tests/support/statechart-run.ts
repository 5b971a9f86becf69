import { expect } from 'vitest';
import type { MachineEvent } from '../../actors/xstate-adapter.ts';
import { decode } from '../../runtime/protocol/codec.ts';
import type { Consequences } from '../../runtime/protocol/consequences.ts';
import type { PendingDelivery } from '../../runtime/protocol/delivery.ts';
import { AskedHost, hostedMachine } from './hosted-actor.ts';
import { InMemoryHostLog } from './in-memory-host-log.ts';
import {
  type Define,
  messageOf,
  newsOf,
  type Observation,
  plain,
  type Run,
  runByXState,
  shownChildren,
  turn,
} from './statechart-oracle.ts';
import type { ScriptStep } from './statechart-step.ts';
import { World } from './statechart-world.ts';

const address = 'thing/1';
const nothing: Consequences = { consumed: null, timers: [], messages: [], hasWork: null, deadLetter: null };
const deliveriesMax = 1_000;

/** How a hosted actor is treated between steps. */
export type Treatment = 'resident' | 'passivated' | 'replayed';

/** How often a state is saved: `resident` and `replayed` never read a snapshot, `passivated` always does. */
const snapshotEvery: Record<Treatment, number> = { resident: 1e9, passivated: 1, replayed: 1e9 };

/** A machine hosted by Holdfast, over a log in memory. */
export class HostedRun implements Run {
  readonly log = new InMemoryHostLog();
  readonly world = new World();
  readonly #hosted: ReturnType<typeof hostedMachine>;
  readonly #treatment: Treatment;
  readonly #emitted: Observation['emitted'][number][] = [];
  readonly #performedNow = newsOf(this.world.performed);
  readonly #emittedNow = newsOf(this.#emitted);
  /** Told of each message that is delivered. */
  onMessage: (message: PendingDelivery) => void = () => undefined;
  #host: AskedHost;
  #keys = 0;

  constructor(define: Define, treatment: Treatment) {
    this.#treatment = treatment;
    this.#hosted = hostedMachine(define(this.world), snapshotEvery[treatment]);
    this.#host = this.#newHost();
  }

  async start(input: unknown): Promise<this> {
    const answer = await (input === undefined ? this.#host.start(address) : this.#host.start(address, input));
    if (answer instanceof Error) throw answer;
    await this.quiet();
    return this;
  }

  async take(step: ScriptStep): Promise<void> {
    if (step.kind === 'advance') await this.#advance(step.ms);
    else if (step.kind === 'world') step.act(this.world);
    else {
      const { type, ...payload } = step.event;
      await this.#host.send(address, type, payload);
    }
    await this.quiet();
    await this.#interrupt();
  }

  /** Takes a step, in the middle of which the process dies. Whoever asked for it asks again, as clients do. */
  async takeTwice(step: ScriptStep): Promise<void> {
    if (step.kind === 'world') step.act(this.world);
    else if (step.kind === 'send') void this.#send(step.event, `step ${++this.#keys}`);
    else {
      // A clock that was wrong for a moment has nothing delivered.
      this.log.effects.now -= 10_000;
      expect(this.log.effects.due()).toEqual([]);
      this.log.effects.now += 10_000 + step.ms;
      const [timer] = this.log.effects.due();
      if (timer !== undefined) void this.#host.deliver(timer);
    }
    await this.crash();
    if (step.kind === 'world') step.act(this.world);
    else if (step.kind === 'send') await this.#send(step.event, `step ${this.#keys}`);
    else await this.#advance(0);
    await this.quiet();
  }

  #send({ type, ...payload }: MachineEvent, key: string) {
    return this.#host.send(address, type, payload, { key });
  }

  /** The process dies, and another one goes on from the log. What was under way is lost. */
  async crash(): Promise<void> {
    this.#host.host.receive = () => undefined;
    this.#host = this.#newHost();
    await this.#host.wake(address);
    await this.quiet();
  }

  /** Until nothing is on its way to the log, and no message waits. */
  async quiet(): Promise<void> {
    for (let quietTurns = 0; quietTurns < 2; ) {
      await turn();
      quietTurns = this.log.isQuiet ? quietTurns + 1 : 0;
      const [message] = this.log.effects.messages();
      if (message === undefined || quietTurns < 2) continue;
      this.onMessage(message);
      if (message.address === address) await this.#host.deliver(message);
      else this.log.effects.apply(address, { ...nothing, consumed: { from: 'outbox', id: message.id } });
      quietTurns = 0;
    }
  }

  async look(): Promise<Observation> {
    const shown = await this.#host.snapshot(address);
    const { state, status, context, output, error, tags } = shown as typeof shown & {
      output?: unknown;
      error?: unknown;
      tags: string[];
    };
    return {
      value: state,
      status,
      context: plain(context),
      output: plain(output),
      error: messageOf(error),
      tags: tags.sort(),
      children: await this.#children(),
      emitted: this.#emittedNow(),
      performed: this.#performedNow(),
    };
  }

  /** Names of effects that threw. */
  get failedEffects(): readonly string[] {
    return this.#host.failedEffects;
  }

  async #advance(ms: number): Promise<void> {
    this.log.effects.now += ms;
    for (let delivered = 0; ; delivered++) {
      if (delivered > deliveriesMax) throw new Error('timers come without an end');
      const [timer] = this.log.effects.due();
      if (timer === undefined) return;
      await this.#host.deliver(timer);
      // The second delivery of the same row finds it gone.
      await this.#host.deliver(timer);
      await this.quiet();
    }
  }

  async #interrupt(): Promise<void> {
    if (this.#treatment === 'resident') return;
    if (this.#treatment === 'passivated') {
      await this.#host.passivate();
      // What has work under way stays in memory.
      if (this.#host.host.residents === 0) return;
    }
    await this.crash();
  }

  /** The child actors, as the newest snapshot has them, or as the log leads to them. */
  async #children(): Promise<unknown> {
    const { fingerprint } = this.#hosted;
    const events = await this.log.events(address);
    const request = { stream: address, after: 0, fingerprint, key: null };
    const { snapshot } = await this.log.load(request);
    if (snapshot?.version === events.length) return shownChildren(decode(snapshot.state));
    const identity = { id: '1', address, onInput: () => undefined };
    const { tree } = this.#hosted.fold(this.#hosted.beginOrFail(identity), identity, {
      types: events.map(({ type }) => type),
      data: events.map(({ data }) => data),
      versionAt: (index) => index + 1,
    });
    return shownChildren(tree?.persist());
  }

  #newHost(): AskedHost {
    const emitted = this.#emitted;
    return new AskedHost(new Map([['thing', this.#hosted]]), {
      log: this.log,
      onEmitted: (_address, event) => emitted.push(event),
    });
  }
}

/** What was seen of a machine: at first, and after each step. */
export interface Seen {
  readonly steps: readonly Observation[];
  readonly values: readonly unknown[];
  readonly last: Observation;
  readonly performed: readonly string[];
  readonly emitted: readonly Observation['emitted'][number][];
}

/**
 * Runs a script by XState itself and by Holdfast: with the actor in memory all the time, with the actor dropped and read
 * from its snapshot after each step, and with all of its log replayed after each step. Fails where they differ.
 */
export async function runEverywhere(
  define: Define,
  script: readonly ScriptStep[],
  options: { readonly input?: unknown } = {},
): Promise<Seen> {
  const { input } = options;
  const expected = await observe(runByXState(define, input), script);
  for (const treatment of ['resident', 'passivated', 'replayed'] as const) {
    const run = await new HostedRun(define, treatment).start(input);
    const actual = await observe(run, script);
    for (const [index, observation] of expected.entries()) {
      const after = index === 0 ? 'its start' : nameOf(script[index - 1] as ScriptStep);
      expect({ treatment, after, ...actual[index] }).toEqual({ treatment, after, ...observation });
    }
    expect(run.failedEffects).toEqual([]);
  }
  return {
    steps: expected,
    values: expected.map(({ value }) => value),
    last: expected.at(-1) as Observation,
    performed: expected.flatMap(({ performed }) => performed),
    emitted: expected.flatMap(({ emitted }) => emitted),
  };
}

async function observe(run: Run, script: readonly ScriptStep[]): Promise<Observation[]> {
  const seen = [await run.look()];
  for (const step of script) {
    await run.take(step);
    seen.push(await run.look());
  }
  return seen;
}

function nameOf(step: ScriptStep): string {
  if (step.kind === 'send') return step.event.type;
  return step.kind === 'advance' ? `${step.ms} ms` : step.what;
}
