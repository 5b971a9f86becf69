import type { HostedDefinition } from '../../actors/definitions/hosted-definition.ts';
import { ActorHost } from '../../actors/host/actor-host.ts';
import type { HostLog } from '../../runtime/ports/host-log.ts';
import { encode } from '../../runtime/protocol/codec.ts';
import type { Delivery, PendingDelivery } from '../../runtime/protocol/delivery.ts';
import type { HostOperation, HostReceipt } from '../../runtime/protocol/host-messages.ts';
import type { LoadRequest } from '../../runtime/protocol/load.ts';
import { sha256 } from '../../runtime/protocol/sha256.ts';
import { InMemoryHostLog } from './in-memory-host-log.ts';

/** How one request ended: answered, or nobody knows since its host was gone. */
export type Answer = HostReceipt | Error | 'lost';

/**
 * A whole runtime on one thread without a real disk or clock: a log that survives, and a host that may be lost at any
 * moment and is replaced by one that knows only what the log holds. A lost host goes on computing, as a thread does for
 * a while, but nothing of it reaches the log any more.
 */
export class SimulatedWorld {
  readonly log = new InMemoryHostLog();
  readonly #definitions: ReadonlyMap<string, HostedDefinition>;
  #host: ActorHost;
  #generation = 0;
  #lastId = 0;
  readonly #waiting = new Map<number, (answer: Answer) => void>();

  constructor(definitions: ReadonlyMap<string, HostedDefinition>) {
    this.#definitions = definitions;
    this.#host = this.#startHost();
  }

  send(address: string, type: string, payload: object, key: string): Promise<Answer> {
    return this.#ask('send', address, type, encode(payload), key, null);
  }

  deliver(pending: PendingDelivery): Promise<Answer> {
    const { from, id, address, actor, passOnTo, sender, type, data } = pending;
    const delivery: Delivery = { consumed: { from, id }, actor, passOnTo, sender, workKey: null };
    return this.#ask('deliver', address, type, data, null, delivery);
  }

  wake(address: string): Promise<Answer> {
    return this.#ask('wake', address, '', '', null, null);
  }

  snapshot(address: string): Promise<Answer> {
    return this.#ask('snapshot', address, '', '', null, null);
  }

  /** Drops every actor that is idle. */
  passivate(): void {
    this.#host.residency.sweep();
    this.#host.residency.sweep();
  }

  /** The host is gone, with all that it had in memory; whoever waits for it learns nothing. */
  crash(): void {
    this.#generation++;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const settle of waiting) settle('lost');
    this.#host = this.#startHost();
  }

  /** Lets everything that is under way come to rest, without moving the clock. */
  async rest(): Promise<void> {
    for (let turn = 0; turn < 12; turn++) await new Promise((resolve) => setImmediate(resolve));
  }

  #startHost(): ActorHost {
    const generation = this.#generation;
    const isLost = () => generation !== this.#generation;
    // As the fence does: what the host before has sent is committed before this one reads.
    const fenced = this.log.drained();
    const readLog = (request: LoadRequest) => this.log.load(request);
    const log: HostLog = {
      append: (request, settle) => {
        if (!isLost()) this.log.append(request, (outcome) => isLost() || settle(outcome));
        return false;
      },
      async load(request) {
        await fenced;
        return isLost() ? new Promise(() => undefined) : readLog(request);
      },
    };
    return new ActorHost({
      definitions: this.#definitions,
      log,
      residentsMax: 1_000,
      idleMs: 1_000,
      runtimeId: this.log.run,
      answer: (id, answer) => {
        if (isLost()) return;
        const settle = this.#waiting.get(id);
        this.#waiting.delete(id);
        settle?.(answer);
      },
      onEffectFailed: (address, type, error) => {
        throw new Error(`the effect "${type}" of ${address} failed`, { cause: error });
      },
      onEmitted: () => undefined,
    });
  }

  #ask(
    operation: HostOperation,
    address: string,
    name: string,
    payload: string,
    key: string | null,
    delivery: Delivery | null,
  ): Promise<Answer> {
    const id = ++this.#lastId;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#host.receive({
        id,
        operation,
        address,
        name,
        payload,
        metadata: null,
        expectedVersion: null,
        idempotencyKey: key,
        fingerprint: key === null ? '' : sha256(`${operation}\n${name}\n${payload}`),
        delivery,
      });
    });
  }
}
