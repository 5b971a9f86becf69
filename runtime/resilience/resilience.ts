import { holdfastError } from '../errors/holdfast-error.ts';
import type { Router } from '../hosts/router.ts';
import { checkName } from '../protocol/names.ts';
import { invalidOption } from '../protocol/options.ts';
import { SqliteOperations } from '../store/sqlite-operations.ts';
import type { StoreClient } from '../threads/store-client.ts';
import { CircuitBreaker } from './circuit-breaker.ts';
import { type CircuitBreakerOptions, resolveCircuitBreaker } from './circuit-breaker-options.ts';
import { Connectivity } from './connectivity.ts';
import type { ResolvedConnectivity } from './connectivity-options.ts';
import { StoreAndForward } from './store-and-forward.ts';
import {
  checkHandlersOf,
  type OperationHandlers,
  resolveStoreAndForward,
  type StoreAndForwardOptions,
} from './store-and-forward-options.ts';

/** What a runtime has against a network that comes and goes. Nothing of it begins before it is asked for. */
export class Resilience {
  readonly #router: Router;
  readonly #options: ResolvedConnectivity;
  #connectivity: Connectivity | undefined;
  readonly #circuitBreakers = new Map<string, CircuitBreaker>();
  readonly #queues = new Map<string, StoreAndForward>();
  readonly #store: StoreClient;
  #operations: SqliteOperations | undefined;
  #isClosed = false;

  constructor(router: Router, store: StoreClient, options: ResolvedConnectivity) {
    this.#router = router;
    this.#store = store;
    this.#options = options;
  }

  get connectivity(): Connectivity {
    if (this.#connectivity === undefined) this.#checkOpen();
    this.#connectivity ??= new Connectivity(this.#router, this.#options);
    return this.#connectivity;
  }

  circuitBreaker(name: string, options: CircuitBreakerOptions | undefined): CircuitBreaker {
    checkName('The name of a circuit breaker', name);
    const known = this.#circuitBreakers.get(name);
    if (known !== undefined && options !== undefined)
      throw invalidOption(
        `circuitBreaker('${name}') is there already: give options with its first use only.`,
      );
    if (known !== undefined) return known;
    this.#checkOpen();
    const resolved = resolveCircuitBreaker(name, options === undefined ? {} : options);
    const breaker = new CircuitBreaker(name, this.#router, this.connectivity, resolved);
    this.#circuitBreakers.set(name, breaker);
    return breaker;
  }

  storeAndForward(
    name: string,
    handlers: OperationHandlers,
    options: StoreAndForwardOptions = {},
  ): StoreAndForward {
    checkName('The name of a queue', name);
    const owner = `storeAndForward('${name}')`;
    checkHandlersOf(owner, handlers);
    const resolved = resolveStoreAndForward(owner, options);
    this.#checkOpen();
    if (this.#queues.has(name))
      throw invalidOption(`${owner} is there already: keep what its first use returned.`);
    this.#operations ??= new SqliteOperations(this.#store);
    const store = resolved.store ?? this.#operations;
    const { connectivity } = this;
    const queue = new StoreAndForward(this.#router, {
      ...resolved,
      queue: name,
      run: store.run,
      store,
      handlers: { ...handlers },
      connectivity,
    });
    this.#queues.set(name, queue);
    return queue;
  }

  /** Resolves when no handler runs any more, or the time is over. */
  async close(timeoutMs: number): Promise<void> {
    this.#isClosed = true;
    const closing = Promise.all([...this.#queues.values()].map((queue) => queue.close(timeoutMs)));
    // Who still waits for the first check has nothing under way that it would be needed for.
    if (this.#connectivity?.status === 'unknown') this.#connectivity.close();
    await closing;
    for (const breaker of this.#circuitBreakers.values()) breaker.close();
    this.#connectivity?.close();
  }

  #checkOpen(): void {
    if (this.#isClosed) throw holdfastError('HOLDFAST_ERR_CLOSED', 'The runtime is closed.');
  }
}
