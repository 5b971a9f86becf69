import type { NamedBinding } from './binding.ts';
import { type BindingFailure, warmUpFailed } from './container-errors.ts';
import type { Layer } from './layer.ts';
import { Resolution } from './resolution.ts';
import { runningFactory } from './running-code.ts';

/** How much of a warm-up is done. */
export interface WarmUpProgress {
  /** How many were made or have failed. */
  readonly done: number;
  /** How many there were to be made when it began. */
  readonly total: number;
  /** What was made or has failed just now. */
  readonly name: string;
}

/** How a container is warmed up. */
export interface WarmUpOptions {
  /** How many are begun at a time; what they ask for themselves comes on top. Default: all. */
  readonly concurrency?: number;
  /** Ends the warm-up: it rejects, and begins nothing more. What is under way goes on, since others may wait for it. */
  readonly signal?: AbortSignal;
  /** Called each time one was made or has failed, until the warm-up has ended. */
  readonly onProgress?: (progress: WarmUpProgress) => void;
}

/** Makes all that is not there yet, each after what it names as its dependencies; waits for all, also if some fail. */
export class WarmUp {
  readonly #layer: Layer;
  readonly #options: WarmUpOptions;
  readonly #asker = runningFactory() ?? new Resolution('warm-up');
  readonly #waiting = new Map<string, number>();
  readonly #dependents = new Map<string, string[]>();
  readonly #free: string[] = [];
  readonly #failures = new Map<string, BindingFailure>();
  readonly #settled = Promise.withResolvers<void>();
  readonly #total: number;
  #under = 0;
  #done = 0;
  #progressError: { readonly error: unknown } | undefined;

  constructor(layer: Layer, options: WarmUpOptions) {
    this.#layer = layer;
    this.#options = options;
    const cold = [...layer.family.bindings.values()].filter((binding) => this.#isCold(binding));
    const names = new Set(cold.map(({ name }) => name));
    this.#total = names.size;
    for (const { name, needs = [] } of cold) {
      const missing = needs.filter((need) => names.has(need));
      this.#waiting.set(name, missing.length);
      if (missing.length === 0) this.#free.push(name);
      for (const need of missing) {
        const dependents = this.#dependents.get(need);
        if (dependents === undefined) this.#dependents.set(need, [name]);
        else dependents.push(name);
      }
    }
  }

  async run(): Promise<void> {
    if (this.#total === 0) return;
    const { signal } = this.#options;
    const stop = (): void => {
      this.#free.length = 0;
      this.#settled.reject(signal?.reason);
    };
    signal?.addEventListener('abort', stop, { once: true });
    try {
      this.#next();
      await this.#settled.promise;
    } finally {
      signal?.removeEventListener('abort', stop);
    }
    if (this.#failures.size > 0) throw warmUpFailed([...this.#failures.values()], this.#total);
    if (this.#progressError !== undefined) throw this.#progressError.error;
  }

  #isCold(binding: NamedBinding): boolean {
    if (binding.kind !== 'lazy' && (binding.kind !== 'scoped' || this.#layer.parent === undefined))
      return false;
    return this.#layer.slotOf(binding).status !== 'ready';
  }

  #next(): void {
    const { concurrency = Number.POSITIVE_INFINITY } = this.#options;
    while (this.#under < concurrency) {
      const name = this.#free.shift();
      if (name === undefined) return;
      this.#make(name);
    }
  }

  #make(name: string): void {
    this.#under++;
    const end = (error?: unknown): void => {
      this.#under--;
      this.#over(name, error);
      this.#next();
    };
    try {
      const slot = this.#layer.ask(name, this.#asker);
      (slot.promise as Promise<unknown>).then(() => end(), end);
    } catch (error) {
      this.#under--;
      this.#over(name, error);
    }
  }

  /** One was made, has failed, or cannot be made since what it needs has failed. */
  #over(name: string, error: unknown): void {
    if (error !== undefined) this.#failures.set(name, failureOf(name, error));
    this.#done++;
    if (this.#options.signal?.aborted) return;
    try {
      this.#options.onProgress?.({ done: this.#done, total: this.#total, name });
    } catch (thrown) {
      this.#progressError ??= { error: thrown };
    }
    for (const dependent of this.#dependents.get(name) ?? []) {
      const left = (this.#waiting.get(dependent) as number) - 1;
      this.#waiting.set(dependent, left);
      if (left === 0 && !this.#options.signal?.aborted) this.#free.push(dependent);
    }
    if (this.#done === this.#total) this.#settled.resolve();
  }
}

/** The path begins with what was to be made. */
function failureOf(name: string, error: unknown): BindingFailure {
  const { path = [] } = error as { readonly path?: readonly string[] };
  return { path: path[0] === name ? path : [name, ...path], error };
}
