import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** A webhook as a server got it. */
export interface ReceivedWebhook {
  readonly method: string | undefined;
  readonly key: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A real HTTP server on loopback that counts, and can be away and come back under the same address. */
export class WebhookReceiver {
  readonly received: ReceivedWebhook[] = [];
  /** The keys of those that were answered with 200, as often as they were. */
  readonly acknowledged: string[] = [];
  /** What it answers by path of the document, one after the other, and then 200. `'never'` for no answer. */
  readonly answers = new Map<unknown, (number | 'never')[]>();
  onReceived: (count: number) => void = () => undefined;
  readonly #server: Server;
  #port = 0;

  constructor() {
    this.#server = createServer((request, response) => {
      // A client that is killed half way has said nothing.
      this.#answer(request, response).catch(() => undefined);
    });
  }

  get port(): number {
    return this.#port;
  }

  async comeBack(): Promise<void> {
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async goAway(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method, headers } = request;
    const body = JSON.parse(await text(request));
    const key = String(headers['idempotency-key']);
    this.received.push({ method, headers, key, body });
    this.onReceived(this.received.length);
    const status = this.answers.get(body.path)?.shift() ?? 200;
    if (status === 'never') return;
    // Where a redirect leads to would take it.
    response.writeHead(status, status === 302 ? { location: '/elsewhere' } : {}).end('answer');
    if (status === 200) response.once('finish', () => this.acknowledged.push(key));
  }
}
