import { AsyncLocalStorage } from 'node:async_hooks';
import { holdfastError, isHoldfastError } from '../errors/holdfast-error.ts';
import { operationEnded, operationFailed, operationReplayed } from '../observability/channels.ts';
import { systemClock } from '../ports/clock.ts';
import type { OperationStore } from '../ports/operation-store.ts';
import { decode } from '../protocol/codec.ts';
import type { ClaimedOperation, OperationOutcome } from '../protocol/operation.ts';
import { afterAwake } from '../waiting/awake-timer.ts';
import { pause } from '../waiting/pause.ts';
import type { Connectivity } from './connectivity.ts';
import { isNetworkError, isSilence, isUnreachable } from './network-errors.ts';
import { letGo } from './policies/let-go.ts';
import { retryAfterOf } from './policies/retry-after.ts';
import { shownError } from './shown-error.ts';
import type { OperationHandlers, ResolvedStoreAndForward } from './store-and-forward-options.ts';

/** How long a handler that was told to end is waited for, in milliseconds. */
const graceMs = 10_000;
/** How often an outcome is told again, in milliseconds. */
const settleAgainMs = 1_000;
/** How late the time-out of a handler may be without having been slept through, in milliseconds. */
const lateMaxMs = 100;
const heldBack = [
  'HOLDFAST_ERR_CIRCUIT_OPEN',
  'HOLDFAST_ERR_CIRCUIT_ISOLATED',
  'HOLDFAST_ERR_BULKHEAD_FULL',
  'HOLDFAST_ERR_QUEUE_FULL',
] as const;
/** Operations that are remembered because their attempts reached nobody. */
const unreachedMax = 10_000;
/** A server that asks for a longer wait is asked again after a day. */
const retryAfterMaxMs = 86_400_000;

/** Which operation the code that runs is the handler of. */
const handling = new AsyncLocalStorage<{
  readonly queue: string;
  readonly operationId: string;
  /** Whether the handler has ended: code that it started and left running may wait for its operation then. */
  hasEnded: boolean;
}>();

/** Refuses what would wait for the handler that asks for it. */
export function refuseWithinHandler(queue: string, method: string, operationId?: string): void {
  const current = handling.getStore();
  if (current === undefined || current.hasEnded || current.queue !== queue) return;
  if (operationId !== undefined && current.operationId !== operationId) return;
  throw holdfastError(
    'HOLDFAST_ERR_ARGUMENT_INVALID',
    `${method} would wait for the handler that calls it: throw there, or call it after its end.`,
  );
}

/** What a runner is made of. */
export interface OperationRunnerOptions extends Omit<ResolvedStoreAndForward, 'store'> {
  readonly queue: string;
  readonly run: string;
  readonly store: OperationStore;
  readonly handlers: OperationHandlers;
  readonly connectivity: Connectivity;
}

/** How a handler ended. */
type End =
  | { readonly is: 'done'; readonly error?: undefined }
  /** `isUnreached`: nobody answered, and the network was away for a part of the time. */
  | { readonly is: 'failed'; readonly error: unknown; readonly isUnreached?: boolean }
  /** It could not leave this computer, or nobody answered and the network is away. */
  | { readonly is: 'away'; readonly error: unknown };

/**
 * Carries out operations that were claimed, and has what became of them written. An outcome that cannot be written is told
 * again until it is: as long as this process lives, nothing that was carried out is carried out again.
 */
export class OperationRunner {
  readonly #options: OperationRunnerOptions;
  readonly #held = new Map<string, AbortController>();
  #onReleased: { readonly operationId: string; readonly resolve: () => void }[] = [];
  readonly #cancelled = new Set<string>();
  /** Attempts of operations that reached nobody: they say nothing of them, so they do not count towards their end. */
  readonly #unreached = new Map<string, number>();
  #isClosed = false;
  readonly #onHopeless: (error: Error) => void;
  /** By all passes. */
  readonly ended = { replayed: 0, failed: 0 };

  constructor(options: OperationRunnerOptions, onHopeless: (error: Error) => void) {
    this.#options = options;
    this.#onHopeless = onHopeless;
  }

  /** The store has failed. It is tried again in any case; whoever waits is told where that does not help, as with a damaged file. */
  storeFailed(error: unknown): void {
    if (isHoldfastError(error) && !error.retryable) this.#onHopeless(error);
  }

  /** Takes responsibility for operations that were claimed: from now on they can be cancelled here. */
  take(claimed: readonly ClaimedOperation[]): void {
    for (const { operationId } of claimed) this.#held.set(operationId, new AbortController());
  }

