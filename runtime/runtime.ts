import type { AggregateDefinition } from '../actors/definitions/define-aggregate.ts';
import { isAggregateDefinition } from '../actors/definitions/define-aggregate.ts';
import type { StateAtVersion } from '../actors/evolution/state-at.ts';
import { RunningMachine } from '../actors/steps/running-machine.ts';
import type { AnyStateMachine, EmittedFrom } from '../actors/xstate-adapter.ts';
import { runtimeLifecycleMachine } from '../machines/runtime-lifecycle.machine.ts';
import { ActorRef, type Receipt } from './actor-ref.ts';
import { DeadLetterDesk } from './dead-letter-desk.ts';
import { createDispatcher } from './delivery/create-dispatcher.ts';
import type { Dispatcher } from './delivery/dispatcher.ts';
import { type Emitted, EmittedListeners } from './delivery/emitted-listeners.ts';
import { holdfastError, isHoldfastError } from './errors/holdfast-error.ts';
import { loadPart } from './errors/load-part.ts';
import { lookAtHealth, type RuntimeHealth } from './health.ts';
import { Router } from './hosts/router.ts';
import { runFailed } from './observability/channels.ts';
import type { ResolvedOptions } from './options.ts';
import { noProjections } from './projections/projection-health.ts';
import type { Projections } from './projections/projections.ts';
import { Queryable } from './projections/queryable.ts';
import type { DeadLetter } from './protocol/dead-letter.ts';
import { checkKey, checkName } from './protocol/names.ts';
import { invalidOption } from './protocol/options.ts';
import type { RehearsalReport } from './protocol/rehearsal.ts';
import type { SkippedEventCount } from './protocol/skipped-event.ts';
import { type RehearseOptions, resolveRehearseOptions } from './rehearse/rehearse-options.ts';
import { Replays } from './replays.ts';
import type { CircuitBreaker } from './resilience/circuit-breaker.ts';
import type { CircuitBreakerOptions } from './resilience/circuit-breaker-options.ts';
import type { Connectivity } from './resilience/connectivity.ts';
import { Resilience } from './resilience/resilience.ts';
import type { StoreAndForward } from './resilience/store-and-forward.ts';
import type { OperationHandlers, StoreAndForwardOptions } from './resilience/store-and-forward-options.ts';
import type { RuntimeState } from './runtime-state.ts';
import type { StateAtOptions } from './state-at-version.ts';
import { EventStore } from './store/event-store.ts';
import type { SqliteEventStoreBackend } from './store/sqlite-backend.ts';
import { type StoredEvent, toStoredEvent } from './store/stored-event.ts';

/** Everything over one database file. Made by {@link createRuntime}; disposed with `await using` or `close()`. */
export class Runtime extends Queryable {
  /** The event log that all actors write to. Closing it closes nothing: it belongs to the runtime. */
  readonly store: EventStore;
  /** The absolute path of the database. */
  readonly database: string;
  readonly #lifecycle = new RunningMachine(runtimeLifecycleMachine);
  readonly #backend: SqliteEventStoreBackend;
  readonly #router: Router;
  readonly #deadLetters: DeadLetterDesk;
  readonly #closeTimeoutMs: number;
  readonly #emitted = new EmittedListeners();
  readonly #dispatcher: Dispatcher;
  readonly #resilience: Resilience;
  readonly #definitions: { readonly modules: readonly string[]; readonly memoryMb: number };
  readonly #projectionOptions: ConstructorParameters<typeof Projections>[0];
  #projections: Projections | undefined;
  #startAgain: NodeJS.Timeout | undefined;
  readonly #replays = new Replays();
  #closing: Promise<void> | undefined;

