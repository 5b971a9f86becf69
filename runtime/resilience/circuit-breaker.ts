import type { CircuitStateValue } from '../../machines/circuit-breaker.machine.ts';
import type { Router } from '../hosts/router.ts';
import { circuitChanged, circuitDrained } from '../observability/channels.ts';
import { checkWhole } from '../protocol/names.ts';
import { checkOptions, invalidOption } from '../protocol/options.ts';
import { volatileKinds } from '../protocol/volatile-kinds.ts';
import { pause } from '../waiting/pause.ts';
import { type Call, CallQueue, type QueuedCall } from './call-queue.ts';
import { CallReports } from './call-reports.ts';
import type { CallOptions, CallResult } from './call-result.ts';
import type { ResolvedCircuitBreaker } from './circuit-breaker-options.ts';
import { circuitClosed, circuitIsolated, circuitOpen } from './circuit-errors.ts';
import type { CircuitMetrics, CircuitState } from './circuit-metrics.ts';
import type { Connectivity } from './connectivity.ts';
import { Isolation } from './isolation.ts';
import { isUnreachable } from './network-errors.ts';
import { type CircuitReplica, type ProbeEnd, ProbeGate } from './probe-gate.ts';
import { Replica } from './replica.ts';

/** What the next call meets. */
type Mode = 'unknown' | 'execute' | 'probe' | 'queue' | 'open' | 'isolated' | 'closed';

const noOptions: CallOptions = {};

/**
 * Stands between an application and a service that may be out of reach: while there is no network calls are queued, and
 * carried out in order once it is back; while the service fails they are rejected at once, until a probe succeeds. Its
 * machine (`machines/circuit-breaker.machine.ts`) lives in an actor; calls are decided here, by its newest state. A call
 * that failed settles when the circuit has heard of it, so the next call knows. What is queued are functions, which end
 * with the process: what has to survive belongs into `runtime.storeAndForward`.
 */
export class CircuitBreaker {
  readonly name: string;
  readonly #options: ResolvedCircuitBreaker;
  readonly #connectivity: Connectivity;
  readonly #replica: CircuitReplica;
  readonly #reports: CallReports;
  readonly #queue: CallQueue;
  readonly #gate: ProbeGate;
  readonly #isolation: Isolation;
  readonly #ended = new AbortController();
  readonly #stopListening: () => void;
  readonly #counts = { executed: 0, failed: 0, rejected: 0, drained: 0, dropped: 0 };
  readonly #isTimed: boolean;
  #mode: Mode = 'unknown';
  #circuit: CircuitState = 'closed';
  #sleeps: number;
  #isDraining = false;
  #hasToldQueued = false;
  #openedAt = 0;
  #pause: { isHeard: boolean } | undefined;

