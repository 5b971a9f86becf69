import { isHoldfastError } from '../../runtime/errors/holdfast-error.ts';
import { type HostProgress, noProgress } from '../../runtime/ports/host-progress.ts';
import { parseAddress } from '../../runtime/protocol/address.ts';
import type { AppendReceipt, StreamSnapshot } from '../../runtime/protocol/append.ts';
import { versionConflict, violatesVersion } from '../../runtime/protocol/expected-version.ts';
import type { HostReceipt, HostRequest } from '../../runtime/protocol/host-messages.ts';
import { limits } from '../../runtime/protocol/limits.ts';
import type { LoadedStream } from '../../runtime/protocol/load.ts';
import { definitionOf } from '../definitions/definition-of.ts';
import { activate, catchUp, type Loaded } from './activation.ts';
import type { ActorHostOptions } from './actor-host-options.ts';
import { directAnswer, receiptOf, shown } from './answers.ts';
import { decide } from './decide.ts';
import type { Decision } from './decision.ts';
import { EffectRunner } from './effect-runner.ts';
import { hotSnapshotsOf } from './hot-snapshots.ts';
import { isInput, refreshRequest } from './input-request.ts';
import { Inputs } from './inputs.ts';
import { isEarly } from './is-early.ts';
import { repeatedCommand, repeatedReceipt } from './repeated-command.ts';
import { Residency } from './residency.ts';
import { newResident, type Reach, type Resident, unwatch, wait } from './resident.ts';
import { mustBeWritten, toAppendRequest } from './to-append-request.ts';
import type { Undertaking } from './undertaking.ts';
import { Unfinished } from './unfinished.ts';
import { worksFor, worksForNobody } from './works-for.ts';

const attemptsMax = 50;
/** How long what is under way at the end may take before the work is aborted, in milliseconds. */
const momentMs = 100;

/**
 * Hosts actors: decide, persist, then act. A request is decided on the newest state that is known, its events are
 * appended, and only when they are durable is the state published, the sender answered and the effects carried out.
 * Later requests are meanwhile decided on top; the writer refuses them if what they build on fails, since it compares
 * the id of the last event, and they are decided again.
 */
export class ActorHost {
  readonly #options: ActorHostOptions;
  /** The actors in memory. Whoever runs the host has it swept and trimmed now and then. */
  readonly residency: Residency;
  readonly #progress: HostProgress;
  /** How often a request was decided again because another process was faster; only for those that were. */
  readonly #attempts = new WeakMap<HostRequest, number>();
  readonly #effects: EffectRunner;
  /** Appends whose outcome is not known, actors that are being read, and inputs that wait, over all actors. */
  readonly #underway = new Unfinished();
  readonly #inputs: Inputs;
  readonly #reach: Reach;

