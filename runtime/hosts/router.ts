import { holdfastError } from '../errors/holdfast-error.ts';
import { hostOf } from '../protocol/address.ts';
import type { PendingDelivery } from '../protocol/delivery.ts';
import { blankRequest, type HostReceipt, type HostRequest } from '../protocol/host-messages.ts';
import { checkWholeOption } from '../protocol/options.ts';
import { type SkippedEventCount, sumSkipped } from '../protocol/skipped-event.ts';
import type { SqliteEventStoreBackend } from '../store/sqlite-backend.ts';
import type { ResolvedSupervision } from '../supervision-options.ts';
import { within } from '../waiting/within.ts';
import { Host } from './host.ts';
import type { HostHealth, QuarantinedActor } from './host-health.ts';
import { HostSupervisor } from './host-supervisor.ts';
import type { HostThreadOptions } from './host-thread-client.ts';
import { checkOverflow, type Mailbox, type MailboxOverflow } from './mailboxes.ts';
import { PendingRequest } from './pending-request.ts';
import { limitWait } from './wait-limits.ts';

/** What a router is made of. */
export interface RouterOptions extends HostThreadOptions {
  readonly hosts: number;
  readonly mailboxCapacity: number;
  readonly mailboxOverflow: MailboxOverflow;
  readonly commandTimeoutMs: number;
  readonly supervision: ResolvedSupervision;
  /** Told of actors whose host was replaced, with a way to know them. */
  readonly onMoved: (isTheirs: (address: string) => boolean) => void;
  /** An actor has begun, perhaps with an input that others were waiting for. */
  readonly onStarted: (address: string) => void;
}

/** Who is told of the changes of an actor. */
export interface Watcher {
  changed(answer: HostReceipt): void;
  failed(error: Error): void;
  /** The runtime closes. */
  ended(): void;
}

/** The hosts, seen together. */
export interface RouterHealth {
  readonly standing: 'healthy' | 'degraded' | 'failing';
  readonly hosts: readonly HostHealth[];
  readonly quarantined: readonly QuarantinedActor[];
}

/** How one request is sent. */
export interface RequestOptions {
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
  readonly mailboxOverflow?: MailboxOverflow;
}

/** Brings requests to the host that the address lives on, always the same one. */
export class Router {
  readonly commandTimeoutMs: number;
  readonly #hosts: readonly Host[];
  readonly #supervisor: HostSupervisor;
  readonly #mailboxOverflow: MailboxOverflow;
  readonly #watchers = new Map<Watcher, string>();
  readonly #onStarted: (address: string) => void;
  readonly #backend: SqliteEventStoreBackend;
  /** Set while somebody watches: appends of other processes change actors too. */
  #foreign: Promise<{ stop: () => void }> | undefined;
  #closed: Error | undefined;

  constructor(options: RouterOptions) {
    const { hosts, commandTimeoutMs, mailboxOverflow, residentsMax, supervision } = options;
    this.commandTimeoutMs = commandTimeoutMs;
    this.#backend = options.backend;
    this.#mailboxOverflow = mailboxOverflow;
    const supervisor = new HostSupervisor(supervision, hosts);
    this.#supervisor = supervisor;
    const { onMoved } = options;
    this.#onStarted = options.onStarted;
    const perHost = {
      ...options,
      supervisor,
      onRestarted: (restarted: number) => onMoved((address) => hostOf(address, hosts) === restarted),
      onReleased: (released: string) => onMoved((address) => address === released),
      residentsMax: Math.ceil(residentsMax / hosts),
    };
    this.#hosts = Array.from(
      { length: hosts },
      (_, host) => new Host({ ...perHost, host, quarantinePlace: hosts + host }),
    );
    for (const host of this.#hosts) supervisor.add(host);
  }

