import type { MessagePort } from 'node:worker_threads';
import { isHoldfastError } from '../errors/holdfast-error.ts';
import type { Frame } from '../protocol/append-frame.ts';
import type { ThreadContainerOptions } from '../protocol/container-blueprint.ts';
import type { EmittedGauge } from '../protocol/emitted-gauge.ts';
import { HostBoard } from '../protocol/host-board.ts';
import type { HostControl, HostFindings, HostThreadData } from '../protocol/host-control.ts';
import {
  type HostListener,
  type HostRequest,
  readHostAnswers,
  writeHostRequest,
} from '../protocol/host-messages.ts';
import type { SqliteEventStoreBackend } from '../store/sqlite-backend.ts';
import type { ControlChannel } from '../threads/control-channel.ts';
import { FramePort } from '../threads/frame-port.ts';
import { hostHeapLimits } from '../threads/heap-limits.ts';
import { Thread } from '../threads/thread.ts';
import { takeArrived, threading } from '../threads/threading.ts';
import type { Suspicion } from './suspects.ts';
import { typescriptExecArgv } from './typescript-modules.ts';
import { overBudget, type Verdict } from './verdict.ts';
import { Watchdog } from './watchdog.ts';

/** What every host thread of a runtime is started with. */
export interface HostThreadOptions {
  readonly backend: SqliteEventStoreBackend;
  readonly modules: readonly string[];
  readonly residentsMax: number;
  readonly idleMs: number;
  readonly memoryMb: number;
  readonly externalMemoryMb: number;
  readonly unresponsiveMs: number;
  readonly workerUrl: URL | string | undefined;
  /** `null` for none. */
  readonly container: ThreadContainerOptions | null;
  /** Told of what actors emit: the address, and the encoded event. */
  readonly onEmitted: HostListener['onEmitted'];
  /** Bounds what actors emit. */
  readonly emitted: EmittedGauge;
  /** Told once a thread has found projections among the modules. */
  readonly onProjections: () => void;
  /** In whose name invoked work is resumed. Default: that of the runtime. */
  readonly run?: string;
  /** What is known of the deaths of the threads before. */
  readonly suspicion?: Suspicion;
}

/** One host thread and the ports between it, the store, the reader and here. */
export class HostThreadClient {
  readonly thread: Thread<HostControl>;
  readonly watchdog: Watchdog;
  readonly board = new HostBoard();
  readonly memoryMb: number;
  readonly externalMemoryMb: number;
  /** Why the thread was ended from here, if it was. */
  verdict: Verdict | undefined;
  #isGivenUp = false;
  #hasReader = false;
  readonly #listener: HostListener;
  readonly #emitted: EmittedGauge;
  /** How many emitted events have come. */
  #told = 0;
  readonly #requests: FramePort;
  readonly #answers: MessagePort;
  readonly #direct: MessagePort;
  readonly #ports: MessagePort[];

  /** `place` and `generation` are what the store knows the thread by. */
  constructor(
    place: number,
    generation: number,
    options: HostThreadOptions,
    callbacks: { onAnswer: HostListener['onAnswer']; onTick: (sleptMs: number) => void },
  ) {
    const { backend, modules, residentsMax, idleMs, memoryMb, externalMemoryMb, unresponsiveMs } = options;
    const requests = threading().createChannel();
    const appends = threading().createChannel();
    const reads = threading().createChannel();
    const direct = threading().createChannel();
    const heartbeat = threading().createChannel();
    const data: HostThreadData = {
      modules,
      run: options.run ?? backend.store().run,
      ...(options.suspicion ?? { convicted: [], givenUp: [], isTraced: false }),
      residentsMax,
      idleMs,
      externalMemoryMb,
      container: options.container,
      requests: requests.port2,
      appends: appends.port2,
      reads: reads.port2,
      heartbeat: heartbeat.port2,
      emitted: options.emitted.cells,
      board: this.board.memory,
    };
    this.#emitted = options.emitted;
    this.memoryMb = memoryMb;
    this.externalMemoryMb = externalMemoryMb;
    this.thread = new Thread<HostControl>({
      role: 'host',
      name: `host ${place}.${generation}`,
      workerUrl: options.workerUrl,
      data,
      transfer: [requests.port2, appends.port2, reads.port2, heartbeat.port2],
      resourceLimits: hostHeapLimits(memoryMb),
      execArgv: typescriptExecArgv(modules),
    });
    this.#listener = {
      onAnswer: callbacks.onAnswer,
      onEmitted: (...emitted) => {
        this.#told++;
        options.onEmitted(...emitted);
      },
      onReaderWanted: () => this.#connectReader(backend),
    };
    this.#answers = requests.port1;
    this.#requests = new FramePort(requests.port1, (frame) => readHostAnswers(frame, this.#listener));
    // The store answers commands that it has appended; its words are those of the host.
    this.#direct = direct.port1;
    this.#direct.on('message', (frame: Frame) => readHostAnswers(frame, this.#listener));
    this.#direct.unref();
    this.#ports = [heartbeat.port1, direct.port1];
    heartbeat.port1.unref();
    this.watchdog = new Watchdog({
      heartbeat: heartbeat.port1,
      board: this.board,
      limitMs: unresponsiveMs,
      onTick: callbacks.onTick,
      onSilent: () => void this.#weigh(),
      onHung: () =>
        this.end({
          cause: 'unresponsive',
          message: `its event loop did not turn for ${unresponsiveMs} ms`,
          figures: { limitMs: unresponsiveMs },
        }),
    });
    const store = [appends.port1, direct.port2, reads.port1] as const;
    // As with a fence, only the answer of the store, which may wait long for the lock of another process, or its end counts.
    const connected = backend.store().thread.control.call('connectHost', [place, generation, ...store], {
      transfer: store,
      timeoutMs: Infinity,
    });
    connected.catch((error: Error) => this.#endDisconnected(`it could not be connected: ${error.message}`));
    void this.#lookForProjections(options.onProjections);
  }

