import { MessageChannel } from 'node:worker_threads';
import type { HostControl, HostThreadData } from '../protocol/host-control.ts';
import {
  type HostListener,
  type HostReceipt,
  type HostRequest,
  readHostAnswers,
  writeHostRequest,
} from '../protocol/host-messages.ts';
import type { SqliteEventStoreBackend } from '../store/sqlite-backend.ts';
import { FramePort } from '../threads/frame-port.ts';
import { Thread } from '../threads/thread.ts';
import { typescriptExecArgv } from './typescript-modules.ts';
import { Watchdog } from './watchdog.ts';

/** What every host thread of a runtime is started with. */
export interface HostThreadOptions {
  readonly backend: SqliteEventStoreBackend;
  readonly modules: readonly string[];
  readonly residentsMax: number;
  readonly idleMs: number;
  readonly memoryMb: number;
  readonly unresponsiveMs: number;
  readonly workerUrl: URL | string | undefined;
  /** Told of what actors emit: the address, and the encoded event. */
  readonly onEmitted: HostListener['onEmitted'];
}

/** One host thread and the ports between it, the store, the reader and here. */
export class HostThreadClient {
  readonly thread: Thread<HostControl>;
  readonly watchdog: Watchdog;
  /** Why the thread was ended from here, if it was. */
  killedFor: string | undefined;
  #isGivenUp = false;
  readonly #requests: FramePort;
  readonly #ports: MessageChannel['port1'][];

  constructor(
    host: number,
    generation: number,
    options: HostThreadOptions,
    callbacks: {
      onAnswer: (id: number, answer: HostReceipt | Error) => void;
      onTick: () => void;
    },
  ) {
    const { backend, modules, residentsMax, idleMs, memoryMb, unresponsiveMs, workerUrl } = options;
    const requests = new MessageChannel();
    const appends = new MessageChannel();
    const reads = new MessageChannel();
    const heartbeat = new MessageChannel();
    const beats = new Int32Array(new SharedArrayBuffer(4));
    const data: HostThreadData = {
      modules,
      run: backend.store().run,
      residentsMax,
      idleMs,
      requests: requests.port2,
      appends: appends.port2,
      reads: reads.port2,
      heartbeat: heartbeat.port2,
      beats,
    };
    this.thread = new Thread<HostControl>({
      role: 'host',
      name: `host ${host}.${generation}`,
      workerUrl,
      data,
      transfer: [requests.port2, appends.port2, reads.port2, heartbeat.port2],
      resourceLimits: { maxOldGenerationSizeMb: memoryMb },
      execArgv: typescriptExecArgv(modules),
    });
    const listener = { onAnswer: callbacks.onAnswer, onEmitted: options.onEmitted };
    this.#requests = new FramePort(requests.port1, (frame) => readHostAnswers(frame, listener));
    this.#ports = [heartbeat.port1];
    heartbeat.port1.unref();
    this.watchdog = new Watchdog({
      heartbeat: heartbeat.port1,
      beats,
      limitMs: unresponsiveMs,
      onTick: callbacks.onTick,
      onHung: () => this.#kill(`its event loop did not turn for ${unresponsiveMs} ms`),
    });
    this.#connect(host, generation, backend, appends.port1, reads.port1);
  }

  send(request: HostRequest): void {
    this.#requests.send((frame) => writeHostRequest(frame, request));
  }

  /** Frees the ports of a thread that has ended. */
  release(): void {
    this.watchdog.stop();
    this.#requests.close();
    for (const port of this.#ports) port.close();
    this.thread.control.close();
  }

  /** The thread cannot work without its store and reader: it is ended if it cannot be connected to them. */
  #connect(
    host: number,
    generation: number,
    backend: SqliteEventStoreBackend,
    appends: MessageChannel['port1'],
    reads: MessageChannel['port1'],
  ): void {
    const { control } = backend.store().thread;
    const connected = Promise.all([
      control.call('connectHost', [host, generation, appends], { transfer: [appends] }),
      backend.reader().then(async (reader) => {
        await reader.connectHost(reads);
        return reader;
      }),
    ]);
    // Without its reader a host could load no actor, and would not notice.
    connected.then(
      async ([, reader]) => {
        await reader.thread.ended;
        this.#kill('the reader thread has ended');
      },
      () => undefined,
    );
    connected.catch((error: Error) => this.#kill(`it could not be connected: ${error.message}`));
  }

  /** Ends a thread that could not start: what it failed with is the reason. */
  giveUp(): void {
    this.#isGivenUp = true;
    void this.thread.kill();
  }

  #kill(reason: string): void {
    if (this.#isGivenUp) return;
    this.killedFor ??= reason;
    void this.thread.kill();
  }
}
