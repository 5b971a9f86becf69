import { RunningMachine } from '../../actors/run-machine.ts';
import { hostLifecycleMachine } from '../../machines/host-lifecycle.machine.ts';
import { type HoldfastError, holdfastError, isHoldfastError } from '../errors/holdfast-error.ts';
import { deadLettered, hostDied } from '../observability/channels.ts';
import type { NewDeadLetter } from '../protocol/dead-letter.ts';
import type { HostReceipt, HostRequest } from '../protocol/host-messages.ts';
import type { SkippedEventCount } from '../protocol/skipped-event.ts';
import { HostThreadClient, type HostThreadOptions } from './host-thread-client.ts';

/** Somebody who waits for the answer to a request. */
export interface Waiter {
  readonly request: HostRequest;
  /** Called with every answer: once, but for `watch`, which is told of every change. */
  readonly answer: (answer: HostReceipt | Error) => void;
  /** When to give up, by the clock of `performance.now()`; `Infinity` for never. */
  deadline: number;
  /** Stops waiting with a reason. The request goes on, and its answer is still counted. */
  readonly giveUp: (reason: unknown) => void;
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
  /** Waiters that a dead thread has left and that are not told yet. */
  #leftBehind = 0;

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
    this.#reportDrained();
  }

  /** Actors in memory. */
  async residents(): Promise<number> {
    if (this.#client === undefined || this.#lifecycle.state !== 'running') return 0;
    return this.#client.thread.control.call('residents', []);
  }

  /** Stored events that the machines of the thread that serves now passed over. */
  async skippedEvents(): Promise<SkippedEventCount[]> {
    if (this.#client === undefined || this.#lifecycle.state !== 'running') return [];
    return this.#client.thread.control.call('skippedEvents', []);
  }

  /** Resolves when every command has been answered. */
  async drained(): Promise<void> {
    for (const { request } of [...this.#waiting.values()])
      if (request.operation === 'watch') this.forget(request.id);
    await new Promise<void>((resolve) => {
      this.#onDrained = resolve;
      this.#reportDrained();
    });
  }

  #reportDrained(): void {
    if (this.#waiting.size === 0 && this.#leftBehind === 0) this.#onDrained?.();
  }

  /** Saves snapshots and ends the thread, which holds nothing that is not on disk. Nothing may be sent any more. */
  async close(timeoutMs: number): Promise<void> {
    const client = this.#client;
    const wasRunning = this.#lifecycle.state === 'running';
    this.#lifecycle.send({ type: 'close' });
    if (client === undefined) return;
    client.thread.hold();
    if (wasRunning && timeoutMs > 0) {
      // A thread that does not answer loses its snapshots, which are a cache.
      await this.#saveHotSnapshots(client, timeoutMs).catch(() => undefined);
    }
    await client.thread.kill();
    await client.thread.ended;
    client.thread.release();
  }

  #start(): void {
    this.#lifecycle.send({ type: 'start' });
    const { generation } = this.#lifecycle.context;
    let client: HostThreadClient;
    try {
      client = new HostThreadClient(this.#host, generation, this.#options, {
        onAnswer: (id, answer) => this.#answer(id, answer),
        onTick: () => this.#expire(),
      });
    } catch (error) {
      this.#lifecycle.send({ type: 'exited' });
      void this.#bury('it could not be made', notStarted(error));
      return;
    }
    this.#client = client;
    client.thread.hold();
    client.watchdog.start();
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
    for (const { request, giveUp, deadline } of this.#waiting.values()) {
      if (deadline <= now) giveUp(timedOut(request));
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
    const failed = this.#takeFailed(startError === undefined ? 'commands' : 'all');
    hostDied.publish({ host: this.#host, generation, reason: why, unanswered: failed.length });
    await this.#fence(generation);
    // A thread that never started has carried out nothing, and its callers know why.
    if (startError === undefined) await this.#recordDeadLetters(failed, 'host-died', why);
    // A thread that could not start says why (a module that does not load), which is better than that it ended.
    for (const { request, answer } of failed) answer(startError ?? died(request, why, reason));
    this.#leftBehind -= failed.length;
    this.#lifecycle.send({ type: 'fenced' });
    this.#reportDrained();
    const { state } = this.#lifecycle;
    if (state === 'closed') await this.#giveUp();
    else if (state === 'absent' && this.#waiting.size > 0) this.#start();
  }

  /** Who still waits when the runtime has closed is told, and the command is kept as a dead letter. */
  async #giveUp(): Promise<void> {
    const left = this.#takeFailed('all');
    await this.#recordDeadLetters(left, 'closed', null);
    for (const { request, answer } of left) answer(closedUnderway(request));
    this.#leftBehind -= left.length;
  }

  /** Commands have had their one try; watchers are served by the next thread, if one can start. */
  #takeFailed(which: 'all' | 'commands'): Waiter[] {
    const failed: Waiter[] = [];
    for (const waiter of this.#waiting.values()) {
      waiter.deaths = (waiter.deaths ?? 0) + 1;
      if (which === 'all' || waiter.request.operation !== 'watch' || waiter.deaths >= deathsMax)
        failed.push(waiter);
    }
    for (const { request } of failed) this.#waiting.delete(request.id);
    this.#leftBehind += failed.length;
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
      const { address, name: type, payload: data, idempotencyKey } = request;
      const operation = request.operation as NewDeadLetter['operation'];
      return { address, operation, type, data, idempotencyKey, reason, detail };
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

function notStarted(cause: unknown): HoldfastError {
  const message = cause instanceof Error ? cause.message : String(cause);
  return holdfastError(
    'HOLDFAST_ERR_THREAD_START',
    `A host thread could not be made: ${message}.`,
    undefined,
    cause,
  );
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
  const { address, name, operation } = request;
  if (operation === 'snapshot') {
    return holdfastError(
      'HOLDFAST_ERR_TIMEOUT',
      `${address} did not show its state in time. Repeat the call.`,
    );
  }
  return holdfastError(
    'HOLDFAST_ERR_TIMEOUT',
    `${address} did not answer "${name}" in time. The command may still be carried out; repeat it with its ` +
      'idempotency key. If nothing of this runtime answers, look whether a definition module blocks while it is imported.',
  );
}

function closedUnderway(request: HostRequest): HoldfastError {
  return holdfastError(
    'HOLDFAST_ERR_CLOSED',
    `The runtime closed before ${request.address} answered "${request.name || request.operation}". The command may have ` +
      'been carried out; repeat it with its idempotency key.',
  );
}
