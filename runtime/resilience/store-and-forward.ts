import type {
  QueueContext,
  QueueEvent,
  QueueInput,
  QueueStateValue,
} from '../../machines/store-and-forward.machine.ts';
import type { Router } from '../hosts/router.ts';
import { operationEnded, queueDrained } from '../observability/channels.ts';
import { systemClock } from '../ports/clock.ts';
import { checkKey, checkWhole } from '../protocol/names.ts';
import {
  type EnqueueResult,
  keptOperationStates,
  type NewOperation,
  type OperationMetrics,
  type OperationState,
} from '../protocol/operation.ts';
import { checkOptions, invalidOption } from '../protocol/options.ts';
import { volatileKinds } from '../protocol/volatile-kinds.ts';
import { orAborted } from '../waiting/or-aborted.ts';
import { pause } from '../waiting/pause.ts';
import { Waiters } from '../waiting/waiters.ts';
import { within } from '../waiting/within.ts';
import { type Enqueued, type EnqueueOptions, toEnqueued, toNewOperation } from './enqueue-options.ts';
import { queueClosed } from './operation-errors.ts';
import type { OnlyName, PayloadOf } from './operation-payload.ts';
import { type OperationRecord, toOperationRecord } from './operation-record.ts';
import { OperationRunner, type OperationRunnerOptions, refuseWithinHandler } from './operation-runner.ts';
import { OperationsUnderWay } from './operations-under-way.ts';
import { QueuePass } from './queue-pass.ts';
import { Replica } from './replica.ts';
import type { OperationHandlers } from './store-and-forward-options.ts';

/** Options of {@link StoreAndForward.list}. */
export interface ListOperationsOptions {
  /** Default: all. */
  readonly states?: readonly OperationState[];
  /** Only those after this `sequence`. Default 0. */
  readonly after?: number;
  /** Default 100. */
  readonly limit?: number;
}

/** How long a queue rests whose actor cannot be told of a pass, in milliseconds. */
const unheardMs = 1_000;

/**
 * Operations that are kept before they are promised, and carried out when the network lets them: in the order in which they
 * were handed in, strictly so for each order key, at least once, also after a crash. An operation is data, a name and a
 * payload; what carries it out is a handler of that name. One that fails waits and lets others go first; one that fails too
 * often, or for good, is dead and kept; one that the process died of three times is parked.
 *
 * When it is drained is decided by `machines/store-and-forward.machine.ts` in an actor. All methods throw
 * HOLDFAST_ERR_CLOSED once the runtime is closed, and the errors of the storage.
 */
export class StoreAndForward<Handlers extends OperationHandlers = OperationHandlers> {
  readonly name: string;
  readonly #options: OperationRunnerOptions;
  readonly #runner: OperationRunner;
  readonly #replica: Replica<QueueStateValue, QueueContext, QueueEvent, QueueInput>;
  readonly #stopListening: () => void;
  readonly #waiters = new Waiters();
  readonly #underWay = new OperationsUnderWay();
  #passing: Promise<void> | undefined;
  /** Numbers the passes of this process. */
  #passesBegun = 0;
  /** The number of the last pass that has begun everything that was due. */
  #lastComplete = 0;
  /** The place of the last operation that it was to carry out. */
  #lastSequence = 0;
  /** What has been published of what the runner has ended, of which some outlives its pass. */
  #told = { replayed: 0, failed: 0 };
  readonly #startedAt = performance.now();
  /** Of which its machine is being told. */
  #endedPass: number | undefined;
  #network: 'online' | 'degraded' | 'offline' | undefined;
  #pause: { isHeard: boolean } | undefined;
  #isClosed = false;

