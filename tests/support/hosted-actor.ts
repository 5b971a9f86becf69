import { defineAggregate } from '../../actors/definitions/define-aggregate.ts';
import { HostedDefinition } from '../../actors/definitions/hosted-definition.ts';
import { ActorHost } from '../../actors/host/actor-host.ts';
import type { ActorHostOptions } from '../../actors/host/actor-host-options.ts';
import type { AnyStateMachine, MachineEvent } from '../../actors/xstate-adapter.ts';
import type { AppendRequest } from '../../runtime/protocol/append.ts';
import { decode, encode } from '../../runtime/protocol/codec.ts';
import type { Delivery, PendingDelivery } from '../../runtime/protocol/delivery.ts';
import { createEventId } from '../../runtime/protocol/event-id.ts';
import type { HostReceipt, HostRequest } from '../../runtime/protocol/host-messages.ts';
import { sha256 } from '../../runtime/protocol/sha256.ts';
import { InMemoryHostLog } from './in-memory-host-log.ts';

/** What comes with a request besides the event. */
export interface Ask {
  readonly key?: string;
  readonly expectedVersion?: number;
}

/** A host with a way to ask it and wait for the answer. */
export class AskedHost {
  readonly host: ActorHost;
  readonly log: InMemoryHostLog;
  /** Addresses and names of effects that threw. */
  readonly failedEffects: string[] = [];
  /** Events that actors have emitted, with their addresses. */
  readonly emitted: { readonly address: string; readonly event: MachineEvent }[] = [];
  /** Ids of requests in the order in which they were answered. */
  readonly answered: number[] = [];
  readonly #waiting = new Map<number, (answer: HostReceipt | Error) => void>();
  #lastId = 0;

  constructor(
    definitions: ReadonlyMap<string, HostedDefinition>,
    options: Partial<ActorHostOptions> & { readonly log?: InMemoryHostLog } = {},
  ) {
    this.log = options.log ?? new InMemoryHostLog();
    this.host = new ActorHost({
      residentsMax: 1_000,
      idleMs: 1_000,
      ...options,
      definitions,
      log: this.log,
      answer: (id, answer) => {
        this.answered.push(id);
        const settle = this.#waiting.get(id);
        if (settle === undefined) throw new Error(`request ${id} was answered twice, or never made`);
        this.#waiting.delete(id);
        settle(answer);
      },
      runtimeId: this.log.run,
      onEffectFailed: (address, type) => this.failedEffects.push(`${address} ${type}`),
      onEmitted: options.onEmitted ?? ((address, event) => this.emitted.push({ address, event })),
    });
  }

  /** Sends an event; resolves with the receipt, or with the error. */
  send(address: string, type: string, payload: object, ask: Ask = {}): Promise<HostReceipt | Error> {
    return this.#ask('send', address, type, encode(payload), ask);
  }

  /** Carries out a command; resolves with the receipt, or with the error. */
  execute(address: string, name: string, input: unknown, ask: Ask = {}): Promise<HostReceipt | Error> {
    return this.#ask('execute', address, name, encode(input), ask);
  }

  /** Starts an actor without an event. */
  start(address: string, ...input: readonly [unknown?]): Promise<HostReceipt | Error> {
    return this.#ask('start', address, '', input.length === 0 ? '' : encode(input[0]), {});
  }

  /** Has an actor read, so that it resumes its work. */
  wake(address: string): Promise<HostReceipt | Error> {
    return this.#ask('wake', address, '', '', {});
  }

  /** Delivers a timer or a message, perhaps one that comes after another. */
  deliver(pending: PendingDelivery, after = 0): Promise<HostReceipt | Error> {
    const { from, id, address, type, data, ...place } = pending;
    const consumed = { from, id, after };
    return this.#ask('deliver', address, type, data, {}, { ...place, consumed, workKey: null });
  }

  /** The state that is durable, and where. */
  async snapshot(address: string) {
    const answer = await this.#ask('snapshot', address, '', '', {});
    if (answer instanceof Error) throw answer;
    return { ...answer, ...(decode(answer.context ?? '{}') as { context: unknown; output?: unknown }) };
  }

  /** Drops every actor that is idle, as time would, once those that read themselves anew have done so. */
  async passivate(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.host.residency.sweep();
    this.host.residency.sweep();
  }

  #ask(
    operation: HostRequest['operation'],
    address: string,
    name: string,
    payload: string,
    ask: Ask,
    delivery: Delivery | null = null,
  ): Promise<HostReceipt | Error> {
    const id = ++this.#lastId;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.host.receive({
        id,
        operation,
        address,
        name,
        payload,
        metadata: null,
        expectedVersion: ask.expectedVersion ?? null,
        idempotencyKey: ask.key ?? null,
        fingerprint: ask.key === undefined ? '' : sha256(`${operation}\n${name}\n${payload}`),
        delivery,
      });
    });
  }
}

/** Makes a machine ready to host under the kind `thing`. */
export function hostedMachine(machine: AnyStateMachine, snapshotEvery = 100): HostedDefinition {
  return new HostedDefinition(defineAggregate('thing', { machine, snapshotEvery }));
}

/** The append of another writer, who knows nothing of machines. */
export function foreignAppend(stream: string, type: string, data: unknown): AppendRequest {
  return {
    stream,
    events: [{ id: createEventId(), type, schemaVersion: 1, data: encode(data), metadata: null, hash: '' }],
    expectedVersion: 'any',
    expectedHead: null,
    idsAreKeys: false,
    idempotencyKey: null,
    fingerprint: '',
    reply: null,
    snapshot: null,
    consequences: null,
  };
}
