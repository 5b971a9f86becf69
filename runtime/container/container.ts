import { describe } from '../protocol/names.ts';
import { checkOptions, checkWholeOption, invalidOption } from '../protocol/options.ts';
import { orAborted } from '../waiting/or-aborted.ts';
import { closeLayer } from './close-layer.ts';
import { closed } from './container-errors.ts';
import { type BindingReport, reportOf } from './container-report.ts';
import { Layer } from './layer.ts';
import { Resolution } from './resolution.ts';
import { runningFactory } from './running-code.ts';
import type { BindingStatus, Slot } from './slot.ts';
import { WarmUp, type WarmUpOptions } from './warm-up.ts';

/** How one value is asked for. */
export interface GetOptions {
  /** Ends the waiting with its reason. The value goes on being made, since others may wait for it. */
  readonly signal?: AbortSignal;
}

/**
 * What may be asked of a container or a scope. `Ready` is what is there from the start, `Later` what is made when it is
 * first asked for, `Scoped` what each scope makes for itself.
 */
export interface Services<Ready extends object, Later extends object, Scoped extends object> {
  /**
   * The value of a binding; made now, if nobody has asked for it before. Whoever asks meanwhile shares it. A failure
   * rejects all of them, and the next one to ask has it tried again.
   *
   * @throws HOLDFAST_ERR_CONTAINER_INIT_FAILED with the path to the factory that failed and its error as `cause`;
   * HOLDFAST_ERR_CONTAINER_CYCLE, HOLDFAST_ERR_CONTAINER_SCOPE, HOLDFAST_ERR_CONTAINER_BINDING_UNKNOWN;
   * HOLDFAST_ERR_CLOSED; the reason of the signal. All of them reject.
   */
  get<Name extends keyof (Ready & Later)>(name: Name, options?: GetOptions): Promise<(Ready & Later)[Name]>;
  /**
   * The value if it is there, at once: of an eager binding or a plain value always. Has nothing made.
   *
   * @throws HOLDFAST_ERR_CONTAINER_BINDING_UNKNOWN, HOLDFAST_ERR_CONTAINER_SCOPE, HOLDFAST_ERR_CLOSED.
   */
  peek<Name extends keyof Ready>(name: Name): Ready[Name];
  peek<Name extends keyof Later>(name: Name): Later[Name] | undefined;
  /** Whether there is a binding of this name that can be asked for here. */
  has(name: string): boolean;
  /**
   * What a binding is doing. Answers also when all is closed.
   *
   * @throws HOLDFAST_ERR_CONTAINER_BINDING_UNKNOWN, HOLDFAST_ERR_CONTAINER_SCOPE.
   */
  status(name: keyof (Ready & Later)): BindingStatus;
  /**
   * Opens a scope, such as that of a window or a session: it shares what the container has, and makes scoped values for
   * itself, which are disposed when it closes. `given` are values that need not be made; they stay the caller's, and
   * scopes within have them too.
   *
   * @throws HOLDFAST_ERR_CLOSED, HOLDFAST_ERR_OPTION_INVALID for what is not scoped.
   */
  scope(given?: Partial<Scoped>): Scope<Ready, Later & Scoped, Scoped>;
}

