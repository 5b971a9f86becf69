import type {
  ConnectivityContext,
  ConnectivityEvent,
  ConnectivityInput,
  ConnectivityStateValue,
  ProbeOutcome,
} from '../../machines/connectivity.machine.ts';
import { holdfastError } from '../errors/holdfast-error.ts';
import type { Router } from '../hosts/router.ts';
import { LatestValue } from '../latest-value.ts';
import { connectivityChanged } from '../observability/channels.ts';
import { checkOptions, invalidOption } from '../protocol/options.ts';
import { volatileKinds } from '../protocol/volatile-kinds.ts';
import { stoppable } from '../stoppable.ts';
import { holdProcess } from '../waiting/hold-process.ts';
import { Waiters } from '../waiting/waiters.ts';
import { checkReason } from './check-reason.ts';
import type { ResolvedConnectivity } from './connectivity-options.ts';
import type { ProbeResult } from './connectivity-probe.ts';
import { isNetworkError } from './network-errors.ts';
import { Replica } from './replica.ts';
import { shownError } from './shown-error.ts';
import { WakeWatch } from './wake-watch.ts';

/** `unknown` until the first check is done. */
export type ConnectivityStatus = 'unknown' | 'online' | 'degraded' | 'offline';

/** What is known of the network, and why. */
export interface ConnectivityState {
  readonly status: ConnectivityStatus;
  /** What the probe, or whoever overrode it, said of a network that is degraded or away; `null` if nothing. */
  readonly reason: string | null;
  /** Whether an override holds, and not what the probe found. */
  readonly isOverridden: boolean;
}

type ConnectivityReplica = Replica<
  ConnectivityStateValue,
  ConnectivityContext,
  ConnectivityEvent,
  ConnectivityInput
>;

type Override = NonNullable<ConnectivityContext['override']>;

const reasonLengthMax = 1_000;
const unknown: ConnectivityState = { status: 'unknown', reason: null, isOverridden: false };
const statuses: readonly unknown[] = ['online', 'degraded', 'offline'];

function checkStatus(method: string, status: unknown): void {
  if (!statuses.includes(status)) throw invalidOption(`${method} takes "online", "degraded" or "offline".`);
}

/**
 * Whether the network is there: one source of truth for everything in a runtime that depends on it. Its machine
 * (`machines/connectivity.machine.ts`) lives in an actor; what it knows is of this moment and is not kept. It begins to
 * look when it is first asked for, and keeps no process alive.
 */
export class Connectivity {
  readonly #probe: ResolvedConnectivity['probe'];
  readonly #replica: ConnectivityReplica;
  readonly #listeners = new Set<(state: ConnectivityState) => void>();
  readonly #waiters = new Waiters();
  readonly #wakeWatch = new WakeWatch(() => this.#woke());
  #state = unknown;
  /** The check that runs, with its number. */
  #running: { readonly check: number; readonly abort: AbortController } | undefined;
  /** The check that was run last: each is run once. */
  #ran: number | undefined;
  #isClosed = false;
  #wasChecking = false;
  /** Checks that have ended, of all actors that there were. */
  #checksDone = 0;
  /** Times that the computer has slept since this began. */
  #sleeps = 0;
  #doubts = 0;
  /** What holds, as far as is known. */
  #override: Override | undefined;
  /** Of those that were asked for, which may still be on its way. */
  #newestOverride: Override | undefined;
  #wasDoubted = false;

