import type { OperationStore } from '../ports/operation-store.ts';
import type { OperationLimits } from '../protocol/operation.ts';
import {
  checkFunction,
  checkOneOf,
  checkOptions,
  checkWholeOption,
  invalidOption,
  isRecord,
} from '../protocol/options.ts';
import { isTransient } from './policies/is-transient.ts';

/** What a handler is told about the operation that it carries out. */
export interface OperationContext {
  /** Aborted when the time is over, the operation is cancelled, or the runtime closes. */
  readonly signal: AbortSignal;
  readonly operationId: string;
  /**
   * The same for every attempt, also after a crash: to be sent along, since an operation may have been carried out without
   * that being known. That of the caller, or else the operation's id.
   */
  readonly idempotencyKey: string;
  readonly orderKey: string | null;
  /** From 1; attempts that never left this computer are not counted. */
  readonly attempt: number;
  /** When it was handed in, in milliseconds since 1970. */
  readonly enqueuedAt: number;
}

// biome-ignore lint/suspicious/noExplicitAny: payloads stand in a parameter position, where nothing narrower is a supertype
type AnyPayload = any;

/** Carries out operations of a name. It has done so when it returns, and has failed when it throws. */
export type OperationHandler<Payload = AnyPayload> = (payload: Payload, context: OperationContext) => unknown;

/** Handlers by the names of their operations. */
export type OperationHandlers = Readonly<Record<string, OperationHandler>>;

/** Options of a store-and-forward queue. Durations are milliseconds. */
export interface StoreAndForwardOptions {
  /**
   * Where operations are kept. Default: the file of the runtime. `new InMemoryOperations()` of `holdfast/resilience` loses
   * them with the process.
   */
  readonly store?: OperationStore & { readonly run: string };
  /**
   * Operations that this process carries out at once, of different order keys. Default 1, which keeps all of them in order if no
   * other process has the queue.
   */
  readonly concurrency?: number;
  /** Attempts before an operation is dead. Default 10. */
  readonly attemptsMax?: number;
  /**
   * The wait after the first attempt that failed; doubled with each, and drawn at random from its upper half. Default 1,000,
   * or `delayMaxMs` if that is less.
   */
  readonly delayMs?: number;
  /**
   * The longest wait, at least `delayMs`. Default 300,000, or `delayMs` if that is more. A server that asks for more with
   * `Retry-After` gets it, up to a day.
   */
  readonly delayMaxMs?: number;
  /** How long one attempt may take, while the process is not suspended. Default 30,000. */
  readonly timeoutMs?: number;
  /** How long an operation may wait before it expires. Default: for ever. */
  readonly ttlMs?: number;
  /** Operations that may wait. Default 100,000. */
  readonly itemsMax?: number;
  /** Bytes that their payloads may take. Default 64 MiB. */
  readonly bytesMax?: number;
  /**
   * What becomes of an operation for which there is no room: `'reject'` rejects it with HOLDFAST_ERR_QUEUE_FULL,
   * `'drop-oldest'` drops the oldest that waits, `'drop-newest'` drops itself. Default `'reject'`. Operations that have expired
   * leave first, at most 256 with each call.
   */
  readonly overflow?: 'reject' | 'drop-oldest' | 'drop-newest';
  /** Whether operations are carried out while the network is degraded. Default `'execute'`. */
  readonly onDegraded?: 'execute' | 'queue';
  /**
   * Which errors make an operation dead at once. Default: those that `isTransient` of `holdfast/resilience` says no to, but for
   * an `AbortError`: a handler that aborts its own call does so since it takes too long.
   */
  readonly isPermanent?: (error: unknown) => boolean;
}

export interface ResolvedStoreAndForward {
  readonly store: (OperationStore & { readonly run: string }) | undefined;
  readonly concurrency: number;
  readonly attemptsMax: number;
  readonly delayMs: number;
  readonly delayMaxMs: number;
  readonly timeoutMs: number;
  readonly ttlMs: number | undefined;
  readonly limits: OperationLimits;
  readonly onDegraded: 'execute' | 'queue';
  readonly isPermanent: (error: unknown) => boolean;
}

const dayMs = 86_400_000;
const ranges: Readonly<Record<string, readonly [min: number, max: number]>> = {
  concurrency: [1, 1_000],
  attemptsMax: [1, 1_000_000],
  delayMs: [1, dayMs],
  delayMaxMs: [1, dayMs],
  timeoutMs: [1, dayMs],
  ttlMs: [1, Number.MAX_SAFE_INTEGER],
  itemsMax: [1, 10_000_000],
  bytesMax: [1, Number.MAX_SAFE_INTEGER],
};
const choices = {
  overflow: ['reject', 'drop-oldest', 'drop-newest'],
  onDegraded: ['execute', 'queue'],
} as const;

function isLasting(error: unknown): boolean {
  return !isTransient(error) && (error as Error).name !== 'AbortError';
}

/** Checks the options and fills in the defaults. */
export function resolveStoreAndForward(
  owner: string,
  options: StoreAndForwardOptions,
): ResolvedStoreAndForward {
  checkOptions(owner, options, [...Object.keys(ranges), ...Object.keys(choices), 'isPermanent', 'store']);
  for (const [name, [min, max]] of Object.entries(ranges))
    checkWholeOption(owner, name, options[name as keyof StoreAndForwardOptions], min, max);
  for (const [name, values] of Object.entries(choices)) {
    const value = options[name as keyof typeof choices];
    if (value !== undefined) checkOneOf(owner, name, value, values);
  }
  const { isPermanent = isLasting, delayMs = Math.min(1_000, options.delayMaxMs ?? 1_000) } = options;
  const { delayMaxMs = Math.max(300_000, delayMs) } = options;
  if (delayMaxMs < delayMs) throw invalidOption(`${owner}: "delayMaxMs" must be at least "delayMs".`);
  const { store } = options;
  if (store !== undefined && typeof store?.claim !== 'function')
    throw invalidOption(`${owner}: "store" must be a store of operations, such as new InMemoryOperations().`);
  checkFunction(owner, 'isPermanent', isPermanent);
  return {
    store,
    concurrency: options.concurrency ?? 1,
    attemptsMax: options.attemptsMax ?? 10,
    delayMs,
    delayMaxMs,
    timeoutMs: options.timeoutMs ?? 30_000,
    ttlMs: options.ttlMs,
    limits: {
      itemsMax: options.itemsMax ?? 100_000,
      bytesMax: options.bytesMax ?? 64 * 2 ** 20,
      overflow: options.overflow ?? 'reject',
    },
    onDegraded: options.onDegraded ?? 'execute',
    isPermanent,
  };
}

/** Checks the handlers of a queue. */
export function checkHandlersOf(owner: string, handlers: unknown): asserts handlers is OperationHandlers {
  if (isRecord(handlers) && Object.keys(handlers).length > 0) {
    const wrong = Object.entries(handlers).find(([, handler]) => typeof handler !== 'function');
    if (wrong === undefined) return;
    throw invalidOption(
      `${owner}: the handler "${wrong[0]}" must be a function. Options are the argument after the handlers.`,
    );
  }
  throw invalidOption(
    `${owner} takes an object with at least one handler, such as { deliver: async (payload) => … }.`,
  );
}