  /** @internal */
  constructor(name: string, router: Router, connectivity: Connectivity, options: ResolvedCircuitBreaker) {
    this.name = name;
    this.#options = options;
    this.#connectivity = connectivity;
    this.#isTimed = options.slowCallMs !== Number.POSITIVE_INFINITY;
    this.#queue = new CallQueue(name, options.bounds);
    this.#sleeps = connectivity.sleeps;
    this.#replica = new Replica({
      router,
      kind: volatileKinds.circuitBreaker,
      id: name,
      input: options.input,
      onChange: () => this.#changed(),
      onBegun: () => this.#begun(),
    });
    this.#reports = new CallReports(options.input.trip, (runs) =>
      this.#replica.send({ type: 'reported', runs, random: Math.random() }),
    );
    this.#gate = new ProbeGate(this.#replica, () => this.#look());
    this.#isolation = new Isolation(this.#replica);
    this.#stopListening = connectivity.listen(() => this.#networkChanged());
  }

  /** As it was told last: what other threads have seen since is a message behind. */
  get state(): CircuitState {
    return this.#circuit;
  }

  /** Calls that wait. */
  get queued(): number {
    return this.#queue.size;
  }

  /** Counters since this process made the breaker, and gauges of this moment. */
  metrics(): CircuitMetrics {
    return { ...this.#counts, queued: this.#queue.size, bytes: this.#queue.bytes };
  }

  /**
   * Carries out a call, or queues it. While calls are queued, later ones queue up behind them. A call that could not
   * leave this computer since the network has just gone is queued as well. The signal that the call gets is that of the
   * options, or one that is aborted when the runtime closes.
   *
   * @throws what the call throws; HOLDFAST_ERR_CIRCUIT_OPEN, with `retryAfterMs`; HOLDFAST_ERR_CIRCUIT_ISOLATED;
   * HOLDFAST_ERR_QUEUE_FULL; HOLDFAST_ERR_CLOSED; the reason of the signal.
   *
   * @example
   * const result = await breaker.call((signal) => fetch(url, { signal }));
   * if (result.status === 'queued') result.settled.then(showDone, showFailed);
   */
  call<Value>(call: Call<Value>, options: CallOptions = noOptions): Promise<CallResult<Value>> {
    if (this.#mode === 'execute' && options === noOptions && typeof call === 'function')
      return this.#execute(call, undefined, 0);
    return this.#callCarefully(call, options);
  }

  /**
   * Rejects every call until it is released: a switch for maintenance. Held by several, it is released by the last.
   * Nothing of it outlives the runtime. A release that rejects can be repeated.
   *
   * @throws HOLDFAST_ERR_CLOSED, HOLDFAST_ERR_OPTION_INVALID for a reason that is none, and what keeps its host from answering.
   */
  async isolate(reason: string | null = null): Promise<() => Promise<void>> {
    this.#checkOpen();
    return this.#isolation.hold(reason);
  }

  /**
   * Queued calls wait, also when the network is back, until {@link CircuitBreaker.resume}.
   *
   * @throws HOLDFAST_ERR_CLOSED, and what keeps its host from answering.
   */
  async pause(): Promise<void> {
    this.#checkOpen();
    const pause = this.#pause ?? { isHeard: false };
    this.#pause = pause;
    await this.#replica.send({ type: 'pause' });
    pause.isHeard = true;
  }

  /** Goes on after {@link CircuitBreaker.pause}, and throws the same; harmless otherwise. */
  async resume(): Promise<void> {
    this.#checkOpen();
    // First: an actor that dies of this, or rests, is not told again to pause when it begins anew.
    this.#pause = undefined;
    await this.#replica.send({ type: 'resume' });
  }

  /** @internal */
  close(): void {
    this.#mode = 'closed';
    this.#stopListening();
    this.#isolation.close();
    this.#replica.close();
    this.#queue.rejectAll(circuitClosed(this.name));
    this.#ended.abort(circuitClosed(this.name));
  }

  async #callCarefully<Value>(call: Call<Value>, options: CallOptions): Promise<CallResult<Value>> {
    if (typeof call !== 'function') throw invalidOption('call takes a function, and options.');
    checkOptions('call', options, ['signal', 'bytes']);
    const { signal, bytes = 0 } = options;
    checkWhole('bytes', bytes);
    signal?.throwIfAborted();
    if (this.#mode === 'unknown') await this.#begin(signal);
    switch (this.#mode) {
      case 'execute':
        return this.#execute(call, signal, bytes);
      case 'probe':
        return this.#execute(call, signal, bytes, true);
      case 'queue':
        return this.#enqueue(call, bytes, signal);
      case 'open':
        throw this.#rejected();
      case 'isolated':
        this.#counts.rejected++;
        throw circuitIsolated(this.name, this.#isolation.reason);
      default:
        throw circuitClosed(this.name);
    }
  }

  async #begin(signal: AbortSignal | undefined): Promise<void> {
    await this.#replica.begin();
    await this.#connectivity.ready({ signal });
    this.#look();
  }

  async #execute<Value>(
    call: Call<Value>,
    signal: AbortSignal | undefined,
    bytes: number,
    isProbe = false,
  ): Promise<CallResult<Value>> {
    try {
      const value = await (isProbe ? this.#runProbe(call, signal) : this.#run(call, signal));
      return { status: 'executed', value };
    } catch (error) {
      if (error === refused) throw this.#rejected();
      if (error === away) return this.#enqueue(call, bytes, signal);
      throw error;
    }
  }

  /** Throws {@link away} for a call that could not leave this computer. */
  async #run<Value>(call: Call<Value>, signal = this.#ended.signal): Promise<Value> {
    const began = this.#isTimed ? performance.now() : 0;
    try {
      const value = await call(signal);
      this.#counts.executed++;
      if (this.#isTimed && performance.now() - began > this.#options.slowCallMs) await this.#reports.failed();
      else this.#reports.succeeded();
      return value;
    } catch (error) {
      if (await this.#isAway(error, signal)) throw away;
      this.#counts.failed++;
      if (this.#isFailure(error, signal)) await this.#reports.failed();
      throw error;
    }
  }

  /** The one call that finds out whether the service is back. Throws {@link refused} if there is one already. */
  async #runProbe<Value>(call: Call<Value>, signal = this.#ended.signal): Promise<Value> {
    const probe = await this.#gate.ask();
    if (probe === undefined) throw refused;
    let outcome: ProbeEnd = 'failed';
    try {
      const began = performance.now();
      const value = await call(signal);
      this.#counts.executed++;
      if (performance.now() - began <= this.#options.slowCallMs) outcome = 'ok';
      return value;
    } catch (error) {
      const isAway = await this.#isAway(error, signal);
      if (isAway || signal.aborted) outcome = 'unknown';
      else if (!this.#isCounted(error)) outcome = 'ok';
      if (isAway) throw away;
      this.#counts.failed++;
      throw error;
    } finally {
      await this.#gate.end(probe, outcome);
    }
  }

  /** Whether a call could not leave this computer, is not given up meanwhile, and the network is away, or seems to be. */
  async #isAway(error: unknown, signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return false;
    if (!isUnreachable(error)) {
      this.#connectivity.report(error);
      return false;
    }
    await this.#connectivity.checkAnew().catch(() => undefined);
    return !this.#ended.signal.aborted && !signal.aborted && this.#connectivity.isDoubted;
  }

  #isFailure(error: unknown, signal: AbortSignal): boolean {
    return !signal.aborted && this.#connectivity.status !== 'offline' && this.#isCounted(error);
  }

  /** A function of the application that throws itself has not said that it is no failure. */
  #isCounted(error: unknown): boolean {
    try {
      return this.#options.isFailure(error);
    } catch {
      return true;
    }
  }

  #enqueue<Value>(call: Call<Value>, bytes: number, signal: AbortSignal | undefined): CallResult<Value> {
    const { id, settled, dropped } = this.#queue.add(call, bytes, signal, () => this.#look());
    this.#counts.dropped += dropped;
    this.#look();
    return { status: 'queued', id, settled };
  }

  #begun(): void {
    this.#hasToldQueued = false;
    this.#isolation.tellAgain();
    if (this.#pause?.isHeard === true) this.#replica.tell({ type: 'pause' });
    this.#networkChanged();
  }

  #networkChanged(): void {
    const { status, sleeps } = this.#connectivity;
    if (sleeps !== this.#sleeps) {
      this.#sleeps = sleeps;
      this.#replica.tell({ type: 'slept' });
    }
    if (status !== 'unknown' && this.#replica.state !== undefined && status !== this.#replica.state.network)
      this.#replica.tell({ type: 'networkChanged', status });
    this.#look();
  }

  #changed(): void {
    const before = this.#circuit;
    this.#circuit = circuitOf(this.#replica.state?.circuit);
    if (this.#circuit !== before) {
      if (this.#circuit === 'open') this.#openedAt = performance.now();
      circuitChanged.publish({ name: this.name, state: this.#circuit, before });
    }
    // The network may have changed back while the circuit was still being told.
    this.#networkChanged();
  }

  /** What the next call meets, and whether queued ones may go. */
  #look(): void {
    if (this.#mode === 'closed') return;
    const { size } = this.#queue;
    if (this.#replica.state !== undefined && size > 0 !== this.#hasToldQueued) {
      this.#hasToldQueued = size > 0;
      this.#replica.tell({ type: size > 0 ? 'queued' : 'emptied' });
    }
    this.#mode = this.#nextMode();
    if (size > 0 && this.#mayDrain) void this.#drain();
  }

  #nextMode(): Mode {
    const { status } = this.#connectivity;
    if (status === 'unknown' || this.#replica.state === undefined) return 'unknown';
    if (this.#circuit === 'isolated') return 'isolated';
    const isAway =
      status === 'offline' || (status === 'degraded' && this.#options.input.onDegraded === 'queue');
    if (isAway || this.#queue.size > 0) return 'queue';
    if (this.#circuit === 'closed') return 'execute';
    return this.#gate.isWanted ? 'probe' : 'open';
  }

  get #mayDrain(): boolean {
    if (this.#replica.state?.drain !== 'draining' || this.#mode === 'closed') return false;
    return (this.#circuit === 'closed' || this.#gate.isWanted) && this.#connectivity.status !== 'offline';
  }

  async #drain(): Promise<void> {
    if (this.#isDraining) return;
    this.#isDraining = true;
    const began = performance.now();
    let calls = 0;
    for (let head = this.#queue.head; head !== undefined && this.#mayDrain; head = this.#queue.head) {
      if (!(await this.#carryOut(head))) break;
      calls++;
      await pause(this.#options.drainIntervalMs, this.#ended.signal);
    }
    this.#isDraining = false;
    if (calls > 0)
      circuitDrained.publish({ name: this.name, calls, left: this.queued, ms: performance.now() - began });
    this.#look();
  }

  /**
   * False if it could not leave this computer, or may not be tried, and stays the first. One that takes longer than a probe
   * may goes on by itself, and the next one is begun.
   */
  async #carryOut(queued: QueuedCall): Promise<boolean> {
    const { id, call, signal, resolve, reject } = queued;
    queued.isRunning = true;
    let isBack = false;
    const run = this.#circuit === 'closed' ? this.#run(call, signal) : this.#runProbe(call, signal);
    const running = run.then(
      (value) => {
        this.#counts.drained++;
        this.#leave(id);
        resolve(value);
      },
      (error) => {
        isBack = error === away || error === refused;
        if (isBack && this.#queue.head === queued) return;
        this.#leave(id);
        reject(isBack ? this.#rejected() : error);
      },
    );
    const over = new AbortController();
    const either = AbortSignal.any([over.signal, signal ?? over.signal]);
    await Promise.race([running, pause(this.#options.input.probeMs, either)]);
    over.abort();
    queued.isRunning = false;
    if (!isBack) this.#leave(id);
    return !isBack;
  }

  /** Whoever hears of a call's end finds the queue without it. */
  #leave(id: string): void {
    this.#queue.remove(id);
    this.#look();
  }

  #rejected(): Error {
    this.#counts.rejected++;
    const openForMs = this.#replica.context?.openForMs ?? 0;
    return circuitOpen(this.name, this.#circuit, openForMs - (performance.now() - this.#openedAt));
  }

  #checkOpen(): void {
    if (this.#mode === 'closed') throw circuitClosed(this.name);
  }
}

/** Thrown by a call that could not leave this computer. */
const away = Symbol('away');

/** Thrown by a probe that was one too many. */
const refused = Symbol('refused');

function circuitOf(circuit: CircuitStateValue['circuit'] | undefined): CircuitState {
  if (typeof circuit === 'object') return 'half-open';
  return circuit ?? 'closed';
}