/** A container or a scope, for whom it belongs to. Disposed with `await using` or `close()`. */
export interface Scope<Ready extends object, Later extends object, Scoped extends object>
  extends Services<Ready, Later, Scoped>,
    AsyncDisposable {
  /**
   * Makes all lazy values that are not there yet, those of a scope too: at the same time, but each after what it names as
   * its dependencies. Waits for all of them, also if some fail.
   *
   * @throws HOLDFAST_ERR_CONTAINER_WARM_UP_FAILED with every failure in `failures`; the reason of the signal;
   * HOLDFAST_ERR_OPTION_INVALID, HOLDFAST_ERR_CLOSED.
   */
  warmUp(options?: WarmUpOptions): Promise<void>;
  /** What was made when, for whom, and what took its time; in a scope, of its scoped values. */
  report(): BindingReport[];
  /**
   * Disposes what was made, in the reverse order in which it was completed, one after the other, scopes within included.
   * Factories under way are told by their signal and waited for; what they make all the same is disposed with the rest.
   * All is disposed, also if some fail, and each has `closeTimeoutMs`. Idempotent: every call resolves when it is done, but
   * a factory or a `dispose` of the same container that waits for it goes on at once.
   *
   * @throws HOLDFAST_ERR_CONTAINER_DISPOSE_FAILED with every failure in `failures`, when all is done.
   */
  close(): Promise<void>;
}

/** Everything that a program is made of, made when it is needed. Made by `createContainer`. */
export interface Container<Ready extends object, Later extends object, Scoped extends object>
  extends Scope<Ready, Later, Scoped> {}

type Untyped = Record<string, unknown>;

/** Container and scope, whatever they bind. */
export class LiveContainer implements Container<Untyped, Untyped, Untyped> {
  #made: Layer | undefined;
  readonly #make: () => Layer;

  /** `make` is called when it is first used: at the start of a program every tenth of a millisecond counts. */
  constructor(make: () => Layer) {
    this.#make = make;
  }

  get #layer(): Layer {
    this.#made ??= this.#make();
    return this.#made;
  }

  get(name: string, options?: GetOptions): Promise<unknown> {
    let slot: Slot;
    const signal = options?.signal;
    try {
      if (options !== undefined) checkOptions('get', options, ['signal']);
      signal?.throwIfAborted();
      slot = this.#layer.ask(name, runningFactory() ?? new Resolution('get'));
    } catch (error) {
      return Promise.reject(error as Error);
    }
    const promise = slot.promise as Promise<unknown>;
    // Of one's own, so that a failure which nobody hears is told by Node.js.
    if (signal === undefined) return slot.status === 'ready' ? promise : promise.then((value) => value);
    return orAborted(promise, signal);
  }

  peek(name: string): unknown {
    if (this.#layer.closing !== undefined) throw closed(name);
    const slot = this.#layer.slotOf(this.#layer.bindingOf(name));
    return slot.status === 'ready' ? slot.value : undefined;
  }

  has(name: string): boolean {
    const kind = this.#layer.family.bindings.get(name)?.kind;
    return kind !== undefined && (kind !== 'scoped' || this.#layer.parent !== undefined);
  }

  status(name: string): BindingStatus {
    return this.#layer.slotOf(this.#layer.bindingOf(name)).status;
  }

  scope(given: Partial<Untyped> = {}): LiveContainer {
    if (this.#layer.closing !== undefined) throw closed();
    if (typeof given !== 'object' || given === null)
      throw invalidOption(`scope takes an object of values, got ${describe(given)}.`);
    for (const name of Object.keys(given)) {
      const { kind } = this.#layer.bindingOf(name);
      if (kind !== 'scoped')
        throw invalidOption(
          `scope: "${name}" is not scoped. Bind it with scoped, or replace it with \`with\`.`,
        );
    }
    const layer = new Layer(this.#layer.family, this.#layer, given);
    return new LiveContainer(() => layer);
  }

  async warmUp(options: WarmUpOptions = {}): Promise<void> {
    checkOptions('warmUp', options, ['concurrency', 'signal', 'onProgress']);
    const { concurrency, signal } = options;
    if (concurrency !== Number.POSITIVE_INFINITY) checkWholeOption('warmUp', 'concurrency', concurrency, 1);
    signal?.throwIfAborted();
    if (this.#layer.closing !== undefined) throw closed();
    await new WarmUp(this.#layer, options).run();
  }

  report(): BindingReport[] {
    return reportOf(this.#layer);
  }

  close(): Promise<void> {
    return closeLayer(this.#layer);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
