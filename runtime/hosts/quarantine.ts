import { RunningMachine } from '../../actors/steps/running-machine.ts';
import { hostLifecycleMachine } from '../../machines/host-lifecycle.machine.ts';
import { actorQuarantined, actorReleased } from '../observability/channels.ts';
import type { DeathEvidence } from '../protocol/host-death.ts';
import type { HostReceipt } from '../protocol/host-messages.ts';
import { type Death, untilDeath } from './death.ts';
import { fence } from './fence.ts';
import { closedUnderway, hostDiedUnder, poisoned } from './host-errors.ts';
import { HostThreadClient, type HostThreadOptions } from './host-thread-client.ts';
import type { Mailbox } from './mailboxes.ts';
import type { PendingRequest } from './pending-request.ts';
import { recordDeadLetters } from './record-dead-letters.ts';
import { isBroughtAbout } from './verdict.ts';

/** An actor in quarantine, with the requests that are tried there: the culprit last. */
interface Patient {
  readonly mailbox: Mailbox;
  readonly requests: readonly PendingRequest[];
  readonly death: DeathEvidence;
  /** Milliseconds since 1970. */
  readonly since: number;
}

/** What a quarantine is made of. */
export interface QuarantineOptions extends HostThreadOptions {
  readonly host: number;
  /** What the store knows its threads by: none of the hosts. */
  readonly place: number;
  readonly settle: (pending: PendingRequest, answer: HostReceipt | Error) => void;
  readonly release: (mailbox: Mailbox) => void;
}

/** A thread that is ended in a moment resumes no work: the host of the actor does when it is back. */
const noRun = 'quarantine';

/** How long what a command asks for may take before its thread is ended, in milliseconds. */
const settleTimeoutMs = 1_000;

/** What became of a request that was tried. */
type Trial = HostReceipt | Error | Death;

/**
 * Tries commands that killed their host once more, each alone in a thread that ends afterwards. What kills that as well
 * becomes a dead letter with the evidence. What their actor was sent before them comes first, in one thread; if that
 * dies, the one that was being tried counts as having killed it, and is tried alone too, unless it may be in the log
 * already and has no key. One actor at a time; meanwhile it lives nowhere else, and its later requests wait. The threads
 * have generations of their own and are fenced before the actor goes back, so that it never has two lives that can append.
 */
export class Quarantine {
  readonly #options: QuarantineOptions;
  readonly #lifecycle = new RunningMachine(hostLifecycleMachine);
  readonly #patients: Patient[] = [];
  #running: Promise<void> | undefined;
  #client: HostThreadClient | undefined;
  #dead: Promise<Death> | undefined;
  #onAnswer: (answer: HostReceipt | Error) => void = () => undefined;
  #isTrying = false;
  #isClosed = false;

  constructor(options: QuarantineOptions) {
    this.#options = options;
  }

  /** Who is in it, longest first. */
  get patients(): readonly Patient[] {
    return this.#patients;
  }

  /** Takes an actor in. Its mailbox is held already, and its host thread is fenced. */
  admit(mailbox: Mailbox, requests: readonly PendingRequest[], death: DeathEvidence): void {
    this.#patients.push({ mailbox, requests, death, since: Date.now() });
    const { host } = this.#options;
    actorQuarantined.publish({
      address: mailbox.address,
      host,
      cause: death.cause,
      reason: death.message,
    });
    this.#running ??= this.#run();
  }