  constructor(options: ActorHostOptions) {
    const { onEmitted, onEffectFailed, convicted, givenUp, services } = options;
    this.#options = options;
    this.residency = new Residency(options);
    this.#progress = options.progress ?? noProgress;
    this.#inputs = new Inputs({
      receive: (request) => this.receive(request),
      onEffectFailed,
      progress: this.#progress,
      underway: this.#underway,
    });
    this.#reach = { services, onInput: (...input) => this.#inputs.tell(...input) };
    this.#effects = new EffectRunner({
      onWorking: (address) => this.#progress.workingFor(address),
      onInput: (...input) => this.#inputs.tell(...input),
      onEmitted,
      onEffectFailed,
      hasRoom: (address) => this.#hasRoom(address),
      mayRunAgain: (address) => convicted?.has(address) !== true,
      mayRun: (address) => givenUp?.has(address) !== true,
      services,
    });
  }

  /** How many actors are in memory. */
  get residents(): number {
    return this.residency.size;
  }

  /** Takes a request; the answer follows in its time. Requests to one actor are carried out in order. */
  receive(request: HostRequest): void {
    worksFor(this.#progress, request);
    this.#take(request);
    worksForNobody(this.#progress);
  }

  #take(request: HostRequest): void {
    const known = this.residency.get(request.address);
    // Neither is worth reading an actor for that is not in memory.
    if (known === undefined && (request.operation === 'unwatch' || request.operation === 'refresh')) return;
    const resident = known ?? this.#activate(request);
    if (resident === undefined) return;
    if (resident.phase === 'ready') this.#run(resident, request);
    else wait(resident, request);
  }

  /**
   * Aborts the work, at the latest after a moment in which what is under way may end, and resolves when all that it had
   * told is kept and what was asked for with it has been carried out. From then on nothing is appended: it would be done,
   * and what it asks for would not.
   */
  async settle(): Promise<void> {
    const moment = new Promise<void>((resolve) => setTimeout(resolve, momentMs).unref());
    await Promise.race([this.#underway.rest(), moment]);
    this.#effects.end(this.residency.values());
    this.#inputs.giveUpHopeless();
    while (!this.#underway.isAtRest) await this.#underway.rest();
    this.#inputs.end();
  }

  /** Reads actors again whose work runs here: another process may have left the state that it belongs to. */
  refreshWorking(): void {
    for (const { address, work } of [...this.residency.values()]) {
      if (work !== undefined) this.receive(refreshRequest(address));
    }
  }

  /** Snapshots of actors whose next activation would otherwise replay many events. */
  hotSnapshots(): StreamSnapshot[] {
    return hotSnapshotsOf(this.residency.values());
  }

  #activate(request: HostRequest): Resident | undefined {
    const { address } = request;
    let resident: Resident;
    try {
      const { kind, id } = parseAddress(address);
      resident = newResident(address, id, definitionOf(this.#options.definitions, kind), this.#reach);
      resident.work = this.#effects.takeKept(address);
    } catch (error) {
      this.#answer(request.id, error as Error);
      return undefined;
    }
    this.residency.add(resident);
    this.#reload(resident, null);
    return resident;
  }

  #run(resident: Resident, request: HostRequest, isFresh = false): void {
    switch (request.operation) {
      case 'send':
      case 'execute':
      case 'start':
      case 'deliver':
        return this.#undertake(resident, request, isFresh);
      case 'unwatch':
        unwatch(resident, Number(request.name));
        return;
      case 'refresh':
        if (!isFresh) this.#catchUpFirst(resident, request);
        return;
      case 'wake':
        // Reading it again tells whose its work is, and resumes it.
        if (isFresh) this.#answer(request.id, receiptOf(resident, 'unchanged'));
        else this.#catchUpFirst(resident, request);
        return;
      case 'watch':
        resident.watchers ??= new Set();
        resident.watchers.add(request.id);
    }
    // What is shown is the newest that is durable, whoever wrote it.
    if (isFresh) this.#show(resident, request.id);
    else this.#catchUpFirst(resident, request);
  }

  #undertake(resident: Resident, request: HostRequest, isFresh: boolean): void {
    const { tip } = resident;
    let decision: Decision;
    try {
      const { expectedVersion } = request;
      if (expectedVersion !== null && violatesVersion(expectedVersion, tip.version)) {
        throw versionConflict({ stream: resident.address, expectedVersion }, tip.version);
      }
      decision = decide(resident, request);
    } catch (error) {
      return this.#refuse(resident, request, error as Error, isFresh);
    }
    if (decision.events.length > 0) return this.#append(resident, request, decision, isFresh);
    // Also "nothing to do" is said of the newest durable state only. With a key it is kept, to be said again.
    if (!isFresh) this.#catchUpFirst(resident, request);
    else if (mustBeWritten(request)) this.#append(resident, request, decision, isFresh);
    else {
      this.#endWork(resident, request);
      this.#answer(request.id, receiptOf(resident, 'unchanged'));
    }
  }

  #refuse(resident: Resident, request: HostRequest, error: Error, isFresh: boolean): void {
    // What threw half way may have changed the context that it was given.
    const isAhead = resident.tree !== undefined && resident.tree.steps !== resident.treeSteps;
    if (isAhead || isHoldfastError(error, 'HOLDFAST_ERR_TRANSITION_FAILED')) resident.isSuspect = true;
    // Another process may have moved the actor on: nothing is refused on a state that might be old.
    if (!isFresh) return this.#catchUpFirst(resident, request);
    // Whoever comes from within hears of nothing, and what it told is lost: that is told as an effect that failed.
    if (request.id === 0) this.#options.onEffectFailed(request.address, request.name, error);
    this.#answer(request.id, error);
    if (!resident.isSuspect) return;
    resident.phase = 'catchingUp';
    if (resident.inFlight === 0) this.#catchUp(resident);
  }

  #append(resident: Resident, request: HostRequest, decision: Decision, isFresh: boolean): void {
    let prepared: ReturnType<typeof toAppendRequest>;
    try {
      prepared = toAppendRequest(resident, request, decision);
    } catch (error) {
      // A delayed event or a message holds what cannot be kept.
      resident.isSuspect = true;
      return this.#refuse(resident, request, error as Error, isFresh);
    }
    const { append, after, cause } = prepared;
    // Tentative like the tip: a failure has both read anew.
    if (append.snapshot !== null) resident.snapshotVersion = after.version;
    resident.tip = after;
    resident.tree = decision.tree;
    resident.treeSteps = decision.tree?.steps ?? 0;
    resident.hasWork = append.consequences?.hasWork ?? resident.hasWork;
    resident.ownsWork ||= append.consequences?.hasWork === true;
    resident.inFlight++;
    this.#underway.begin();
    this.#progress.appending(request.id);
    const undertaking: Undertaking = {
      request,
      after,
      events: decision.events,
      cause,
      effects: decision.asked.effects,
      isAnswered: false,
    };
    const settle = (outcome: AppendReceipt | Error) => this.#settle(resident, undertaking, outcome);
    undertaking.isAnswered = this.#options.log.append(append, settle, directAnswer(request, decision));
  }

  #settle(resident: Resident, undertaking: Undertaking, outcome: AppendReceipt | Error): void {
    if (outcome instanceof Error) this.#settleFailed(resident, undertaking.request, outcome);
    else if (outcome.outcome === 'appended') this.#settleAppended(resident, undertaking, outcome);
    else {
      this.#answer(undertaking.request.id, repeatedReceipt(outcome));
      this.#distrust(resident);
    }
    // Not before all that it asked for is carried out: an action that sends must not have its own actor dropped as idle.
    resident.inFlight--;
    if (resident.phase === 'catchingUp' && resident.inFlight === 0) this.#catchUp(resident);
    this.#underway.end();
  }

  #settleAppended(
    resident: Resident,
    { request, after, events, effects, cause, isAnswered }: Undertaking,
    receipt: AppendReceipt,
  ): void {
    const hasEvents = after.version > resident.committed.version;
    resident.committed = after;
    if (hasEvents) {
      resident.position = receipt.position;
      this.#options.onTransition?.(resident.address, events, after, receipt.position);
    }
    if (!isAnswered) this.#answer(request.id, receiptOf(resident, hasEvents ? 'appended' : 'unchanged'));
    this.#tellWatchers(resident);
    this.#effects.carryOut(resident, effects, cause);
    this.#endWork(resident, request);
  }

  #settleFailed(resident: Resident, request: HostRequest, error: Error): void {
    // Whoever was decided on top of one that failed is not to blame: only the first was overtaken by another process.
    const wasOvertaken = !resident.isSuspect;
    this.#distrust(resident);
    const attempts = (this.#attempts.get(request) ?? 0) + (wasOvertaken ? 1 : 0);
    const isFromWithin = isInput(request);
    // What was decided on top of an input that could not be kept comes after it.
    if (isFromWithin && this.#inputs.hasFailed(request.address)) return this.#inputs.failed(request, error);
    const isConflict = isHoldfastError(error, 'HOLDFAST_ERR_VERSION_CONFLICT');
    if (!isConflict || attempts >= attemptsMax || isEarly(request, error, resident.retried)) {
      if (isFromWithin) this.#inputs.failed(request, error);
      else this.#answer(request.id, error);
      return;
    }
    this.#attempts.set(request, attempts);
    this.#progress.refused(request.id);
    resident.retried ??= [];
    resident.retried.push(request);
  }

  #distrust(resident: Resident): void {
    resident.phase = 'catchingUp';
    resident.isSuspect = true;
  }

  /** Looks for news before the request is answered; what arrives meanwhile waits behind it. */
  #catchUpFirst(resident: Resident, request: HostRequest): void {
    resident.phase = 'catchingUp';
    resident.queue ??= [];
    resident.queue.unshift(request);
    if (resident.inFlight === 0) this.#catchUp(resident);
  }

  #catchUp(resident: Resident): void {
    resident.phase = 'loading';
    this.#inputs.rest(resident);
    // What has to be decided again came before everything that waits.
    if (resident.retried !== undefined) resident.queue = [...resident.retried, ...(resident.queue ?? [])];
    resident.retried = undefined;
    const key = resident.queue?.[0]?.idempotencyKey ?? null;
    if (resident.isSuspect) return this.#reload(resident, key);
    this.#whenLoaded(
      resident,
      key,
      catchUp(resident, this.#options.log, key, this.#progress, this.#options.reports),
    );
  }

  #reload(resident: Resident, key: string | null): void {
    resident.isSuspect = false;
    this.#whenLoaded(
      resident,
      key,
      activate(resident, this.#options.log, key, this.#progress, this.#options.reports),
    );
  }

  #whenLoaded(resident: Resident, key: string | null, loading: Promise<Loaded>): void {
    const versionBefore = resident.committed.version;
    this.#underway.begin();
    void loading.then(
      ({ reply, workOwner }) => {
        const isNews = resident.committed.version > versionBefore && resident.watchers !== undefined;
        if (isNews) this.#tellWatchers(resident);
        this.#effects.resume(resident, workOwner === this.#options.runtimeId, versionBefore);
        this.#resume(resident, key, reply);
        this.#underway.end();
      },
      (error: unknown) => {
        this.#abandon(resident, error as Error);
        this.#underway.end();
      },
    );
  }

  /** The first request that waited is decided on a fresh state, the others as if they arrived now. */
  #resume(resident: Resident, key: string | null, kept: LoadedStream['reply']): void {
    resident.phase = 'ready';
    const [first, ...others] = resident.queue ?? [];
    resident.queue = undefined;
    if (first === undefined) return;
    if (kept !== null) this.#answer(first.id, repeatedCommand(first, kept));
    // Its key was looked up with the state, unless it came after the load had begun.
    else {
      worksFor(this.#progress, first);
      this.#run(resident, first, first.idempotencyKey === null || first.idempotencyKey === key);
    }
    for (const request of others) {
      worksFor(this.#progress, request);
      if ((resident.phase as Resident['phase']) === 'ready') this.#run(resident, request);
      else wait(resident, request);
    }
    worksForNobody(this.#progress);
  }

  /** The state could not be read: everybody who waits is told, and the next request tries again. */
  #abandon(resident: Resident, error: Error): void {
    const { queue, watchers } = resident;
    this.residency.drop(resident);
    // Work goes on: what it tells has the actor read again, and finds it by its address.
    this.#effects.keep(resident);
    this.#inputs.abandoned(resident, error);
    for (const { id } of queue ?? []) this.#answer(id, error);
    for (const id of watchers ?? []) this.#answer(id, error);
  }

  #show(resident: Resident, id: number): void {
    try {
      this.#answer(id, shown(resident));
    } catch (error) {
      // Who was told that it failed does not watch any more.
      unwatch(resident, id);
      this.#answer(id, error as Error);
    }
  }

  #tellWatchers(resident: Resident): void {
    for (const id of resident.watchers ?? []) this.#show(resident, id);
  }

  /** Whether the work of an actor may tell it more: nothing can have work wait, so it is bounded by failing. */
  #hasRoom(address: string): boolean {
    const { inFlight = 0, queue } = this.residency.get(address) ?? {};
    return inFlight + (queue?.length ?? 0) + this.#inputs.waitingOf(address) < limits.actorInputsMax;
  }

  #endWork(resident: Resident, { delivery, name }: HostRequest): void {
    const key = delivery?.workKey ?? null;
    if (key !== null && name !== 'holdfast.work.next') this.#effects.ended(resident, key);
  }

  /** Whoever comes from within the thread waits for no answer. */
  #answer(id: number, answer: HostReceipt | Error): void {
    if (id !== 0) this.#options.answer(id, answer);
  }
}
