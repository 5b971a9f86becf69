import { RunningMachine } from '../../actors/run-machine.ts';
import { hostLifecycleMachine } from '../../machines/host-lifecycle.machine.ts';
import { type HoldfastError, holdfastError, isHoldfastError } from '../errors/holdfast-error.ts';
import { deadLettered, hostDied } from '../observability/channels.ts';
import type { NewDeadLetter } from '../protocol/dead-letter.ts';
import type { HostReceipt, HostRequest } from '../protocol/host-messages.ts';
import { HostThreadClient, type HostThreadOptions } from './host-thread-client.ts';

/** Somebody who waits for the answer to a request. */
export interface Waiter {
  readonly request: HostRequest;
  /** Called with every answer: once, but for `watch`, which is told of every change. */
  readonly answer: (answer: HostReceipt | Error) => void;
  /** When to give up, by the clock of `performance.now()`; `Infinity` for never. */
  readonly deadline: number;
  /** Frees what a time-out or signal of its own needs. */
  release?: () => void;
  /** How many host threads have died under it. */
  deaths?: number;
}

/** A watcher follows its actor to the next thread so many times; then the actor is taken for the cause. */
const deathsMax = 3;

/**
 * A place that actors live at, served by one thread after another: the next one is started when it is needed. A thread
 * that dies takes nothing with it but what it had in memory; who waited for it is told and can repeat the call.
 */
export class Host {
  readonly #host: number;
  readonly #options: HostThreadOptions;
  readonly #lifecycle = new RunningMachine(hostLifecycleMachine);
  readonly #waiting = new Map<number, Waiter>();
  #client: HostThreadClient | undefined;
  #lastId = 0;
  #onDrained: (() => void) | undefined;

  constructor(host: number, options: HostThreadOptions) {
    this.#host = host;
    this.#options = options;
  }

  nextId(): number {
    return ++this.#lastId;
  }