  /** @internal */
  constructor(router: Router, options: OperationRunnerOptions) {
    const { queue, connectivity, onDegraded } = options;
    this.name = queue;
    this.#options = options;
    this.#runner = new OperationRunner(options, (error) => this.#waiters.look(error));
    this.#replica = new Replica({
      router,
      kind: volatileKinds.storeAndForward,
      id: queue,
      input: { onDegraded },
      onChange: () => this.#look(),
      onBegun: () => this.#begun(),
    });
    this.#stopListening = connectivity.listen(() => this.#networkChanged());
    // What an earlier process has left is carried out without being asked for.
    this.#replica.begin().catch(() => undefined);
    this.#networkChanged();
  }

  /**
   * Keeps an operation. Resolves once it is on disk, and then it is carried out, some time.
   *
   * @throws HOLDFAST_ERR_QUEUE_FULL; HOLDFAST_ERR_IDEMPOTENCY_CONFLICT for a key that was used for another operation;
   * HOLDFAST_ERR_PAYLOAD_INVALID and HOLDFAST_ERR_PAYLOAD_TOO_LARGE; HOLDFAST_ERR_OPTION_INVALID; HOLDFAST_ERR_CLOSED; the
   * errors of the storage, after which nothing was kept unless they say that the outcome is unknown.
   *
   * @example
   * await outbox.enqueue({ url, body }, { idempotencyKey: noteId, orderKey: 'customer-7' });
   */
  async enqueue<Name extends keyof Handlers & string = OnlyName<Handlers>>(
    payload: PayloadOf<Handlers, Name>,
    options: EnqueueOptions<Name> = {},
  ): Promise<Enqueued> {
    this.#checkOpen();
    const operation = toNewOperation(this.#options, payload, options);
    const { store, limits } = this.#options;
    const [result] = await store.enqueue([operation], limits, systemClock.now());
    return this.#enqueued(operation, result as EnqueueResult);
  }

  /**
   * Cancels an operation. Resolves with whether it is not carried out: one that waits never is; one that is under way has its
   * signal aborted and is waited for; one that has ended, or that another process has under way, is as it is.
   *
   * @throws HOLDFAST_ERR_ARGUMENT_INVALID, HOLDFAST_ERR_CLOSED, and the errors of the storage.
   */
  async cancel(operationId: string): Promise<boolean> {
    this.#checkOpen();
    checkKey('operationId', operationId);
    refuseWithinHandler(this.name, 'cancel', operationId);
    if (!(await this.#isOwn(operationId))) return false;
    const { store } = this.#options;
    for (;;) {
      const state = await store.cancel(operationId, systemClock.now());
      if (state === 'waiting') {
        operationEnded.publish({ queue: this.name, operationId, name: null, state: 'cancelled' });
        // Those behind it in its order key may be due now.
        this.#replica.tell({ type: 'drain' });
        return true;
      }
      if (state !== 'running') return state === 'cancelled';
      if (await this.#runner.cancel(operationId)) continue;
      // It may have failed meanwhile, and waits for its next attempt.
      const isRunning = (await store.get(operationId))?.state === 'running';
      if (isRunning && !this.#runner.holds(operationId)) return false;
    }
  }

  /** Begins nothing more here until {@link StoreAndForward.resume}. What is under way, and other processes, go on. Not kept. */
  async pause(): Promise<void> {
    this.#checkOpen();
    const pause = this.#pause ?? { isHeard: false };
    this.#pause = pause;
    await this.#replica.send({ type: 'pause' });
    pause.isHeard = true;
  }

  /** Goes on after {@link StoreAndForward.pause}; harmless otherwise. */
  async resume(): Promise<void> {
    this.#checkOpen();
    // First: an actor that dies of this, or rests, is not told again to pause when it begins anew.
    this.#pause = undefined;
    await this.#replica.send({ type: 'resume' });
  }

  /**
   * Carries out now what waits, also what has failed and waits for its next attempt. Resolves when everything that could be
   * was tried once. While there is no network, which is checked, or the queue is paused, it waits: give it a signal. `left` still
   * wait then.
   *
   * @throws the reason of the signal, HOLDFAST_ERR_CLOSED, an error of the storage that waiting does not mend.
   */
  async drain(
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<{ readonly replayed: number; readonly failed: number; readonly left: number }> {
    checkOptions('drain', options, ['signal']);
    this.#checkOpen();
    options.signal?.throwIfAborted();
    refuseWithinHandler(this.name, 'drain');
    const { store, connectivity } = this.#options;
    const endedBefore = { ...this.#runner.ended };
    await orAborted(store.hurry(this.name, systemClock.now()), options.signal);
    // A pass that is under way may have looked before; and what it leaves is for the next one, complete or not.
    const before = this.#passesBegun;
    let last: number | undefined;
    const isReached = (): boolean => {
      if (this.#lastComplete <= before) return false;
      last ??= this.#lastSequence;
      return !this.#underWay.hasUpTo(last);
    };
    // Whoever asks for it now may know that the network is back.
    if (connectivity.isDoubted) connectivity.check().catch(() => undefined);
    const ask = (): Promise<unknown> => this.#replica.send({ type: 'drain' });
    await this.#waiters.until(isReached, options.signal, ask);
    const { depth: left } = await this.metrics();
    const { replayed, failed } = this.#runner.ended;
    return { replayed: replayed - endedBefore.replayed, failed: failed - endedBefore.failed, left };
  }

  /** Counters, which survive restarts, and gauges of this moment, over all processes. */
  async metrics(): Promise<OperationMetrics> {
    this.#checkOpen();
    return this.#options.store.metrics(this.name, systemClock.now());
  }

  /**
   * Operations in the order in which they were enqueued. Those that are done are not kept, but for ones with an idempotency
   * key.
   *
   * @throws HOLDFAST_ERR_OPTION_INVALID, HOLDFAST_ERR_ARGUMENT_INVALID, HOLDFAST_ERR_CLOSED.
   */
  async list(options: ListOperationsOptions = {}): Promise<OperationRecord[]> {
    this.#checkOpen();
    checkOptions('list', options, ['states', 'after', 'limit']);
    const { states = null, after = 0, limit = 100 } = options;
    if (
      states !== null &&
      !(Array.isArray(states) && states.every((state) => keptOperationStates.includes(state)))
    )
      throw invalidOption(`list: "states" must be an array of ${keptOperationStates.join(', ')}.`);
    checkWhole('after', after);
    checkWhole('limit', limit, 1);
    return (await this.#options.store.list({ queue: this.name, states, after, limit })).map(
      toOperationRecord,
    );
  }

  /** An operation of this queue that is kept, or `undefined`. */
  async get(operationId: string): Promise<OperationRecord | undefined> {
    this.#checkOpen();
    checkKey('operationId', operationId);
    const found = await this.#options.store.get(operationId);
    return found?.queue === this.name ? toOperationRecord(found) : undefined;
  }

  /** Has a dead or parked operation wait again, in its old place and with its attempts forgotten. False for any other. */
  async requeue(operationId: string): Promise<boolean> {
    this.#checkOpen();
    checkKey('operationId', operationId);
    if (!(await this.#isOwn(operationId))) return false;
    const isRequeued = await this.#options.store.requeue(operationId, systemClock.now());
    this.#replica.tell({ type: 'drain' });
    return isRequeued;
  }

  /** Removes an operation that has ended, for ever. False for one that waits or runs: cancel it. */
  async discard(operationId: string): Promise<boolean> {
    this.#checkOpen();
    checkKey('operationId', operationId);
    return (await this.#isOwn(operationId)) && this.#options.store.discard(operationId);
  }

  /** @internal Begins nothing more; handlers that do not end in time are told to. */
  async close(timeoutMs: number): Promise<void> {
    this.#isClosed = true;
    this.#underWay.tell();
    this.#stopListening();
    this.#replica.close();
    this.#waiters.end(queueClosed(this.name));
    if (this.#passing === undefined && this.#underWay.size === 0) return;
    const ended = Promise.all([this.#passing, this.#underWay.ended()]);
    await within(ended, timeoutMs);
    this.#runner.close();
    await within(ended, Math.min(timeoutMs, 1_000));
  }

  /** Ids are those of a file: another queue may have it. */
  async #isOwn(operationId: string): Promise<boolean> {
    return (await this.#options.store.get(operationId))?.queue === this.name;
  }

  #enqueued(operation: NewOperation, result: EnqueueResult): Enqueued {
    const { name: queue } = this;
    const dropped = result.outcome === 'dropped' ? [result.operationId] : result.dropped;
    const tell = (state: OperationState) => (operationId: string) =>
      operationEnded.publish({ queue, operationId, name: null, state });
    result.expired?.forEach(tell('expired'));
    dropped.forEach(tell('dropped'));
    const enqueued = toEnqueued(operation, this.#options.limits, result);
    this.#replica.tell({ type: 'drain' });
    return enqueued;
  }

  #begun(): void {
    this.#endedPass = undefined;
    this.#network = undefined;
    if (this.#pause?.isHeard === true) this.#replica.tell({ type: 'pause' });
    this.#networkChanged();
    this.#replica.tell({ type: 'drain' });
  }

  #networkChanged(): void {
    const { status } = this.#options.connectivity;
    if (status === 'unknown' || status === this.#network || this.#replica.state === undefined) return;
    const wasAway = this.#network === 'offline';
    this.#network = status;
    void this.#tellNetwork(status, wasAway && status !== 'offline');
  }

  async #tellNetwork(status: 'online' | 'degraded' | 'offline', isBack: boolean): Promise<void> {
    // So that what waits because of it does not go on waiting. A disk that fails now lets it wait.
    if (isBack)
      await this.#options.store.networkIsBack(this.name, 2_000, systemClock.now()).catch(() => undefined);
    // It may have changed again.
    if (this.#network !== status) return;
    this.#replica.tell({ type: 'networkChanged', status });
  }

  get #mayGoOn(): boolean {
    const { status } = this.#options.connectivity;
    const isThere = status === 'online' || (status === 'degraded' && this.#options.onDegraded === 'execute');
    return isThere && !this.#isClosed && this.#replica.state?.drain === 'draining';
  }

  /** Makes the pass that its machine wants. */
  #look(): void {
    if (this.#isClosed || this.#replica.state?.drain !== 'draining') return this.#underWay.tell();
    if (this.#passing !== undefined) return this.#underWay.tell();
    const pass = this.#replica.context?.pass ?? 0;
    if (pass !== this.#endedPass) this.#passing = this.#pass(pass);
  }

  async #pass(pass: number): Promise<void> {
    const { name: queue } = this;
    const began = performance.now();
    const number = ++this.#passesBegun;
    await this.#options.connectivity.ready().catch(() => undefined);
    const made = new QueuePass(this.#options, this.#runner, this.#underWay, {
      mayGoOn: () => this.#mayGoOn,
      isWanted: () => this.#replica.context?.isWanted === true,
      startedAt: this.#startedAt,
    });
    const { lastSequence, isComplete, waitMs } = await made.run().finally(() => {
      this.#passing = undefined;
    });
    const replayed = this.#runner.ended.replayed - this.#told.replayed;
    const failed = this.#runner.ended.failed - this.#told.failed;
    this.#told = { ...this.#runner.ended };
    if (replayed + failed > 0)
      queueDrained.publish({ queue, replayed, failed, ms: performance.now() - began });
    if (isComplete) {
      this.#lastSequence = lastSequence;
      this.#lastComplete = number;
    }
    this.#waiters.look();
    if (!this.#isClosed) await this.#tellEnd(pass, waitMs);
  }

  async #tellEnd(pass: number, waitMs: number): Promise<void> {
    this.#endedPass = pass;
    try {
      await this.#replica.send({ type: 'passEnded', pass, waitMs });
    } catch {
      // Nobody hears of it while no thread may run: then there is no hurry either.
      if (!this.#isClosed) await pause(unheardMs);
      this.#endedPass = undefined;
    }
    // It may have begun anew meanwhile, and wants another one.
    this.#look();
  }

  #checkOpen(): void {
    if (this.#isClosed) throw queueClosed(this.name);
  }
}