  /**
   * Sends a request and resolves with what `toResult` makes of its answer.
   *
   * @throws HOLDFAST_ERR_CLOSED, HOLDFAST_ERR_HOST_UNAVAILABLE, HOLDFAST_ERR_MAILBOX_FULL, HOLDFAST_ERR_TIMEOUT, the
   * reason of the signal, and what the host answered.
   */
  request<Result>(
    request: HostRequest,
    options: RequestOptions,
    toResult: (receipt: HostReceipt) => Result,
  ): Promise<Result> {
    const { signal, timeoutMs, mailboxOverflow = this.#mailboxOverflow } = options;
    const { address, operation } = request;
    const host = this.#hostOf(address);
    let mailbox: Mailbox;
    try {
      this.#checkOpen();
      checkWholeOption(operation, 'timeoutMs', timeoutMs, 1, 2 ** 31 - 1);
      checkOverflow(operation, mailboxOverflow);
      signal?.throwIfAborted();
      mailbox = host.enter(request, mailboxOverflow);
    } catch (error) {
      return Promise.reject(error as Error);
    }
    // A time-out of its own has a timer of its own.
    const deadline =
      timeoutMs === undefined ? host.backlog.now + this.commandTimeoutMs : Number.POSITIVE_INFINITY;
    return new Promise<Result>((resolve, reject) => {
      const answered = resolve as (result: unknown) => void;
      const pending = new PendingRequest(
        request,
        mailbox,
        host.backlog,
        deadline,
        toResult,
        answered,
        reject,
      );
      limitWait(pending, options);
      host.send(pending);
    });
  }

  /** Sends a request that begins an actor. Once it has begun, what waits for that is tried again. */
  async start<Result>(
    request: HostRequest,
    options: RequestOptions,
    toResult: (receipt: HostReceipt) => Result,
  ): Promise<Result> {
    const result = await this.request(request, options, toResult);
    this.#onStarted(request.address);
    return result;
  }

  /** Brings an event from a timer or another actor to its actor; resolves when what came of it is durable. */
  async deliver(delivery: PendingDelivery, after: number): Promise<void> {
    const { from, id, type: name, data: payload, address, cause = null, ...place } = delivery;
    const consumed = { from, id, after };
    const request = blankRequest('deliver', address);
    await this.request(
      { ...request, name, payload, delivery: { ...place, consumed, workKey: null, cause } },
      // Nobody would repeat it as fast as the callers whom it competes with; how many wait is bounded where they come from.
      { mailboxOverflow: 'wait' },
      () => undefined,
    );
  }

  /** Has an actor read, so that it resumes the work that it has under way. */
  async wake(address: string): Promise<void> {
    await this.request(blankRequest('wake', address), {}, () => undefined);
  }

  /**
   * Tells the watcher the state now and after every change. Returns how to stop. `quietly`: starts no thread, keeps no
   * process alive, and looks for nothing that other processes have written.
   */
  watch(request: HostRequest, watcher: Watcher, quietly = false): () => void {
    this.#checkOpen();
    const host = this.#hostOf(request.address);
    const answer = (told: HostReceipt | Error) => {
      if (!(told instanceof Error)) return watcher.changed(told);
      this.#unfollow(watcher);
      watcher.failed(told);
    };
    host.watch(request, answer, quietly);
    this.#watchers.set(watcher, request.address);
    if (!quietly) this.#followForeign();
    return () => {
      if (!this.#unfollow(watcher)) return;
      host.backlog.forget(request.id);
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

  /** How the hosts are, whether or not the runtime is closed. */
  health(): RouterHealth {
    return {
      standing: this.#supervisor.standing,
      hosts: this.#hosts.map((host) => host.health()),
      quarantined: this.#hosts.flatMap((host) => host.quarantined()),
    };
  }

  /** Takes no more requests, and resolves when those under way are answered or the time is over. */
  async drain(timeoutMs: number): Promise<void> {
    this.#closed = holdfastError('HOLDFAST_ERR_CLOSED', 'The runtime is closed and takes no more commands.');
    this.#endWatchers((watcher) => watcher.ended());
    await within(Promise.all(this.#hosts.map((host) => host.drained())), timeoutMs);
  }

  /** Takes no more requests and answers all that wait, since the store thread is gone. */
  async fail(reason: Error): Promise<void> {
    this.#closed = reason;
    this.#endWatchers((watcher) => watcher.failed(reason));
    await this.close(0);
  }

  async close(timeoutMs: number): Promise<void> {
    this.#supervisor.close();
    await Promise.all(this.#hosts.map((host) => host.close(timeoutMs)));
  }

  /** Other processes on the same file move actors too: whoever is watched looks for news when they have appended. */
  #followForeign(): void {
    if (this.#foreign !== undefined) return;
    const foreign = this.#backend.store().watch(({ beyondHosts }) => {
      if (beyondHosts) for (const address of new Set(this.#watchers.values())) this.#refresh(address);
    });
    this.#foreign = foreign;
    // A store that has ended is reported to the watchers by whoever notices; one that has failed is asked again for the next.
    foreign.catch(() => {
      if (this.#foreign === foreign) this.#foreign = undefined;
    });
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
    this.#hostOf(address).tell(blankRequest('refresh', address));
  }

  #hostOf(address: string): Host {
    return this.#hosts[hostOf(address, this.#hosts.length)] as Host;
  }

  #checkOpen(): void {
    if (this.#closed !== undefined) throw this.#closed;
  }
}
