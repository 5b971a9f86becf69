import { holdfastError } from '../errors/holdfast-error.ts';
import { placeOf } from '../protocol/address.ts';
import type { PendingDelivery } from '../protocol/consequences.ts';
import type { HostReceipt, HostRequest } from '../protocol/host-messages.ts';
import { checkSignal, checkWholeOption } from '../protocol/options.ts';
import { type SkippedEventCount, sumSkipped } from '../protocol/skipped-event.ts';
import type { SqliteEventStoreBackend } from '../store/sqlite-backend.ts';
import { Host, timedOut, type Waiter } from './host.ts';
import type { HostThreadOptions } from './host-thread-client.ts';

/** What a router is made of. */
export interface RouterOptions extends HostThreadOptions {
  readonly hosts: number;
  readonly mailboxCapacity: number;
  readonly commandTimeoutMs: number;
}

/** Who is told of the changes of an actor. */
export interface Watcher {
  changed(answer: HostReceipt): void;
  failed(error: Error): void;
  /** The runtime closes. */
  ended(): void;
}

/** Brings requests to the host that the address lives on, always the same one, and bounds each mailbox. */
export class Router {
  readonly commandTimeoutMs: number;
  readonly #hosts: readonly Host[];
  readonly #mailboxCapacity: number;
  /** Unanswered requests by address; idle actors have no entry. */
  readonly #unanswered = new Map<string, number>();
  readonly #watchers = new Map<Watcher, string>();
  readonly #backend: SqliteEventStoreBackend;
  /** Set while somebody watches: appends of other processes change actors too. */
  #foreign: Promise<{ stop: () => void }> | undefined;
  #closed: Error | undefined;