  /** Ends what is being tried; its callers are told that the runtime has closed. What was kept is carried out. */
  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#isTrying) this.#client?.giveUp();
    await this.#running;
  }

  async #run(): Promise<void> {
    for (let patient = this.#patients[0]; patient !== undefined; patient = this.#patients[0]) {
      const { mailbox, requests } = patient;
      let poisonedHere = 0;
      for (const pending of requests) {
        const isCulprit = pending === requests.at(-1);
        if (isCulprit) await this.#end();
        if (await this.#treat(pending, isCulprit)) poisonedHere++;
      }
      await this.#end();
      this.#patients.shift();
      const { host } = this.#options;
      actorReleased.publish({ address: mailbox.address, host, poisoned: poisonedHere });
      this.#options.release(mailbox);
    }
    this.#running = undefined;
  }

  /** Whether the request was poison. `hasKilled`: it has killed a thread before, and has this one for itself. */
  async #treat(pending: PendingRequest, hasKilled: boolean): Promise<boolean> {
    const { settle, backend } = this.#options;
    const { request } = pending;
    const outcome = await this.#try(pending);
    if (outcome !== undefined && !('evidence' in outcome)) {
      settle(pending, outcome);
      return false;
    }
    if (this.#isClosed || outcome === undefined) {
      await recordDeadLetters(backend, [pending], 'closed', null);
      settle(pending, closedUnderway(request));
      return false;
    }
    const { evidence, startError, reason: cause } = outcome;
    if (startError !== undefined) {
      settle(pending, startError);
      return false;
    }
    // What was tried before it may have killed the thread.
    const mayRepeat = !pending.mayBeDurable || request.idempotencyKey !== null;
    if (!hasKilled && mayRepeat) return this.#treat(pending, true);
    const isPoison = hasKilled && isBroughtAbout(evidence);
    // A letter of poison without a key says that it was not carried out.
    const reason = isPoison && mayRepeat ? 'poison' : 'host-died';
    const ids = await recordDeadLetters(backend, [pending], reason, evidence);
    const id = ids.get(pending) ?? null;
    settle(
      pending,
      isPoison
        ? poisoned(request, evidence, pending.mayBeDurable, id)
        : hostDiedUnder(request, evidence, cause),
    );
    return isPoison;
  }

  /** Resolves with nothing where it was closed before. */
  async #try(pending: PendingRequest): Promise<Trial | undefined> {
    // The one before may have died after its answer, and is fenced first.
    if (this.#client === undefined) await this.#dead;
    if (this.#isClosed) return undefined;
    let client: HostThreadClient;
    try {
      client = this.#client ?? this.#start();
    } catch (error) {
      return error as Error;
    }
    const { request } = pending;
    const answered = new Promise<HostReceipt | Error>((resolve) => {
      this.#onAnswer = resolve;
    });
    client.watchdog.start();
    client.board.clear(request.id);
    this.#isTrying = true;
    client.send(request);
    // An answer that came with the end of the thread is an answer.
    const outcome = await Promise.race([answered, this.#dead as Promise<Death>]);
    this.#isTrying = false;
    client.watchdog.stop();
    if ('evidence' in outcome) pending.mayBeDurable ||= client.board.mayBeDurable(request.id);
    return outcome;
  }

  #start(): HostThreadClient {
    this.#lifecycle.send({ type: 'start' });
    const { generation } = this.#lifecycle.context;
    try {
      this.#client = new HostThreadClient(
        this.#options.place,
        generation,
        { ...this.#options, run: noRun },
        {
          onAnswer: (_id, answer) => this.#onAnswer(answer),
          // The host looks at time-outs.
          onTick: () => undefined,
        },
      );
    } catch (error) {
      this.#lifecycle.send({ type: 'exited' });
      this.#lifecycle.send({ type: 'fenced' });
      throw error;
    }
    this.#client.thread.hold();
    const client = this.#client;
    this.#dead = untilDeath(client, () => this.#lifecycle.send({ type: 'started' })).then((death) =>
      this.#bury(client, death),
    );
    return client;
  }

  /** Ends the thread of an actor that goes back to its host. */
  async #end(): Promise<void> {
    if (this.#client !== undefined) await this.#windDown(this.#client).catch(() => undefined);
    this.#client?.giveUp();
    await this.#dead;
  }

  /** The store has answered the callers itself: what their commands ask for may still be to come, and needs its services. */
  async #windDown({ thread: { control } }: HostThreadClient): Promise<void> {
    await control.call('settle', [], { timeoutMs: settleTimeoutMs });
    const timeoutMs = this.#options.container?.closeTimeoutMs ?? 0;
    if (timeoutMs > 0) await control.call('closeServices', [], { timeoutMs });
  }

  /** The next thread has a generation of its own, and nothing of this one can be written any more. */
  async #bury(client: HostThreadClient, death: Death): Promise<Death> {
    this.#client = undefined;
    client.release();
    this.#lifecycle.send({ type: 'exited' });
    await fence(this.#options.backend, this.#options.place, this.#lifecycle.context.generation);
    this.#lifecycle.send({ type: 'fenced' });
    client.thread.release();
    return death;
  }
}
