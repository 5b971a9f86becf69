import { holdfastError } from '../errors/holdfast-error.ts';
import type { Router } from '../hosts/router.ts';
import { checkName } from '../protocol/names.ts';
import { invalidOption } from '../protocol/options.ts';
import { CircuitBreaker } from './circuit-breaker.ts';
import { type CircuitBreakerOptions, resolveCircuitBreaker } from './circuit-breaker-options.ts';
import { Connectivity } from './connectivity.ts';
import type { ResolvedConnectivity } from './connectivity-options.ts';

/** What a runtime has against a network that comes and goes. Nothing of it begins before it is asked for. */
export class Resilience {
  readonly #router: Router;
  readonly #options: ResolvedConnectivity;
  #connectivity: Connectivity | undefined;
  readonly #circuitBreakers = new Map<string, CircuitBreaker>();
  #isClosed = false;

  constructor(router: Router, options: ResolvedConnectivity) {
    this.#router = router;
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
    const resolved = resolveCircuitBreaker(name, options ?? {});
    const breaker = new CircuitBreaker(name, this.#router, this.connectivity, resolved);
    this.#circuitBreakers.set(name, breaker);
    return breaker;
  }

  close(): void {
    this.#isClosed = true;
    for (const breaker of this.#circuitBreakers.values()) breaker.close();
    this.#connectivity?.close();
  }

  #checkOpen(): void {
    if (this.#isClosed) throw holdfastError('HOLDFAST_ERR_CLOSED', 'The runtime is closed.');
  }
}
