import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** One request that arrived whole. */
export interface Delivery {
  readonly idempotencyKey: string;
  readonly orderKey: string;
}

/** A server on the loopback that remembers what it was sent, and answers as the test says. */
export class CountingReceiver {
  /** In the order in which they arrived, whatever was answered. */
  readonly deliveries: Delivery[] = [];
  /** Default: 200. The number counts the deliveries of this key, from 1. */
  answer: (response: ServerResponse, delivery: Delivery, number: number) => void = (response) =>
    void response.end();
  readonly #server: Server;
  readonly #counts = new Map<string, number>();

  private constructor() {
    this.#server = createServer((request, response) => {
      request.resume().once('end', () => this.#receive(request, response));
    });
  }

  static async open(): Promise<CountingReceiver> {
    const receiver = new CountingReceiver();
    receiver.#server.listen(0, '127.0.0.1');
    await once(receiver.#server, 'listening');
    onTestFinished(() => {
      receiver.#server.close();
      receiver.#server.closeAllConnections();
    });
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  countOf(idempotencyKey: string): number {
    return this.#counts.get(idempotencyKey) ?? 0;
  }

  /** The largest number of deliveries of one key. */
  get countMax(): number {
    return Math.max(0, ...this.#counts.values());
  }

  /** By order key, each idempotency key once, in the order of their first deliveries. */
  firsts(): ReadonlyMap<string, readonly string[]> {
    const byOrderKey = Map.groupBy(this.deliveries, ({ orderKey }) => orderKey);
    return new Map(
      [...byOrderKey].map(([orderKey, deliveries]) => [
        orderKey,
        [...new Set(deliveries.map(({ idempotencyKey }) => idempotencyKey))],
      ]),
    );
  }

  #receive({ headers }: IncomingMessage, response: ServerResponse): void {
    const delivery = {
      idempotencyKey: String(headers['idempotency-key']),
      orderKey: String(headers['order-key']),
    };
    const number = this.countOf(delivery.idempotencyKey) + 1;
    this.deliveries.push(delivery);
    this.#counts.set(delivery.idempotencyKey, number);
    this.answer(response, delivery, number);
  }
}
