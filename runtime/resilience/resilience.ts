import { holdfastError } from '../errors/holdfast-error.ts';
import type { Router } from '../hosts/router.ts';
import { Connectivity } from './connectivity.ts';
import type { ResolvedConnectivity } from './connectivity-options.ts';

/** What a runtime has against a network that comes and goes. Nothing of it begins before it is asked for. */
export class Resilience {
  readonly #router: Router;
  readonly #options: ResolvedConnectivity;
  #connectivity: Connectivity | undefined;
  #isClosed = false;

  constructor(router: Router, options: ResolvedConnectivity) {
    this.#router = router;
    this.#options = options;
  }

  get connectivity(): Connectivity {
    if (this.#connectivity === undefined && this.#isClosed)
      throw holdfastError('HOLDFAST_ERR_CLOSED', 'The runtime is closed.');
    this.#connectivity ??= new Connectivity(this.#router, this.#options);
    return this.#connectivity;
  }

  close(): void {
    this.#isClosed = true;
    this.#connectivity?.close();
  }
}
