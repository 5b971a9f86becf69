import { RunningMachine } from '../../actors/steps/running-machine.ts';
import { hostLifecycleMachine } from '../../machines/host-lifecycle.machine.ts';
import { hostDied, hostRestarted } from '../observability/channels.ts';
import type { HostReceipt, HostRequest } from '../protocol/host-messages.ts';
import type { SkippedEventCount } from '../protocol/skipped-event.ts';
import { Backlog } from './backlog.ts';
import { type Death, notStarted, untilDeath } from './death.ts';
import { fence } from './fence.ts';
import { closedUnderway, hostDiedUnder, hostUnavailable } from './host-errors.ts';
import { type HostHealth, type LastDeath, type QuarantinedActor, stateOfHost } from './host-health.ts';
import type { HostSupervisor, SupervisedHost } from './host-supervisor.ts';
import { HostThreadClient, type HostThreadOptions } from './host-thread-client.ts';
import type { Mailbox, MailboxOverflow } from './mailboxes.ts';
import type { PendingRequest } from './pending-request.ts';
import { Quarantine } from './quarantine.ts';
import { recordDeadLetters, recordPoisonousWork } from './record-dead-letters.ts';
import { Suspects } from './suspects.ts';
import { startTicks } from './ticks.ts';
import { type Triage, triage } from './triage.ts';
import { windDown } from './wind-down.ts';

const idleTickMs = 100;
const noNotes = { workingOn: 0, workingForAddress: '', mayBeDurable: () => false };

/** What a host is made of. */
export interface HostOptions extends HostThreadOptions {
  readonly host: number;
  /** What the store knows its quarantine by. */
  readonly quarantinePlace: number;
  readonly mailboxCapacity: number;
  readonly supervisor: HostSupervisor;
  /** Told when the next thread of a host that had died serves. */
  readonly onRestarted: (host: number) => void;
  /** Told when an actor is back from quarantine. */
  readonly onReleased: (address: string) => void;
}

/**
 * A place that actors live at, served by one thread after another. A thread that dies takes nothing with it but what it
 * had in memory: what it had not begun goes to the next one, whoever has sent what may have been carried out is told, and
 * what killed it is tried once more alone. When the next thread starts is for the supervisor to say.
 */
export class Host implements SupervisedHost {
  readonly backlog: Backlog;
  readonly #options: HostOptions;
  readonly #lifecycle = new RunningMachine(hostLifecycleMachine);
  readonly #quarantine: Quarantine;
  readonly #suspects = new Suspects();
  #client: HostThreadClient | undefined;
  /** Whether the thread keeps the process alive and is watched over, since somebody waits for it. */
  #isAwake = false;
  /** Resolves when the thread has ended and what it left behind is settled. */
  #over: Promise<void> | undefined;
  #onDrained: (() => void) | undefined;
  #lastDeath: LastDeath | undefined;
  /** When it died, until the next thread serves. */
  #downSince: number | undefined;
  /** A thread has served: its actors may have work under way, so the next one is needed though nobody asks for it. */
  #isMissed = false;
  /** It has escalated, and takes nothing before it is tried again. */
  #isUnavailable = false;
  /** It is tried: the first answer says that it is well. */
  #isTried = false;
  /** Looks at time-outs while there is no thread whose watchdog would, and keeps the process alive for who waits. */
  #idleTicks: NodeJS.Timeout | undefined;
  readonly #expire = (sleptMs: number): void =>
    this.backlog.expire(
      sleptMs,
      this.#quarantine.patients.flatMap(({ requests }) => requests),
    );