  /** @internal */
  constructor(backend: SqliteEventStoreBackend, options: ResolvedOptions) {
    super();
    const { modules, hosts, mailboxCapacity, mailboxOverflow, commandTimeoutMs } = options;
    this.#backend = backend;
    this.#closeTimeoutMs = options.closeTimeoutMs;
    this.#definitions = { modules, memoryMb: options.hostMemoryMb };
    this.#projectionOptions = {
      backend,
      modules,
      memoryMb: options.hostMemoryMb,
      timeoutMs: options.hostUnresponsiveMs,
    };
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
      container: options.container,
      supervision: options.supervision,
      idleMs: options.passivateAfterMs,
      memoryMb: options.hostMemoryMb,
      externalMemoryMb: options.hostExternalMemoryMb,
      unresponsiveMs: options.hostUnresponsiveMs,
      onEmitted: (address, event) => this.#emitted.tell(address, event),
      emitted: this.#emitted.gauge,
      onProjections: () => void this.#startProjections(),
      onMoved: (isTheirs) => void this.#dispatcher.resumeWork(isTheirs),
      onStarted: (address) => this.#dispatcher.hurry(address),
    });
    this.#dispatcher = createDispatcher(backend, this.#router);
    this.#resilience = new Resilience(this.#router, backend.store(), options.connectivity);
    this.#deadLetters = new DeadLetterDesk(backend, this.#router);
    this.#lifecycle.send({ type: 'opened' });
    const store = backend.store();
    store.thread.onEnded((reason) => this.#fail(reason));
    // Without definitions there is nobody to deliver to. A run that could not begin does with its next sign of life.
    if (modules.length > 0) {
      store
        .beginRun((signal) => this.#dispatcher.onSignal(signal))
        .catch((error) => runFailed.publish({ error }));
    }
  }

  /** What it is doing at this moment. */
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
    this.#checkOpen();
    return new ActorRef<Machine, Inputs>(definition as AggregateDefinition<Machine, never>, id, this.#router);
  }

  /**
   * Calls the handler with every event of a type (`'*'` for all) that an actor of the kind emits (XState's `emit`), after
   * the transition that emitted it is durable. What is emitted while nobody listens, or by another process, is not heard.
   * Returns how to stop.
   *
   * @throws HOLDFAST_ERR_OPTION_INVALID, HOLDFAST_ERR_ARGUMENT_INVALID.
   */
  on<
    Machine extends AnyStateMachine,
    Inputs extends Record<string, unknown>,
    Type extends EmittedFrom<Machine>['type'] | '*',
  >(
    definition: AggregateDefinition<Machine, Inputs>,
    type: Type,
    handler: (
      emitted: Emitted<
        Type extends '*' ? EmittedFrom<Machine> : Extract<EmittedFrom<Machine>, { type: Type }>
      >,
    ) => void,
  ): () => void {
    if (!isAggregateDefinition(definition) || typeof handler !== 'function')
      throw invalidOption('on takes what defineAggregate returned, a type of event, and a function.');
    checkName('The type of an emitted event', type);
    return this.#emitted.add(definition.kind, type, handler as never);
  }

  /**
   * Whether the network is there: `online`, `degraded` or `offline`, found out by the probe in `createRuntime({
   * connectivity })`. Looks for the first time when this is first read.
   *
   * @throws HOLDFAST_ERR_CLOSED if it is first read after `close`.
   */
  get connectivity(): Connectivity {
    return this.#resilience.connectivity;
  }

  /**
   * The circuit breaker of a name: the same for everybody who asks for it. `options` are given with its first use.
   *
   * @throws HOLDFAST_ERR_OPTION_INVALID, HOLDFAST_ERR_ARGUMENT_INVALID, HOLDFAST_ERR_CLOSED.
   *
   * @example
   * const breaker = runtime.circuitBreaker('sync-service');
   * const result = await breaker.call((signal) => upload(file, { signal }));
   */
  circuitBreaker(name: string, options?: CircuitBreakerOptions): CircuitBreaker {
    return this.#resilience.circuitBreaker(name, options);
  }

  /**
   * The store-and-forward queue of a name: keeps operations before they are promised, and has the handlers carry them out
   * when there is a network, also those that an earlier process has left. To be made once, at the start.
   *
   * @throws HOLDFAST_ERR_OPTION_INVALID, HOLDFAST_ERR_ARGUMENT_INVALID, HOLDFAST_ERR_CLOSED.
   *
   * @example
   * const outbox = runtime.storeAndForward('webhooks', {
   *   deliver: async ({ url, body }: Webhook, { signal, idempotencyKey }) => post(url, body, { signal, idempotencyKey }),
   * });
   * await outbox.enqueue({ url, body }, { orderKey: 'customer-7' });
   */
  storeAndForward<Handlers extends OperationHandlers>(
    name: string,
    handlers: Handlers,
    options?: StoreAndForwardOptions,
  ): StoreAndForward<Handlers> {
    return this.#resilience.storeAndForward(name, handlers, options) as unknown as StoreAndForward<Handlers>;
  }

  /**
   * Commands that reached a mailbox and were neither committed nor rejected, oldest first, with what is known of the
   * cause. They survive a restart; the newest 10,000 are kept.
   *
   * @throws HOLDFAST_ERR_CLOSED, and the errors of the storage.
   */
  async deadLetters(): Promise<DeadLetter[]> {
    return this.#deadLetters.list();
  }

  /**
   * Sends a dead letter again. Resolves once it is on disk, and then the letter is gone; a letter whose command is
   * rejected or fails stays. Harmless to repeat: it is sent under its own idempotency key, or under one made from its
   * id. A letter without a key of its own may have been carried out before it died, which no key can tell: look at its
   * stream first unless its `reason` is `poison`. One with a `timer` goes where that would have brought it, once.
   *
   * @throws HOLDFAST_ERR_DEAD_LETTER_UNKNOWN, and what `send` and `execute` throw. One that kills its host again becomes
   * a new letter in place of this one, which HOLDFAST_ERR_POISON_MESSAGE names; that of a timer stays. A timer whose state or
   * child was left meanwhile: HOLDFAST_ERR_EVENT_REJECTED, and one that was set anew: HOLDFAST_ERR_ARGUMENT_INVALID.
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
    const projections = this.#projections?.health() ?? noProjections;
    return lookAtHealth(this.#backend, this.#router.health(), projections, this.#dispatcher.underway);
  }

  /**
   * Stored events that the machines of today pass over, because no state knows their type or the actor's state does not
   * accept them: how many of each kind and type were met since the host threads started. They stay in their streams.
   * Each is also published on the diagnostics channel `holdfast:event:skipped`.
   *
   * @throws HOLDFAST_ERR_CLOSED; HOLDFAST_ERR_TIMEOUT where a host thread does not answer within 30 seconds.
   */
  skippedEvents(): Promise<SkippedEventCount[]> {
    return this.#router.skippedEvents();
  }

  /**
   * Replays every stream of the database with the definitions of today, or with those of other modules, and reports what
   * would break: events that throw, are not accepted or not known, upcasters and migrations that fail, snapshots that
   * say something else than a replay. To be called before an update is let loose on a user's data. Runs on threads of
   * its own beside everything else; writes nothing; reads page by page.
   *
   * What the application's code does there is a problem in the report, also when it never ends or ends its thread.
   *
   * @throws HOLDFAST_ERR_OPTION_INVALID, HOLDFAST_ERR_CLOSED, the reason of the signal, and the errors of the storage.
   *
   * @example
   * const report = await runtime.rehearse({ modules: [new URL('./domain-v2.ts', import.meta.url)] });
   * if (!report.ok) for (const { problem, stream, version, message } of report.problems)
   *   console.error(`${stream} at version ${version}: ${problem}: ${message}`);
   */
  async rehearse(options: RehearseOptions = {}): Promise<RehearsalReport> {
    const { signal, ...resolved } = resolveRehearseOptions(options, this.#definitions);
    this.#checkOpen();
    const { rehearse } = await loadPart(import('./rehearse/rehearse.ts'));
    return this.#replays.run(signal, (stop) => rehearse(this.#backend, { ...resolved, signal: stop }));
  }

  /**
   * The state of an actor as it was at a version, folded from its events on a thread of its own. Default: the last one.
   *
   * @throws HOLDFAST_ERR_ARGUMENT_INVALID for a stream without events, HOLDFAST_ERR_CLOSED, also where the runtime closes
   * meanwhile, and what a replay fails with.
   */
  async stateAt(stream: string, options: StateAtOptions = {}): Promise<StateAtVersion> {
    this.#checkOpen();
    const { stateAtVersion, checkStateAt } = await loadPart(import('./state-at-version.ts'));
    checkStateAt(stream, options);
    return this.#replays.run(options.signal, (signal) =>
      stateAtVersion(this.#backend, this.#definitions, stream, { ...options, signal }),
    );
  }

  /**
   * The event of this id, or what a caller named in `metadata.correlationId`, and every event that followed from it,
   * whichever actor has it: through messages, timers and work. In order of arrival, read page by page while it is iterated.
   *
   * @throws while it is iterated HOLDFAST_ERR_ARGUMENT_INVALID, HOLDFAST_ERR_CLOSED, and the errors of the storage.
   *
   * @example
   * for await (const { stream, type } of runtime.correlated(eventId)) console.log(stream, type);
   */
  async *correlated(correlationId: string): AsyncGenerator<StoredEvent, void, void> {
    checkKey('correlationId', correlationId);
    const reader = await this.#backend.reader();
    for (let after = 0; ; ) {
      const page = await reader.request('correlated', correlationId, after);
      for (const event of page) {
        yield toStoredEvent(event);
        after = event.position;
      }
      if (page.length === 0) return;
    }
  }

  /**
   * How many actors are in memory at this moment, over all host threads. A thread that dies meanwhile has none.
   *
   * @throws HOLDFAST_ERR_CLOSED; HOLDFAST_ERR_TIMEOUT where a host thread does not answer within 30 seconds.
   */
  residents(): Promise<number> {
    return this.#router.residents();
  }

  /**
   * Begins no more operations of queues and waits for the handlers that run, which may need actors to end well: an
   * `ActorRef` made before takes commands until then. Then takes no more commands, waits for those under way, stops invoked
   * work and keeps what it has told, saves snapshots, each within `closeTimeoutMs`, and closes everything in reverse order.
   * Idempotent: every call ends when it is done. Rejects with HOLDFAST_ERR_TIMEOUT if the store thread does not close its
   * file within 30 seconds, as on a disk that hangs; what was acknowledged is durable all the same.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** @internal */
  protected override async projections(): Promise<Projections> {
    const { Projections } = await loadPart(import('./projections/projections.ts'));
    this.#checkOpen();
    this.#projections ??= new Projections(this.#projectionOptions);
    return this.#projections;
  }

  /** A host has found some among the modules. */
  async #startProjections(): Promise<void> {
    try {
      await (await this.projections()).start();
    } catch (error) {
      // A query says so to whoever asks; a runtime that is closing needs none.
      if (this.#closing !== undefined) return;
      runFailed.publish({ error });
      // Nobody asks for what a reactor sends. Each host that has found some comes here.
      clearTimeout(this.#startAgain);
      if (isHoldfastError(error) && error.retryable)
        this.#startAgain = setTimeout(() => void this.#startProjections(), 5_000).unref();
    }
  }

  /** The store thread has ended. If nobody asked for it, nothing can be made durable any more. */
  #fail(reason: Error): void {
    if (!this.#lifecycle.send({ type: 'failed' })) return;
    this.#closing ??= this.#closeAfter(reason);
  }

  async #closeAfter(reason: Error): Promise<void> {
    await this.#resilience.close(0);
    this.#dispatcher.close();
    await this.#replays.end(reason);
    await this.#projections?.close();
    await this.#router.fail(reason);
    await this.store.close();
    // What is left is the reader and the pool; the store can no longer answer.
    await this.#backend.close().catch(() => undefined);
  }

  #checkOpen(): void {
    if (this.#closing !== undefined) throw holdfastError('HOLDFAST_ERR_CLOSED', 'The runtime is closed.');
  }

  async #close(): Promise<void> {
    this.#lifecycle.send({ type: 'close' });
    this.#backend.store().hurryAfter(this.#closeTimeoutMs);
    await this.#resilience.close(this.#closeTimeoutMs);
    this.#dispatcher.close();
    const closed = holdfastError('HOLDFAST_ERR_CLOSED', 'The runtime was closed before its replay was done.');
    await this.#replays.end(closed);
    await this.#router.drain(this.#closeTimeoutMs);
    await this.#projections?.close();
    this.#lifecycle.send({ type: 'drained' });
    await this.#router.close(this.#closeTimeoutMs);
    await this.store.close();
    await this.#backend.close();
    this.#lifecycle.send({ type: 'closed' });
  }
}
