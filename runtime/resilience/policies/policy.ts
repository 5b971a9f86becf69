/** What a policy tells the function that it calls. */
export interface PolicyContext {
  /** Aborted when the caller, or a time-out around the function, has given the call up. Hand it on, to `fetch` and others. */
  readonly signal: AbortSignal;
  /** 1 at first, then one more with each retry by the innermost {@link retry}. */
  readonly attempt: number;
  /** What the call is cached under, if anything. */
  readonly key?: string | undefined;
  /** When a time-out around the function will end it, in milliseconds by `performance.now()`. */
  readonly deadline?: number | undefined;
}

/** How a call is to be made: what the caller wants, or what an outer policy hands to an inner one. */
export type ExecuteOptions = Partial<PolicyContext>;

/** What a policy calls. It may throw, reject, or return what is no promise. */
export type PolicyFunction<T> = (context: PolicyContext) => PromiseLike<T> | T;

/**
 * A way to call a function that may fail. `Extra` is what it may resolve with besides what the function does.
 *
 * Of every policy of Holdfast: the promise rejects at once with the reason of `signal` when that is aborted, whether or
 * not the function heeds it, and what the function does afterwards is ignored; a function is not called under a signal
 * that is aborted already; one policy serves any number of calls at the same time, and nothing of it survives the process.
 */
export interface Policy<Extra = never> {
  /** @throws HOLDFAST_ERR_OPTION_INVALID when the function is none, or an option is unknown or wrong. */
  execute<T>(fn: PolicyFunction<T>, options?: ExecuteOptions): Promise<T | Extra>;
}