  /** Carries an operation out that was taken. Resolves with how it ended, once that is written. */
  async run(claimed: ClaimedOperation): Promise<End['is']> {
    const { operationId } = claimed;
    const abort = this.#held.get(operationId) ?? new AbortController();
    const began = performance.now();
    try {
      const end = await this.#carryOut(claimed, abort);
      const outcome = this.#outcomeOf(claimed, end);
      await this.#settle(outcome);
      this.ended[end.is === 'done' ? 'replayed' : 'failed']++;
      this.#publish(claimed, end, outcome, performance.now() - began);
      void letGo(end.error);
      return end.is;
    } finally {
      this.#release(operationId);
    }
  }

  /** Gives back an operation that was not begun. */
  async giveBack({ operationId }: ClaimedOperation): Promise<void> {
    await this.#settle({ operationId, outcome: 'not-begun' });
    this.#release(operationId);
  }

  /** Whether an operation is in hand here. */
  holds(operationId: string): boolean {
    return this.#held.has(operationId);
  }

  /**
   * Tells a handler to end, and that its operation is cancelled unless it is carried out none the less. Resolves when it has
   * ended; false if it is not in hand here.
   */
  async cancel(operationId: string): Promise<boolean> {
    const abort = this.#held.get(operationId);
    if (abort === undefined) return false;
    this.#cancelled.add(operationId);
    const released = new Promise<void>((resolve) => this.#onReleased.push({ operationId, resolve }));
    abort.abort(cancelled(operationId));
    await released;
    return true;
  }

  /** Has every handler end: what does not is given back when the run ends. */
  close(): void {
    this.#isClosed = true;
    for (const abort of this.#held.values()) abort.abort(closed());
  }

  async #carryOut(claimed: ClaimedOperation, abort: AbortController): Promise<End> {
    const { name, payload, operationId, orderKey, attempts, enqueuedAt } = claimed;
    const { handlers, timeoutMs, connectivity } = this.#options;
    const { signal } = abort;
    const context = {
      signal,
      operationId,
      idempotencyKey: claimed.idempotencyKey ?? operationId,
      orderKey,
      attempt: attempts + 1,
      enqueuedAt,
    };
    if (signal.aborted) return { is: 'failed', error: signal.reason };
    const { doubts, isDoubted } = connectivity;
    const callOff = afterAwake(timeoutMs, () => abort.abort(timedOut(operationId, timeoutMs)), lateMaxMs);
    try {
      const handler = handlers[name] as OperationHandlers[string];
      const current = { queue: this.#options.queue, operationId, hasEnded: false };
      const handled = handling
        .run(current, async () => handler(decode(payload), context))
        .finally(() => {
          current.hasEnded = true;
        })
        .then(settledOf);
      await endedOrGivenUp(handled, signal);
      this.#unreached.delete(operationId);
      return { is: 'done' };
    } catch (error) {
      if (!isUnreachable(error) && !isSilence(error)) {
        connectivity.report(error);
        return { is: 'failed', error };
      }
      await connectivity.checkAnew().catch(() => undefined);
      if (connectivity.isDoubted) return { is: 'away', error };
      return { is: 'failed', error, isUnreached: isDoubted || connectivity.doubts > doubts };
    } finally {
      callOff();
    }
  }

  #outcomeOf({ operationId, attempts }: ClaimedOperation, end: End): OperationOutcome {
    if (end.is === 'done') return { operationId, outcome: 'done' };
    const error = shownError(end.error);
    if (this.#cancelled.has(operationId)) return { operationId, outcome: 'cancelled', error };
    const now = systemClock.now();
    const again = { operationId, outcome: 'again', error } as const;
    if (this.#isClosed) return { ...again, dueAt: now, countsAttempt: false, forNetwork: false };
    const forNetwork = end.is === 'away';
    // It stays the first: nothing is begun before the network is back.
    if (forNetwork) return { ...again, dueAt: now, countsAttempt: false, forNetwork };
    const isUnreached = end.is === 'failed' && end.isUnreached === true;
    if (isUnreached || isNetworkError(end.error) || isHeldBack(end.error)) {
      const unreached = this.#unreached.get(operationId) ?? 0;
      this.#remember(operationId, unreached + 1);
      const dueAt = now + this.#waitMs(unreached, end.error);
      return { ...again, dueAt, countsAttempt: false, forNetwork };
    }
    const dueAt = now + this.#waitMs(attempts, end.error);
    const isLast = attempts + 1 >= this.#options.attemptsMax;
    if (isLast || this.#isPermanent(end.error)) return { operationId, outcome: 'dead', error };
    return { ...again, dueAt, countsAttempt: true, forNetwork: false };
  }

  /** A function of the application that throws itself says nothing of the operation. */
  #isPermanent(error: unknown): boolean {
    try {
      return this.#options.isPermanent(error);
    } catch {
      return false;
    }
  }

  #remember(operationId: string, unreached: number): void {
    this.#unreached.set(operationId, unreached);
    if (this.#unreached.size <= unreachedMax) return;
    const [oldest = ''] = this.#unreached.keys();
    this.#unreached.delete(oldest);
  }

  /** Doubles with every attempt; half of it is drawn at random, so that computers that failed together do not come together. */
  #waitMs(attempts: number, error: unknown): number {
    const { delayMs, delayMaxMs } = this.#options;
    const doubledMs = Math.min(delayMaxMs, delayMs * 2 ** Math.min(attempts, 40));
    const askedMs = Math.min(retryAfterMaxMs, askedOf(error));
    return Math.ceil(Math.max(askedMs, doubledMs * (0.5 + Math.random() / 2)));
  }

  async #settle(outcome: OperationOutcome): Promise<void> {
    const { store, run } = this.#options;
    for (;;) {
      try {
        await store.settle(run, [outcome], systemClock.now());
        return;
      } catch (error) {
        // The disk is full or fails. A store that is gone takes it never: the next run finds the operation taken.
        if (this.#isClosed) return;
        this.storeFailed(error);
        await pause(settleAgainMs);
      }
    }
  }

  #release(operationId: string): void {
    this.#held.delete(operationId);
    this.#cancelled.delete(operationId);
    for (const waiting of this.#onReleased) if (waiting.operationId === operationId) waiting.resolve();
    this.#onReleased = this.#onReleased.filter((waiting) => waiting.operationId !== operationId);
  }

  #publish(claimed: ClaimedOperation, end: End, outcome: OperationOutcome, ms: number): void {
    const { operationId, name, attempts } = claimed;
    const about = { queue: this.#options.queue, operationId, name };
    if (end.is === 'done') return operationReplayed.publish({ ...about, attempt: attempts + 1, ms });
    const retryAt = outcome.outcome === 'again' ? outcome.dueAt : null;
    operationFailed.publish({ ...about, attempt: attempts + 1, error: shownError(end.error), retryAt });
    if (outcome.outcome === 'dead' || outcome.outcome === 'cancelled')
      operationEnded.publish({ ...about, state: outcome.outcome });
  }
}

/** What a circuit breaker has queued is not done before it is carried out. */
function settledOf(result: unknown): unknown {
  const { status, settled } = (result ?? {}) as { status?: unknown; settled?: unknown };
  return status === 'queued' && settled instanceof Promise ? settled : undefined;
}

/**
 * A handler that was told to end is waited for, since the next one of its order key must not overtake it; one that does not
 * hear is given up.
 */
function endedOrGivenUp(running: Promise<unknown>, signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve, reject) => {
    let grace: NodeJS.Timeout | undefined;
    const onAbort = () => {
      grace = setTimeout(() => reject(signal.reason), graceMs);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    running
      .then(resolve, (error) => reject(signal.aborted ? signal.reason : error))
      .finally(() => {
        clearTimeout(grace);
        signal.removeEventListener('abort', onAbort);
      });
  });
}

/** How long whoever refused it asks to wait, in milliseconds. */
function askedOf(error: unknown): number {
  try {
    return retryAfterOf(error, systemClock) ?? 0;
  } catch {
    return 0;
  }
}

/** Held back on this computer, by a circuit or a bulkhead: nobody was asked. */
function isHeldBack(error: unknown): boolean {
  return isHoldfastError(error) && (heldBack as readonly string[]).includes(error.code);
}

function timedOut(operationId: string, timeoutMs: number): Error {
  return holdfastError(
    'HOLDFAST_ERR_TIMEOUT',
    `The operation ${operationId} was not carried out within ${timeoutMs} ms.`,
  );
}

function cancelled(operationId: string): Error {
  return holdfastError('HOLDFAST_ERR_CANCELLED', `The operation ${operationId} was cancelled.`);
}

function closed(): Error {
  return holdfastError('HOLDFAST_ERR_CLOSED', 'The runtime is closed.');
}