  constructor(options: RouterOptions) {
    const { hosts, mailboxCapacity, commandTimeoutMs, residentsMax, ...threads } = options;
    const perHost = Math.ceil(residentsMax / hosts);
    this.commandTimeoutMs = commandTimeoutMs;
    this.#backend = threads.backend;
    this.#mailboxCapacity = mailboxCapacity;
    this.#hosts = Array.from(
      { length: hosts },
      (_, host) => new Host(host, { ...threads, residentsMax: perHost }),
    );
  }

  /**
   * Sends a request and resolves with what `toResult` makes of its answer.
   *
   * @throws HOLDFAST_ERR_CLOSED, HOLDFAST_ERR_MAILBOX_FULL, HOLDFAST_ERR_TIMEOUT, the reason of the signal, and what
   * the host answered.
   */
  request<Result>(
    request: HostRequest,
    options: { signal?: AbortSignal; timeoutMs?: number },
    toResult: (receipt: HostReceipt) => Result,
  ): Promise<Result> {
    const { signal, timeoutMs } = options;
    const { address, operation } = request;
    try {
      this.#checkOpen();
      checkSignal(operation, signal);
      checkWholeOption(operation, 'timeoutMs', timeoutMs, 1, 2 ** 31 - 1);
      signal?.throwIfAborted();
      this.#enter(address);
    } catch (error) {
      return Promise.reject(error as Error);
    }
    const host = this.#hostOf(address);
    request.id = host.nextId();
    return new Promise<Result>((resolve, reject) => {
      let finish: (() => void) | undefined;
      let settle = (answer: HostReceipt | Error): void => {
        finish?.();
        if (answer instanceof Error) return reject(answer);
        try {
          resolve(toResult(answer));
        } catch (error) {
          // A context that is damaged on disk cannot be decoded.
          reject(error);
        }
      };
      const waiter: Waiter = {
        request,
        deadline: performance.now() + (timeoutMs ?? this.commandTimeoutMs),
        // Until its answer comes the request takes its place in the mailbox, whether or not somebody waits for it.
        answer: (answer) => {
          this.#leave(address);
          settle(answer);
        },
        giveUp: (reason) => {
          finish?.();
          settle = () => undefined;
          waiter.deadline = Number.POSITIVE_INFINITY;
          reject(reason);
        },
      };
      if (signal !== undefined || timeoutMs !== undefined) finish = limit(waiter, options);
      host.send(waiter);
    });
  }

  /** Brings an event from a timer or another actor to its actor; resolves when what came of it is durable. */
  async deliver(delivery: PendingDelivery): Promise<void> {
    const { from, id, address, actor, passOnTo, sender, type: name, data: payload } = delivery;
    const consumed = { from, id };
    const request = { ...blankRequest(address), operation: 'deliver', name, payload } as const;
    await this.request(
      { ...request, delivery: { consumed, actor, passOnTo, sender, workKey: null } },
      {},
      () => undefined,
    );
  }

  /** Has an actor read, so that it resumes the work that it has under way. */
  async wake(address: string): Promise<void> {
    await this.request({ ...blankRequest(address), operation: 'wake' }, {}, () => undefined);
  }

  /** Tells the watcher the state now and after every change. Returns how to stop. */
  watch(request: HostRequest, watcher: Watcher): () => void {
    this.#checkOpen();
    const host = this.#hostOf(request.address);
    request.id = host.nextId();
    this.#watchers.set(watcher, request.address);
    this.#followForeign();
    const answer = (told: HostReceipt | Error) => {
      if (!(told instanceof Error)) return watcher.changed(told);
      this.#unfollow(watcher);
      watcher.failed(told);
    };
    host.send({ request, answer, giveUp: () => undefined, deadline: Number.POSITIVE_INFINITY });
    return () => {
      if (!this.#unfollow(watcher)) return;
      host.forget(request.id);
      host.tell({ ...request, id: 0, operation: 'unwatch', name: String(request.id) });
    };
  }

  /** Actors in memory, over all hosts. */
  async residents(): Promise<number> {
    this.#checkOpen();
    const counts = await Promise.all(this.#hosts.map((host) => host.residents()));
    return counts.reduce((sum, count) => sum + count, 0);
  }

  /** Stored events that machines passed over, over all hosts. */
  async skippedEvents(): Promise<SkippedEventCount[]> {
    this.#checkOpen();
    return sumSkipped((await Promise.all(this.#hosts.map((host) => host.skippedEvents()))).flat());
  }

  /** Takes no more requests, and resolves when those under way are answered or the time is over. */
  async drain(timeoutMs: number): Promise<void> {
    this.#closed = holdfastError('HOLDFAST_ERR_CLOSED', 'The runtime is closed and takes no more commands.');
    this.#endWatchers((watcher) => watcher.ended());
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, timeoutMs);
    });
    await Promise.race([Promise.all(this.#hosts.map((host) => host.drained())), late]);
    clearTimeout(timer);
  }

  /** Takes no more requests and answers all that wait, since the store thread is gone. */
  async fail(reason: Error): Promise<void> {
    this.#closed = reason;
    this.#endWatchers((watcher) => watcher.failed(reason));
    await this.close(0);
  }

  async close(timeoutMs: number): Promise<void> {
    await Promise.all(this.#hosts.map((host) => host.close(timeoutMs)));
  }

  /** Other processes on the same file move actors too: whoever is watched looks for news when they have appended. */
  #followForeign(): void {
    this.#foreign ??= this.#backend.store().watch(({ beyondHosts }) => {
      if (beyondHosts) for (const address of new Set(this.#watchers.values())) this.#refresh(address);
    });
    // A store that has ended is reported to the watchers by whoever notices.
    this.#foreign.catch(() => undefined);
  }

  #unfollow(watcher: Watcher): boolean {
    const known = this.#watchers.delete(watcher);
    if (this.#watchers.size === 0) {
      this.#foreign?.then(({ stop }) => stop()).catch(() => undefined);
      this.#foreign = undefined;
    }
    return known;
  }

  #endWatchers(end: (watcher: Watcher) => void): void {
    for (const watcher of [...this.#watchers.keys()]) {
      this.#unfollow(watcher);
      end(watcher);
    }
  }

  #refresh(address: string): void {
    this.#hostOf(address).tell({ ...blankRequest(address), operation: 'refresh' });
  }

  #hostOf(address: string): Host {
    return this.#hosts[placeOf(address, this.#hosts.length)] as Host;
  }

  #enter(address: string): void {
    const unanswered = this.#unanswered.get(address) ?? 0;
    if (unanswered >= this.#mailboxCapacity) {
      throw holdfastError(
        'HOLDFAST_ERR_MAILBOX_FULL',
        `The mailbox of ${address} is full (${unanswered} of ${this.#mailboxCapacity}). Await some of the commands that ` +
          'were sent, or raise `mailboxCapacity`.',
        { address, capacity: this.#mailboxCapacity },
      );
    }
    this.#unanswered.set(address, unanswered + 1);
  }

  #leave(address: string): void {
    const unanswered = this.#unanswered.get(address) ?? 0;
    if (unanswered > 1) this.#unanswered.set(address, unanswered - 1);
    else this.#unanswered.delete(address);
  }

  #checkOpen(): void {
    if (this.#closed !== undefined) throw this.#closed;
  }
}

function blankRequest(address: string): Omit<HostRequest, 'operation'> {
  return {
    id: 0,
    address,
    name: '',
    payload: '',
    metadata: null,
    expectedVersion: null,
    idempotencyKey: null,
    fingerprint: '',
    delivery: null,
  };
}

/** The usual time-out is looked after by the host, which has one timer for all; a special one has its own. */
function limit(
  waiter: Waiter,
  { signal, timeoutMs }: { signal?: AbortSignal; timeoutMs?: number },
): () => void {
  const onAbort = (): void => waiter.giveUp(signal?.reason);
  const timer =
    timeoutMs === undefined
      ? undefined
      : setTimeout(() => waiter.giveUp(timedOut(waiter.request)), timeoutMs);
  signal?.addEventListener('abort', onAbort, { once: true });
  return () => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  };
}