  send(request: HostRequest): void {
    this.#requests.send((frame) => writeHostRequest(frame, request));
  }

  /** Asks the thread; `undefined` if it ends before it has answered: what it had in memory is gone with it. */
  async ask<Answer>(
    question: (host: ControlChannel<HostControl>) => Promise<Answer>,
  ): Promise<Answer | undefined> {
    try {
      return await question(this.thread.control);
    } catch (error) {
      if (isHoldfastError(error, 'HOLDFAST_ERR_THREAD_EXITED')) return undefined;
      throw error;
    }
  }

  /** Takes what the thread had answered before it ended: its end may overtake its messages. */
  takeLastAnswers(): void {
    for (const port of [this.#direct, this.#answers])
      takeArrived<Frame>(port, (frame) => readHostAnswers(frame, this.#listener));
  }

  /** Frees the ports of a thread that has ended. */
  release(): void {
    this.#emitted.forget(this.board.emitted - this.#told);
    this.watchdog.stop();
    this.#requests.close();
    for (const port of this.#ports) port.close();
    this.thread.control.close();
  }

  /** Ends the thread, which is told of in its death. */
  end(verdict: Verdict): void {
    if (this.#isGivenUp) return;
    this.verdict ??= verdict;
    void this.thread.kill();
  }

  /** Ends a thread that could not start: what it failed with is the reason. */
  giveUp(): void {
    this.#isGivenUp = true;
    void this.thread.kill();
  }

  async #lookForProjections(onProjections: () => void): Promise<void> {
    try {
      const found = (await this.thread.started()) as HostFindings;
      if (found.hasProjections) onProjections();
    } catch {
      // The next thread says it.
    }
  }

  /** A thread that does not turn its event loop cannot look at its own memory. */
  async #weigh(): Promise<void> {
    const usedMb = Math.ceil(((await this.thread.externalBytes()) ?? 0) / 2 ** 20);
    if (usedMb > this.externalMemoryMb) this.end(overBudget(usedMb, this.externalMemoryMb));
  }

  /** From now on the thread reads from the reader. Without it, it could load no actor, and would not notice. */
  #connectReader(backend: SqliteEventStoreBackend): void {
    if (this.#hasReader) return;
    this.#hasReader = true;
    const { port1, port2 } = threading().createChannel();
    const connect = async (): Promise<void> => {
      const reader = await backend.reader();
      await reader.connectHost(port1);
      await this.thread.control.call('readFrom', [port2], { transfer: [port2], timeoutMs: Infinity });
      // The reader outlives many of these threads, and keeps none of them.
      const forget = reader.thread.onEnded(() => this.#endDisconnected('the reader thread has ended'));
      this.thread.onEnded(forget);
    };
    connect().catch((error: Error) =>
      this.#endDisconnected(`it could not be connected to a reader thread: ${error.message}`),
    );
  }

  #endDisconnected(message: string): void {
    this.end({ cause: 'disconnected', message, figures: {} });
  }
}
