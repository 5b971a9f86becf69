/** What a factory is told besides its dependencies. */
export interface FactoryContext {
  /** The name of what it makes. */
  readonly name: string;
  /**
   * Aborted when nobody waits for the value any more: the container closes, or the time-out is over. Hand it on, to `fetch`
   * and others. What the factory makes all the same is disposed.
   */
  readonly signal: AbortSignal;
}

/** How something is made and disposed. */
export interface BindingOptions<V> {
  /**
   * Disposes the value when its container or scope closes. Default: its `Symbol.asyncDispose` or `Symbol.dispose`, if it
   * has one.
   */
  readonly dispose?: (value: V) => unknown;
  /**
   * How long its factory may take, in milliseconds; what its named dependencies take is not counted. Default: that of the
   * container.
   */
  readonly initTimeoutMs?: number;
}

/** A factory whatever it makes, as it is called. */
export type AnyFactory = (deps: never, context: FactoryContext) => unknown;