  /** @internal */
  constructor(router: Router, { probe, input }: ResolvedConnectivity) {
    this.#probe = probe;
    this.#replica = new Replica({
      router,
      kind: volatileKinds.connectivity,
      id: 'network',
      input,
      onChange: () => this.#changed(),
      onBegun: () => this.#begun(),
    });
    // Whoever waits for the first check is told why there is none.
    this.#replica.begin().catch(() => undefined);
  }

  /** `unknown` until the first check is done. */
  get status(): ConnectivityStatus {
    return this.#state.status;
  }

  /** What the probe, or whoever overrode it, said of a network that is degraded or away; `null` if nothing. */
  get reason(): string | null {
    return this.#state.reason;
  }

  /** Whether an override holds, and not what the probe found. */
  get isOverridden(): boolean {
    return this.#state.isOverridden;
  }

  /**
   * Checks now, or joins the check that runs, and resolves with what is known then. One failed check may not be enough to
   * believe that the network is gone: see `offlineAfter`.
   *
   * @throws HOLDFAST_ERR_CLOSED, the reason of the signal, and what keeps a host thread from starting.
   */
  async check(options: { readonly signal?: AbortSignal } = {}): Promise<ConnectivityState> {
    this.#checkCall('check', options);
    await this.#replica.begin();
    const before = this.#checksDone;
    const ask = this.#isChecking ? undefined : () => this.#replica.send({ type: 'check' });
    await this.#waiters.until(() => this.#checksDone > before, options.signal, ask);
    return this.#state;
  }

  /** @internal Checks with a check that begins now: one that is under way may have looked before a call failed. */
  async checkAnew(): Promise<void> {
    const wasChecking = this.#isChecking;
    await this.check();
    if (wasChecking && !this.isDoubted) await this.check();
  }

  /**
   * Resolves when something is known, which is once the first check is done.
   *
   * @throws what {@link Connectivity.check} throws.
   */
  async ready(options: { readonly signal?: AbortSignal | undefined } = {}): Promise<ConnectivityState> {
    this.#checkCall('ready', options);
    if (this.#state.status !== 'unknown') return this.#state;
    await this.#replica.begin();
    await this.#waiters.until(() => this.#state.status !== 'unknown', options.signal);
    return this.#state;
  }

  /**
   * Resolves when the network has this status, at once if it has.
   *
   * @throws what {@link Connectivity.check} throws.
   */
  async waitFor(status: ConnectivityStatus, options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    if (status !== 'unknown') checkStatus('waitFor', status);
    this.#checkCall('waitFor', options);
    await this.#replica.begin();
    await this.#waiters.until(() => this.#state.status === status, options.signal);
  }

  /**
   * What is known now and after every change; a slow reader skips to the newest. Ends on abort and when the runtime closes.
   *
   * @throws at once HOLDFAST_ERR_OPTION_INVALID; HOLDFAST_ERR_CLOSED if it begins after the close.
   */
  changes(options: { readonly signal?: AbortSignal } = {}): AsyncGenerator<ConnectivityState, void, void> {
    checkOptions('connectivity.changes', options, ['signal']);
    return stoppable((stop) => this.#changes(stop), options.signal);
  }

  async *#changes(stop: AbortSignal): AsyncGenerator<ConnectivityState, void, void> {
    if (this.#isClosed) throw closed();
    const latest = new LatestValue<ConnectivityState>(stop);
    let told = this.#state;
    latest.set(told);
    const hold = holdProcess();
    const listener = (state: ConnectivityState) => {
      if (this.#isClosed) {
        // Whoever does not go on iterating never comes to the end of this.
        hold();
        latest.end();
      } else if (state !== told) {
        told = state;
        latest.set(state);
      }
    };
    this.#listeners.add(listener);
    try {
      yield* latest;
    } finally {
      hold();
      this.#listeners.delete(listener);
    }
  }

  /**
   * Has a status hold whatever the probe finds: a switch for "work offline". Returns how to release it; a later override
   * takes the place of an earlier one. It ends with the runtime.
   *
   * @throws HOLDFAST_ERR_OPTION_INVALID, and what {@link Connectivity.check} throws.
   */
  async override(
    status: 'online' | 'degraded' | 'offline',
    reason: string | null = null,
  ): Promise<() => Promise<void>> {
    checkStatus('override', status);
    this.#checkCall('override', {});
    checkReason('override', reason);
    const override = { status, reason };
    this.#newestOverride = override;
    try {
      await this.#replica.send({ type: 'override', ...override });
    } catch (error) {
      if (this.#newestOverride === override) {
        this.#newestOverride = this.#override;
        // The earlier one may have been released meanwhile, and was left for this one to take its place.
        if (this.#override === undefined) this.#replica.tell({ type: 'release' });
      }
      throw error;
    }
    this.#override = override;
    return async () => {
      if (this.#override !== override) return;
      this.#override = undefined;
      // A later one that is on its way takes its place anyway, and must not be released with it.
      const isNewest = this.#newestOverride === override;
      if (isNewest && !this.#isClosed) await this.#replica.send({ type: 'release' });
    };
  }

  /**
   * Tells of a call that failed. If it failed as calls do without a network, the network is checked at once. Returns
   * whether it did.
   */
  report(error: unknown): boolean {
    if (this.#isClosed || !isNetworkError(error)) return false;
    this.#replica.tell({ type: 'check' });
    return true;
  }

  /** @internal Calls the listener after every change. Returns how to stop. */
  listen(listener: (state: ConnectivityState) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** @internal Whether it is away, or its last check has failed: of one that is overridden the checks say nothing. */
  get isDoubted(): boolean {
    if (this.status === 'offline') return true;
    return !this.isOverridden && (this.#replica.context?.failures ?? 0) > 0;
  }

  /** @internal Times that it went away, or a check has failed after one that had not. */
  get doubts(): number {
    return this.#doubts;
  }

  /** @internal Times that the computer has slept. */
  get sleeps(): number {
    return this.#sleeps;
  }

  /** @internal */
  close(): void {
    this.#isClosed = true;
    this.#wakeWatch.close();
    this.#replica.close();
    this.#running?.abort.abort();
    for (const listener of [...this.#listeners]) listener(this.#state);
    this.#waiters.end(closed());
  }

  get #isChecking(): boolean {
    return this.#replica.state?.probing === 'checking';
  }

  #begun(): void {
    this.#ran = undefined;
    if (this.#override !== undefined) this.#replica.tell({ type: 'override', ...this.#override });
  }

  #woke(): void {
    this.#sleeps++;
    for (const listener of [...this.#listeners]) listener(this.#state);
    this.#replica.tell({ type: 'check' });
  }

  #changed(): void {
    const { state, context } = this.#replica;
    if (state === undefined || context === undefined || this.#isClosed) return;
    if (this.#wasChecking && !this.#isChecking) this.#checksDone++;
    this.#wasChecking = this.#isChecking;
    const running = this.#running;
    if (running !== undefined && (running.check !== context.check || state.probing !== 'checking')) {
      this.#running = undefined;
      running.abort.abort();
    }
    if (state.probing === 'checking' && this.#ran !== context.check) this.#run(context.check);
    const { override, reason } = context;
    // An actor that begins anew has forgotten what is still the best that is known.
    const probed =
      state.status === 'unknown'
        ? { ...this.#state, isOverridden: false }
        : { status: state.status, reason, isOverridden: false };
    this.#become(override === null ? probed : { ...override, isOverridden: true });
  }

  #become(next: ConnectivityState): void {
    const before = this.#state;
    const { status, reason, isOverridden } = next;
    if (status !== before.status || reason !== before.reason || isOverridden !== before.isOverridden) {
      this.#state = next;
      connectivityChanged.publish({ status, before: before.status, reason });
    }
    if (this.isDoubted && !this.#wasDoubted) this.#doubts++;
    this.#wasDoubted = this.isDoubted;
    for (const listener of [...this.#listeners]) listener(this.#state);
    this.#waiters.look();
  }

  #run(check: number): void {
    const abort = new AbortController();
    this.#ran = check;
    this.#running = { check, abort };
    const tell = (outcome: ProbeOutcome, reason: string | null) => {
      if (this.#running?.check !== check) return;
      this.#running = undefined;
      this.#replica.tell({ type: 'checked', check, outcome, reason, random: Math.random() });
    };
    new Promise<ProbeResult>((resolve) => resolve(this.#probe.check(abort.signal)))
      .then((result) => {
        if (result === 'online' || result === 'offline') return tell(result, null);
        const { degraded } = result ?? {};
        if (typeof degraded === 'string') tell('degraded', degraded.slice(0, reasonLengthMax));
        else tell('failed', 'The probe found neither "online", "offline" nor { degraded: reason }.');
      })
      .catch((error: unknown) => tell('failed', shownError(error, reasonLengthMax)));
  }

  #checkCall(method: string, options: { readonly signal?: AbortSignal | undefined }): void {
    checkOptions(`connectivity.${method}`, options, ['signal']);
    if (this.#isClosed) throw closed();
    options.signal?.throwIfAborted();
  }
}

function closed(): Error {
  return holdfastError('HOLDFAST_ERR_CLOSED', 'The runtime is closed.');
}