  /** Sends a request and remembers who waits. Starts a thread if there is none. */
  send(waiter: Waiter): void {
    const { request } = waiter;
    if (this.#waiting.size === 0) this.#client?.thread.hold();
    this.#waiting.set(request.id, waiter);
    if (this.#lifecycle.state === 'absent') this.#start();
    else if (this.#lifecycle.state !== 'fencing') this.#client?.send(request);
    this.#client?.watchdog.start();
  }

  /** Sends a request that nobody waits for. */
  tell(request: HostRequest): void {
    this.#client?.send(request);
  }

  /** Stops waiting for an answer. The request may still be carried out. */
  forget(id: number): void {
    if (!this.#waiting.delete(id) || this.#waiting.size > 0) return;
    this.#client?.watchdog.stop();
    this.#client?.thread.release();
    this.#onDrained?.();
  }

  /** Actors in memory. */
  async residents(): Promise<number> {
    if (this.#client === undefined || this.#lifecycle.state !== 'running') return 0;
    return this.#client.thread.control.call('residents', []);
  }

  /** Resolves when every command has been answered. */
  async drained(): Promise<void> {
    for (const { request } of [...this.#waiting.values()])
      if (request.operation === 'watch') this.forget(request.id);
    if (this.#waiting.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#onDrained = resolve;
    });
  }

  /** Ends the thread: gently if it answers in time, at once if not. Nothing may be sent any more. */
  async close(timeoutMs: number): Promise<void> {
    const client = this.#client;
    this.#lifecycle.send({ type: 'close' });
    if (client === undefined) return;
    const { thread } = client;
    thread.hold();
    try {
      await thread.started(timeoutMs);
      await this.#saveHotSnapshots(client, timeoutMs);
      await thread.control.call('close', [], { timeoutMs });
      const gone = new Promise((resolve) => setTimeout(resolve, timeoutMs).unref());
      await Promise.race([thread.ended, gone]);
    } catch {
      // A thread that does not answer is ended below; what it held in memory is on disk as events.
    }
    await thread.kill();
    thread.release();
  }

  #start(): void {
    this.#lifecycle.send({ type: 'start' });
    const { generation } = this.#lifecycle.context;
    const client = new HostThreadClient(this.#host, generation, this.#options, {
      onAnswer: (id, answer) => this.#answer(id, answer),
      onTick: () => this.#expire(),
    });
    this.#client = client;
    client.thread.hold();
    for (const { request } of this.#waiting.values()) client.send(request);
    let startError: Error | undefined;
    const started = client.thread.started().then(
      () => {
        this.#lifecycle.send({ type: 'started' });
        client.watchdog.arm();
      },
      (error: Error) => {
        startError = error;
        client.giveUp();
      },
    );
    void Promise.all([client.thread.ended, started]).then(([reason]) => {
      // A thread that was ended from here did not fail to start.
      void this.#ended(client, client.killedFor === undefined ? (startError ?? reason) : reason);
    });
  }

  #answer(id: number, answer: HostReceipt | Error): void {
    const waiter = this.#waiting.get(id);
    if (waiter === undefined) return;
    if (waiter.request.operation !== 'watch' || answer instanceof Error) this.forget(id);
    waiter.deaths = 0;
    waiter.answer(answer);
  }

  #expire(): void {
    const now = performance.now();
    for (const { request, answer, deadline } of this.#waiting.values()) {
      if (deadline > now) continue;
      this.forget(request.id);
      answer(timedOut(request));
    }
  }

  async #ended(client: HostThreadClient, reason: Error): Promise<void> {
    const held = this.#waiting.size > 0;
    client.release();
    this.#client = undefined;
    this.#lifecycle.send({ type: 'exited' });
    if (this.#lifecycle.state === 'closed') await this.#giveUp();
    else await this.#bury(client.killedFor ?? reason.message, reason);
    if (held) client.thread.release();
  }

  /** Settles who waited for a thread that died, and makes way for the next one. */
  async #bury(why: string, reason: Error): Promise<void> {
    const { generation } = this.#lifecycle.context;
    const startError = isHoldfastError(reason, 'HOLDFAST_ERR_THREAD_EXITED') ? undefined : reason;
    const failed = this.#takeFailed(startError !== undefined);
    hostDied.publish({ host: this.#host, generation, reason: why, unanswered: failed.length });
    await this.#fence(generation);
    await this.#recordDeadLetters(failed, 'host-died', why);
    // A thread that could not start says why (a module that does not load), which is better than that it ended.
    for (const { request, answer } of failed) answer(startError ?? died(request, why, reason));
    this.#lifecycle.send({ type: 'fenced' });
    if (this.#waiting.size === 0) this.#onDrained?.();
    else if (this.#lifecycle.state === 'absent') this.#start();
  }

  /** Who still waits when the runtime has closed is told, and the command is kept as a dead letter. */
  async #giveUp(): Promise<void> {
    const left = this.#takeFailed(true);
    await this.#recordDeadLetters(left, 'closed', null);
    for (const { request, answer } of left) answer(closedUnderway(request));
  }

  /** Commands have had their one try; watchers are served by the next thread, if one can start. */
  #takeFailed(all: boolean): Waiter[] {
    const failed: Waiter[] = [];
    for (const waiter of this.#waiting.values()) {
      waiter.deaths = (waiter.deaths ?? 0) + 1;
      if (all || waiter.request.operation !== 'watch' || waiter.deaths >= deathsMax) failed.push(waiter);
    }
    for (const { request } of failed) this.#waiting.delete(request.id);
    return failed;
  }

  async #fence(generation: number): Promise<void> {
    try {
      await this.#options.backend.store().thread.control.call('fenceHost', [this.#host, generation + 1]);
    } catch {
      // The store is closing or gone: then nothing of the dead thread can reach it either.
    }
  }

  async #recordDeadLetters(
    waiters: readonly Waiter[],
    reason: NewDeadLetter['reason'],
    detail: string | null,
  ): Promise<void> {
    const commands = waiters.filter(({ request }) => isCommand(request));
    if (commands.length === 0) return;
    const letters = commands.map(({ request }): NewDeadLetter => {
      const { address, name: type, payload: data } = request;
      return { address, type, data, reason, detail };
    });
    for (const { address, type } of letters) deadLettered.publish({ address, type, reason });
    try {
      await this.#options.backend.store().thread.control.call('recordDeadLetters', [letters]);
    } catch {
      // The callers are told in any case; a full disk must not keep them waiting.
    }
  }

  async #saveHotSnapshots(client: HostThreadClient, timeoutMs: number): Promise<void> {
    const snapshots = await client.thread.control.call('hotSnapshots', [], { timeoutMs });
    if (snapshots.length === 0) return;
    await this.#options.backend.store().thread.control.call('saveSnapshots', [snapshots], { timeoutMs });
  }
}

function isCommand({ operation }: HostRequest): boolean {
  return operation === 'send' || operation === 'execute';
}

function died(request: HostRequest, reason: string, cause: Error): HoldfastError {
  const { address } = request;
  return holdfastError(
    'HOLDFAST_ERR_HOST_DIED',
    `The host thread of ${address} died before it answered "${request.name || request.operation}": ${reason} ` +
      'The command may have been carried out; repeat it with its idempotency key.',
    { address, reason },
    cause,
  );
}

/** The error of a request that was not answered in time. */
export function timedOut(request: Pick<HostRequest, 'address' | 'name' | 'operation'>): HoldfastError {
  return holdfastError(
    'HOLDFAST_ERR_TIMEOUT',
    `${request.address} did not answer "${request.name || request.operation}" in time. The command may still be ` +
      'carried out; repeat it with its idempotency key.',
  );
}

function closedUnderway(request: HostRequest): HoldfastError {
  return holdfastError(
    'HOLDFAST_ERR_CLOSED',
    `The runtime closed before ${request.address} answered "${request.name || request.operation}". The command may have ` +
      'been carried out; repeat it with its idempotency key.',
  );
}