  constructor(options: HostOptions) {
    this.#options = options;
    this.backlog = new Backlog(options.mailboxCapacity, () => this.#rest());
    this.#quarantine = new Quarantine({
      ...options,
      place: options.quarantinePlace,
      settle: (pending, answer) => this.backlog.settle(pending, answer),
      release: (mailbox) => this.#released(mailbox),
    });
  }

  /**
   * Makes room for one more request.
   *
   * @throws HOLDFAST_ERR_HOST_UNAVAILABLE, HOLDFAST_ERR_MAILBOX_FULL.
   */
  enter(request: HostRequest, overflow: MailboxOverflow): Mailbox {
    if (this.#isUnavailable) this.#tryAgain(request);
    return this.backlog.enter(request.address, overflow);
  }

  /** Sends a request that has entered, at once or when its turn comes. Starts a thread if there is none and may be. */
  send(pending: PendingRequest): void {
    this.backlog.send(pending);
    this.#wake();
  }

  /** Follows an actor: `answer` is called now and with every change. Ends with `backlog.forget`. */
  watch(request: HostRequest, answer: (answer: HostReceipt | Error) => void, isQuiet: boolean): void {
    if (this.#isUnavailable) this.#tryAgain(request);
    this.backlog.watch(request, answer, isQuiet);
    if (!isQuiet) this.#wake();
  }

  /** Sends a request that nobody waits for. */
  tell(request: HostRequest): void {
    this.#client?.send(request);
  }

  /** Actors in memory. */
  async residents(): Promise<number> {
    return (await this.#serving?.ask((host) => host.call('residents', []))) ?? 0;
  }

  /** Stored events that the machines of the thread that serves now passed over. */
  async skippedEvents(): Promise<SkippedEventCount[]> {
    return (await this.#serving?.ask((host) => host.call('skippedEvents', []))) ?? [];
  }

  get #serving(): HostThreadClient | undefined {
    return ['starting', 'running'].includes(this.#lifecycle.state) ? this.#client : undefined;
  }

  health(): HostHealth {
    const { host, supervisor } = this.#options;
    const child = supervisor.childOf(host);
    const waitMs = child.until - performance.now();
    const isWaiting = child.state === 'backing-off' || child.state === 'escalated';
    return {
      host,
      state: stateOfHost(this.#lifecycle.state, child.state, this.#downSince !== undefined),
      generation: this.#lifecycle.context.generation,
      restarts: supervisor.restartsOf(host),
      lastDeath: this.#lastDeath ?? null,
      backOffUntil: isWaiting ? Date.now() + Math.max(0, waitMs) : null,
      inFlight: this.backlog.inFlight,
      unanswered: this.backlog.unanswered,
    };
  }

  quarantined(): QuarantinedActor[] {
    const { host } = this.#options;
    return this.#quarantine.patients.map(({ mailbox: { address }, death: { cause }, since }) => {
      return { address, host, cause, since };
    });
  }

  /** Resolves when every command has been answered. */
  async drained(): Promise<void> {
    this.backlog.takeWatches();
    await new Promise<void>((resolve) => {
      this.#onDrained = resolve;
      this.#rest();
    });
  }

  /** Saves snapshots and ends the thread, which holds nothing that is not on disk. Nothing may be sent any more. */
  async close(timeoutMs: number): Promise<void> {
    const client = this.#client;
    const wasRunning = this.#lifecycle.state === 'running';
    this.#lifecycle.send({ type: 'close' });
    await this.#quarantine.close();
    client?.thread.hold();
    const { backend, container } = this.#options;
    if (client !== undefined && wasRunning && timeoutMs > 0)
      await windDown(client, backend, container !== null, timeoutMs);
    await client?.thread.kill();
    await this.#over;
    if (this.#lifecycle.state === 'closed') await this.#giveUp();
    // What was found to have killed the thread meanwhile is told as well.
    await this.#quarantine.close();
    client?.thread.release();
  }

  resume(): void {
    const { host, supervisor } = this.#options;
    // One that could not start, or was ended for the sake of others, before it ever served goes on not being needed.
    const isNeeded = this.backlog.size > 0 || (this.#isMissed && this.#downSince !== undefined);
    if (this.#lifecycle.state === 'absent' && isNeeded && supervisor.mayRun(host)) this.#start();
  }

  endWithSibling(): void {
    const verdict = { cause: 'sibling', message: 'it was ended with another host', figures: {} } as const;
    this.#client?.end(verdict);
    const { host, supervisor } = this.#options;
    // One that is being fenced looks for itself.
    if (this.#lifecycle.state !== 'absent' || supervisor.childOf(host).state !== 'escalated') return;
    this.#lastDeath ??= { ...verdict, stack: null, at: Date.now() };
    void this.#escalate();
  }

  /** Somebody waits: for an answer of the thread, or for the thread. */
  #wake(): void {
    if (this.#isAwake) return;
    if (this.#client !== undefined) {
      this.#isAwake = true;
      this.#client.thread.hold();
      this.#client.watchdog.start();
      return;
    }
    this.#startIdleTicks();
    this.resume();
  }

  /** Perhaps nobody waits any more. */
  #rest(): void {
    if (this.backlog.size > 0) return;
    this.#stopIdleTicks();
    if (this.#isAwake) {
      this.#isAwake = false;
      this.#client?.watchdog.stop();
      this.#client?.thread.release();
    }
    this.#onDrained?.();
  }

  #startIdleTicks(): void {
    this.#idleTicks ??= startTicks(idleTickMs, this.#expire);
  }

  #stopIdleTicks(): void {
    clearInterval(this.#idleTicks);
    this.#idleTicks = undefined;
  }

  #start(): void {
    this.#lifecycle.send({ type: 'start' });
    const { host, supervisor } = this.#options;
    const { generation } = this.#lifecycle.context;
    let client: HostThreadClient;
    try {
      client = new HostThreadClient(
        host,
        generation,
        { ...this.#options, suspicion: this.#suspects.suspicion },
        {
          onAnswer: (id, answer) => this.#answered(id, answer),
          onTick: this.#expire,
        },
      );
    } catch (error) {
      this.#lifecycle.send({ type: 'exited' });
      const startError = error as Error;
      this.#over = this.#bury(
        { evidence: notStarted(startError), startError, reason: startError },
        undefined,
      );
      return;
    }
    this.#client = client;
    this.#stopIdleTicks();
    this.#isTried = supervisor.childOf(host).state === 'half-open';
    if (this.backlog.size > 0) this.#wake();
    this.backlog.connect(client);
    const before = this.#over;
    this.#over = untilDeath(client, () => this.#started()).then(async (death) => {
      await this.#ended(client, death);
      await before;
    });
  }

  #started(): void {
    this.#lifecycle.send({ type: 'started' });
    this.#isMissed = true;
    if (this.#downSince === undefined) return;
    const { host, supervisor } = this.#options;
    const { generation } = this.#lifecycle.context;
    const downMs = performance.now() - this.#downSince;
    this.#downSince = undefined;
    hostRestarted.publish({ host, generation, restarts: supervisor.restartsOf(host), downMs });
    this.#options.onRestarted(host);
  }

  #answered(id: number, answer: HostReceipt | Error): void {
    if (this.#isTried) {
      this.#isTried = false;
      this.#options.supervisor.served(this.#options.host);
    }
    this.backlog.answered(id, answer);
  }

  async #ended(client: HostThreadClient, death: Death): Promise<void> {
    // What waits for the next thread keeps the process alive until that holds it itself.
    const wasAwake = this.#isAwake;
    this.#isAwake = false;
    client.release();
    this.#client = undefined;
    this.#lifecycle.send({ type: 'exited' });
    if (this.#lifecycle.state !== 'closed') await this.#bury(death, client);
    if (wasAwake) client.thread.release();
  }

  /** Settles what a dead thread has left behind, and makes way for the next one. */
  async #bury(death: Death, client: HostThreadClient | undefined): Promise<void> {
    const { evidence, startError, reason } = death;
    const { host, backend, supervisor } = this.#options;
    const { generation } = this.#lifecycle.context;
    this.#lastDeath = { ...evidence, at: Date.now() };
    this.#downSince ??= performance.now();
    const left = this.backlog.disconnect();
    // A thread that never started has carried out nothing, and its callers know why.
    const hasServed = startError === undefined;
    const notes = client?.board ?? noNotes;
    const suspect = hasServed ? this.#suspects.examine(notes, evidence) : undefined;
    const sorted = triage(left, notes, evidence, suspect !== undefined);
    const failed = hasServed ? sorted.failed : [...left, ...this.backlog.takeQueued()];
    const watches = hasServed ? this.backlog.takeFatalWatches() : this.backlog.takeWatches();
    if (hasServed) this.#keep(sorted);
    const unanswered = failed.length + watches.length;
    const { cause, message } = evidence;
    hostDied.publish({ host, generation, cause, reason: message, unanswered });
    await fence(backend, host, generation);
    this.#lifecycle.send({ type: 'fenced' });
    if (cause !== 'sibling') supervisor.died(host, evidence);
    if (hasServed) this.#isolate(sorted, death);
    // A thread that could not start says why (a module that does not load), which is better than that it ended.
    const errorOf = (request: HostRequest) => startError ?? hostDiedUnder(request, evidence, reason);
    const tell = (): void => {
      for (const pending of failed) this.backlog.settle(pending, errorOf(pending.request));
      for (const { request, answer } of watches) answer(errorOf(request));
    };
    // Who was told needs no next thread, which would not start either.
    if (!hasServed) tell();
    if (this.#lifecycle.state === 'absent') await this.#goOn();
    if (hasServed) {
      await recordDeadLetters(backend, failed, 'host-died', evidence);
      if (suspect !== undefined) await recordPoisonousWork(backend, suspect, evidence);
      tell();
    }
    this.#rest();
  }

  /** Has what can be sent again wait for the next thread. The actor of the culprit waits until that is tried alone. */
  #keep({ resent, culprit }: Triage): void {
    if (culprit !== undefined) this.backlog.hold(culprit.mailbox);
    this.backlog.putBack(resent);
  }

  /** Has the culprit tried alone, and before it what its actor was sent before. */
  #isolate({ before, culprit }: Triage, { evidence }: Death): void {
    if (culprit !== undefined) this.#quarantine.admit(culprit.mailbox, [...before, culprit], evidence);
  }

  /** The next thread starts now, later, or not before it is tried again. One that never could start waits to be needed. */
  async #goOn(): Promise<void> {
    const { host, supervisor } = this.#options;
    if (supervisor.childOf(host).state === 'escalated') return this.#escalate();
    if (this.backlog.size > 0) this.#wake();
    else this.resume();
  }

  /** Rejects what waits, and what comes, until the host is tried again. */
  async #escalate(): Promise<void> {
    this.#isUnavailable = true;
    // What is tried alone goes on.
    this.#startIdleTicks();
    const evidence = this.#lastDeath as LastDeath;
    const queued = this.backlog.takeQueued();
    for (const { request, answer } of this.backlog.takeWatches()) answer(this.#unavailable(request));
    const unclear = queued.filter(({ mayBeDurable }) => mayBeDurable);
    for (const pending of queued) {
      if (!pending.mayBeDurable) this.backlog.settle(pending, this.#unavailable(pending.request));
    }
    await recordDeadLetters(this.#options.backend, unclear, 'host-died', evidence);
    for (const pending of unclear) this.backlog.settle(pending, hostDiedUnder(pending.request, evidence));
    this.#rest();
  }

  /** The first request after the rest starts the next thread; those before are rejected. */
  #tryAgain(request: HostRequest): void {
    const { host, supervisor } = this.#options;
    if (!supervisor.mayRun(host)) throw this.#unavailable(request);
    this.#isUnavailable = false;
  }

  #unavailable(request: HostRequest): Error {
    const { host, supervisor } = this.#options;
    const retryAfterMs = Math.max(0, supervisor.childOf(host).until - performance.now());
    return hostUnavailable(request, host, retryAfterMs, this.#lastDeath as LastDeath);
  }

  /** An actor comes back from quarantine. */
  #released(mailbox: Mailbox): void {
    this.backlog.release(mailbox);
    if (this.#isUnavailable) return void this.#escalate();
    if (this.backlog.size > 0) this.#wake();
    this.#options.onReleased(mailbox.address);
  }

  /** Who still waits when the runtime has closed is told, and the command is kept as a dead letter. */
  async #giveUp(): Promise<void> {
    const left = this.backlog.takeAll();
    const watches = this.backlog.takeWatches();
    await recordDeadLetters(this.#options.backend, left, 'closed', null);
    for (const pending of left) this.backlog.settle(pending, closedUnderway(pending.request));
    for (const { request, answer } of watches) answer(closedUnderway(request));
    this.#rest();
  }
}
