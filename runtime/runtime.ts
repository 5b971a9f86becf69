import type { AggregateDefinition } from '../actors/define-aggregate.ts';
import { isAggregateDefinition } from '../actors/define-aggregate.ts';
import { RunningMachine } from '../actors/run-machine.ts';
import type { AnyStateMachine } from '../actors/xstate-adapter.ts';
import { runtimeLifecycleMachine } from '../machines/runtime-lifecycle.machine.ts';
import { ActorRef, type Receipt } from './actor-ref.ts';
import { DeadLetterDesk } from './dead-letter-desk.ts';
import { holdfastError } from './errors/holdfast-error.ts';
import { lookAtHealth, type RuntimeHealth } from './health.ts';
import { Router } from './hosts/router.ts';
import type { ResolvedOptions } from './options.ts';
import type { DeadLetter } from './protocol/dead-letter.ts';
import { invalidOption } from './protocol/options.ts';
import { EventStore } from './store/event-store.ts';
import type { SqliteEventStoreBackend } from './store/sqlite-backend.ts';

/** What a runtime is doing: see `machines/runtime-lifecycle.machine.ts`. */
export type RuntimeState = 'opening' | 'running' | 'draining' | 'closing' | 'closed' | 'failed';

/** Everything over one database file. Made by {@link createRuntime}; disposed with `await using` or `close()`. */
export class Runtime {
  /** The event log that all actors write to. Closing it closes nothing: it belongs to the runtime. */
  readonly store: EventStore;
  /** The absolute path of the database. */
  readonly database: string;
  readonly #lifecycle = new RunningMachine(runtimeLifecycleMachine);
  readonly #backend: SqliteEventStoreBackend;
  readonly #router: Router;
  readonly #deadLetters: DeadLetterDesk;
  readonly #closeTimeoutMs: number;
  #closing: Promise<void> | undefined;

  /** @internal */
  constructor(backend: SqliteEventStoreBackend, options: ResolvedOptions) {
    const { modules, hosts, mailboxCapacity, mailboxOverflow, commandTimeoutMs } = options;
    this.#backend = backend;
    this.#closeTimeoutMs = options.closeTimeoutMs;
    this.database = backend.path;
    this.store = EventStore.sharing(backend);
    this.#router = new Router({
      backend,
      modules,
      hosts,
      mailboxCapacity,
      mailboxOverflow,
      commandTimeoutMs,
      residentsMax: options.residentsMax,
      workerUrl: options.workerUrl,
      supervision: options.supervision,
      idleMs: options.passivateAfterMs,
      memoryMb: options.hostMemoryMb,
      externalMemoryMb: options.hostExternalMemoryMb,
      unresponsiveMs: options.hostUnresponsiveMs,
    });
    this.#deadLetters = new DeadLetterDesk(backend, this.#router);
    this.#lifecycle.send({ type: 'opened' });
    void backend.store().thread.ended.then((reason) => this.#fail(reason));
  }

  get state(): RuntimeState {
    return this.#lifecycle.state as RuntimeState;
  }

  /**
   * The actor of a definition with an id. Starts nothing and costs nothing: an actor exists by being sent to.
   *
   * @throws HOLDFAST_ERR_ARGUMENT_INVALID for an id that is no name, HOLDFAST_ERR_CLOSED.
   */
  actor<Machine extends AnyStateMachine, Inputs extends Record<string, unknown>>(
    definition: AggregateDefinition<Machine, Inputs>,
    id: string,
  ): ActorRef<Machine, Inputs> {
    if (!isAggregateDefinition(definition))
      throw invalidOption('actor takes what defineAggregate returned, and an id.');
    if (this.#closing !== undefined) throw holdfastError('HOLDFAST_ERR_CLOSED', 'The runtime is closed.');
    return new ActorRef<Machine, Inputs>(definition as AggregateDefinition<Machine, never>, id, this.#router);
  }

  /**
   * Commands that reached a mailbox and were neither committed nor rejected, oldest first, with what is known of the
   * cause. They survive a restart; the newest 10,000 are kept.
   */
  async deadLetters(): Promise<DeadLetter[]> {
    return this.#deadLetters.list();
  }

  /**
   * Sends a dead letter again. Resolves once it is on disk, and then the letter is gone; a letter whose command is
   * rejected or fails stays. Harmless to repeat: it is sent under its own idempotency key, or under one made from its
   * id. A letter without a key of its own may have been carried out before it died, which no key can tell: look at its
   * stream first unless its `reason` is `poison`.
   *
   * @throws HOLDFAST_ERR_DEAD_LETTER_UNKNOWN, and what `send` and `execute` throw. One that kills its host again becomes
   * a new letter in place of this one, which HOLDFAST_ERR_POISON_MESSAGE names.
   */
  async requeueDeadLetter(deadLetterId: number): Promise<Receipt<AnyStateMachine>> {
    return this.#deadLetters.requeue(deadLetterId);
  }

  /**
   * Removes a dead letter for ever.
   *
   * @throws HOLDFAST_ERR_DEAD_LETTER_UNKNOWN.
   */
  async discardDeadLetter(deadLetterId: number): Promise<void> {
    return this.#deadLetters.discard(deadLetterId);
  }

  /**
   * How everything is at this moment: each host with its last death and its back-off, actors in quarantine, the store,
   * the reader, dead letters. Answers within about a second and never rejects, also when the runtime is closed.
   *
   * @example
   * const { status, hosts } = await runtime.health();
   * if (status !== 'healthy') console.log(hosts.filter(({ state }) => state !== 'running'));
   */
  health(): Promise<RuntimeHealth> {
    return lookAtHealth(this.#backend, this.#router.health());
  }

  /** How many actors are in memory at this moment, over all host threads. */
  residents(): Promise<number> {
    return this.#router.residents();
  }

  /**
   * Takes no more commands, waits for those under way, saves snapshots, and closes everything in reverse order, each
   * with a deadline (`closeTimeoutMs`). Idempotent: every call resolves when it is done.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** The store thread has ended. If nobody asked for it, nothing can be made durable any more. */
  #fail(reason: Error): void {
    if (!this.#lifecycle.send({ type: 'failed' })) return;
    this.#closing ??= this.#closeAfter(reason);
  }

  async #closeAfter(reason: Error): Promise<void> {
    await this.#router.fail(reason);
    await this.store.close();
    // What is left is the reader and the pool; the store can no longer answer.
    await this.#backend.close().catch(() => undefined);
  }

  async #close(): Promise<void> {
    this.#lifecycle.send({ type: 'close' });
    await this.#router.drain(this.#closeTimeoutMs);
    this.#lifecycle.send({ type: 'drained' });
    await this.#router.close(this.#closeTimeoutMs);
    await this.store.close();
    await this.#backend.close();
    this.#lifecycle.send({ type: 'closed' });
  }
}
